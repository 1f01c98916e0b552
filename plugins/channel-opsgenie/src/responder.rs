//! Who is notified.

use dogwatch_sdk::json::Object;

/// How many responders an alert may have (Opsgenie, Alert API).
const MOST: usize = 50;

/// A responder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Responder {
    kind: &'static str,
    /// The member that names it, and its value.
    name: (&'static str, String),
}

impl Responder {
    /// Reads `team:Night watch`.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let (kind, name) = text.split_once(':').unwrap_or((text, ""));
        let kinds = ["team", "user", "escalation", "schedule"];
        let (Some(kind), name) = (kinds.into_iter().find(|known| *known == kind.trim()), name.trim()) else {
            return Err(format!("must be of the form team:…, user:…, escalation:… or schedule:…, found {text:?}"));
        };
        if name.is_empty() {
            return Err(format!("must name somebody after {kind}:, found {text:?}"));
        }
        let member = match kind {
            "user" if name.contains('@') => "username",
            "user" => "id",
            _ if is_id(name) => "id",
            _ => "name",
        };
        Ok(Self { kind, name: (member, name.to_owned()) })
    }

    /// The responder as JSON.
    pub(crate) fn json(&self) -> String {
        let (member, name) = &self.name;
        Object::new().text(member, name).text("type", self.kind).finish()
    }
}

/// Checks each responder, and that there are not too many.
pub(crate) fn check(responders: &[String]) -> Result<(), String> {
    if responders.len() > MOST {
        return Err(format!("must be at most {MOST}, found {}", responders.len()));
    }
    responders.iter().try_for_each(|text| Responder::read(text).map(|_| ()))
}

/// Whether this has the form of a UUID.
fn is_id(text: &str) -> bool {
    let form = "00000000-0000-0000-0000-000000000000";
    text.len() == form.len()
        && form.bytes().zip(text.bytes()).all(
            |(form, byte)| {
                if form == b'-' { byte == b'-' } else { byte.is_ascii_hexdigit() }
            },
        )
}
