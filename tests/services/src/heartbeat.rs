//! A generic dead man's switch, with a URL for each kind of call.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::service::{Answer, Seen, Service};

/// The kind of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `/beat/TOKEN`
    Well,
    /// `/beat/TOKEN/start`
    Started,
    /// `/beat/TOKEN/fail`
    Failing,
}

impl Kind {
    const fn state(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Started => "started",
            Self::Failing => "failing",
        }
    }
}

/// An accepted call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its kind.
    pub kind: Kind,
    /// Site, state, reason and time, if it was a POST.
    pub body: BTreeMap<String, String>,
}

/// The service.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    /// The token that calls must have.
    pub token: String,
    /// The accepted calls.
    pub calls: Vec<Call>,
}

impl Heartbeat {
    /// A service without calls.
    pub fn new(token: &str) -> Self {
        Self { token: token.to_owned(), calls: Vec::new() }
    }

    fn kind(&self, seen: &Seen) -> Option<Kind> {
        let segments = seen.segments();
        let segments: Vec<_> = segments.iter().map(String::as_str).collect();
        let ["beat", token, action @ ..] = segments.as_slice() else { return None };
        let kind = match action {
            [] => Kind::Well,
            ["start"] => Kind::Started,
            ["fail"] => Kind::Failing,
            _ => return None,
        };
        (*token == self.token).then_some(kind)
    }
}

impl Service for Heartbeat {
    fn answer(&mut self, seen: &Seen) -> Answer {
        let Some(kind) = self.kind(seen) else { return Answer::text(404, "no such heartbeat") };
        let body = match seen.method.as_str() {
            "GET" if seen.body.is_empty() => BTreeMap::new(),
            "GET" => return Answer::text(400, "a GET has no body"),
            "POST" => match fields(&seen.json(), kind) {
                Ok(body) => body,
                Err(wrong) => return Answer::text(422, &wrong),
            },
            _ => return Answer::empty(405).with("allow", "GET, POST"),
        };
        self.calls.push(Call { kind, body });
        Answer::empty(204)
    }

    fn rate_limit(&mut self, _seen: &Seen) -> Answer {
        Answer::text(429, "too many heartbeats").with("retry-after", "30")
    }
}

/// The fields of a body, which must be exactly those that Dogwatch documents.
fn fields(body: &Value, kind: Kind) -> Result<BTreeMap<String, String>, String> {
    let object = body.as_object().ok_or("not an object in JSON")?;
    let text = |(name, value): (&String, &Value)| value.as_str().map(|text| (name.clone(), text.to_owned()));
    let fields: Option<BTreeMap<_, _>> = object.iter().map(text).collect();
    let fields = fields.ok_or("a field is no text")?;
    let names: Vec<_> = fields.keys().map(String::as_str).collect();
    if names != ["at", "reason", "site", "state"] {
        return Err(format!("wrong fields: {names:?}"));
    }
    if fields["state"] != kind.state() {
        return Err(format!("the state is {}, and the address means {}", fields["state"], kind.state()));
    }
    if fields["reason"].is_empty() == (kind == Kind::Failing) {
        return Err("a reason belongs to a failure, and to nothing else".to_owned());
    }
    if fields["site"].is_empty() || !is_time(&fields["at"]) {
        return Err("site or time is wrong".to_owned());
    }
    Ok(fields)
}

/// Whether this has the form `2026-11-23T12:17:36Z`.
fn is_time(text: &str) -> bool {
    let form: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    form == "0000-00-00T00:00:00Z"
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: &str = r#"{"site":"fsn1","state":"well","reason":"","at":"2023-11-15T06:33:20Z"}"#;
    const FAILING: &str = r#"{"site":"fsn1","state":"failing","reason":"blind","at":"2023-11-15T06:33:20Z"}"#;

    fn ask(service: &mut Heartbeat, method: &str, path: &str, body: &str) -> u16 {
        let seen = Seen::new(method, path);
        let seen = if method == "POST" { seen.with("content-type", "application/json") } else { seen };
        service.answer(&Seen { body: body.as_bytes().to_vec(), ..seen }).status
    }

    #[test]
    fn takes_calls() {
        let mut service = Heartbeat::new("abc");
        for (path, kind) in [("", Kind::Well), ("/start", Kind::Started), ("/fail", Kind::Failing)] {
            assert_eq!(ask(&mut service, "GET", &format!("/beat/abc{path}"), ""), 204);
            assert_eq!(service.calls.last(), Some(&Call { kind, body: BTreeMap::new() }));
        }
        assert_eq!(ask(&mut service, "POST", "/beat/abc", WELL), 204);
        assert_eq!(ask(&mut service, "POST", "/beat/abc/fail", FAILING), 204);
        assert_eq!(service.calls.last().map(|call| call.body["reason"].as_str()), Some("blind"));
    }

    #[test]
    fn refuses_everything_else() {
        let mut service = Heartbeat::new("abc");
        let cases = [
            ("GET", "/beat/abd", "", 404),
            ("GET", "/beat/abc/", "", 404),
            ("GET", "/beat", "", 404),
            ("PUT", "/beat/abc", WELL, 405),
            ("GET", "/beat/abc", WELL, 400),
            ("POST", "/beat/abc", "", 422),
            ("POST", "/beat/abc", "[]", 422),
            ("POST", "/beat/abc", FAILING, 422),
            ("POST", "/beat/abc/fail", &FAILING.replace("blind", ""), 422),
            ("POST", "/beat/abc", &WELL.replace("\"\"", "5"), 422),
            ("POST", "/beat/abc", &WELL.replace("\"reason\":\"\",", ""), 422),
            ("POST", "/beat/abc", &WELL.replace("site", "sight"), 422),
            ("POST", "/beat/abc", &WELL.replace("T06", " 06"), 422),
        ];
        for (method, path, body, status) in cases {
            assert_eq!(ask(&mut service, method, path, body), status, "{method} {path} {body}");
        }
        assert!(service.calls.is_empty());
    }
}
