//! A Matrix homeserver: rooms, and messages that are deduplicated by transaction.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::service::{Answer, Seen, Service, unknown};

/// The members that the content of a message may have.
const FIELDS: [&str; 5] = ["msgtype", "body", "format", "formatted_body", "m.mentions"];
/// The longest event in bytes, and the part of it that is not the content.
const EVENT_LIMIT: usize = 65_536;
const ENVELOPE: usize = 1024;

/// A message in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// The room.
    pub room: String,
    /// The transaction that sent it.
    pub transaction: String,
    /// `m.text` or `m.notice`.
    pub msgtype: String,
    /// The text for clients without HTML.
    pub body: String,
    /// The text that a client shows of the HTML; `None` if the HTML is broken or has tags that clients do not allow.
    pub shown: Option<String>,
    /// The mentioned users.
    pub mentions: Vec<String>,
}

/// The homeserver, with one user.
#[derive(Debug)]
pub struct Matrix {
    /// The user.
    pub user: String,
    /// The user's access token.
    pub token: String,
    /// The rooms that the user has joined.
    pub joined: BTreeSet<String>,
    /// The sent messages, oldest first.
    pub events: Vec<Event>,
    transactions: BTreeMap<(String, String), String>,
}

impl Default for Matrix {
    fn default() -> Self {
        Self::new()
    }
}

impl Matrix {
    /// Has the user `@dogwatch:example.org`, the token `syt_matrix_token` and the room `!dogwatch:example.org`.
    pub fn new() -> Self {
        Self {
            user: "@dogwatch:example.org".into(),
            token: "syt_matrix_token".into(),
            joined: BTreeSet::from(["!dogwatch:example.org".to_owned()]),
            events: Vec::new(),
            transactions: BTreeMap::new(),
        }
    }

    fn send(&mut self, seen: &Seen, room: &str, transaction: &str) -> Answer {
        let content = seen.json();
        let Some(fields) = content.as_object() else {
            return error(400, "M_NOT_JSON", "Content not JSON.");
        };
        if let Some(unknown) = unknown(fields.keys(), &FIELDS) {
            return error(400, "M_BAD_JSON", &format!("unknown field {unknown}"));
        }
        if !self.joined.contains(room) {
            return error(403, "M_FORBIDDEN", &format!("User {} not in room {room}", self.user));
        }
        let key = (room.to_owned(), transaction.to_owned());
        if let Some(id) = self.transactions.get(&key) {
            return Answer::json(200, &json!({ "event_id": id }));
        }
        if content.to_string().len() + ENVELOPE > EVENT_LIMIT {
            return error(413, "M_TOO_LARGE", "event too large");
        }
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        let (Some(body), Some(msgtype @ ("m.text" | "m.notice"))) = (text("body"), text("msgtype")) else {
            return error(400, "M_BAD_JSON", "body and msgtype are required");
        };
        let shown = match (text("format"), text("formatted_body")) {
            (None, None) => Some(body.to_owned()),
            (Some("org.matrix.custom.html"), Some(html)) => shown(html),
            _ => return error(400, "M_BAD_JSON", "format and formatted_body do not fit"),
        };
        let mentions = match fields.get("m.mentions") {
            None => Vec::new(),
            Some(mentions) => match users(mentions) {
                Some(users) => users,
                None => return error(400, "M_BAD_JSON", "m.mentions is not valid"),
            },
        };
        let id = format!("${:043}", self.events.len() + 1);
        self.transactions.insert(key, id.clone());
        let (msgtype, body) = (msgtype.to_owned(), body.to_owned());
        let (room, transaction) = (room.to_owned(), transaction.to_owned());
        self.events.push(Event { id: id.clone(), room, transaction, msgtype, body, shown, mentions });
        Answer::json(200, &json!({ "event_id": id }))
    }
}

impl Service for Matrix {
    fn answer(&mut self, seen: &Seen) -> Answer {
        let segments = seen.segments();
        let path: Vec<_> = segments.iter().map(String::as_str).collect();
        let ["_matrix", "client", "v3", path @ ..] = path.as_slice() else {
            return error(404, "M_UNRECOGNIZED", "Unrecognized request");
        };
        match seen.bearer() {
            None => return error(401, "M_MISSING_TOKEN", "Missing access token"),
            Some(token) if token != self.token => {
                let body = json!({ "errcode": "M_UNKNOWN_TOKEN", "error": "Invalid access token passed.", "soft_logout": false });
                return Answer::json(401, &body);
            }
            Some(_) => {}
        }
        match (seen.method.as_str(), path) {
            ("PUT", ["rooms", room, "send", "m.room.message", transaction]) if !transaction.is_empty() => {
                self.send(seen, room, transaction)
            }
            ("GET", ["account", "whoami"]) => Answer::json(200, &json!({ "user_id": self.user, "device_id": "DOG" })),
            ("GET", ["joined_rooms"]) => Answer::json(200, &json!({ "joined_rooms": self.joined })),
            (_, ["rooms", _, "send", "m.room.message", _] | ["account", "whoami"] | ["joined_rooms"]) => {
                error(405, "M_UNRECOGNIZED", "Unrecognized request")
            }
            _ => error(404, "M_UNRECOGNIZED", "Unrecognized request"),
        }
    }

    fn rate_limit(&mut self, _seen: &Seen) -> Answer {
        let body = json!({ "errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 1500 });
        Answer::json(429, &body).with("retry-after", "2")
    }
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "errcode": code, "error": message }))
}

/// The users in a list of mentions, if it is valid.
fn users(mentions: &Value) -> Option<Vec<String>> {
    let fields = mentions.as_object()?;
    let known = |(name, value): (&String, &Value)| match name.as_str() {
        "room" => value.is_boolean(),
        "user_ids" => value.is_array(),
        _ => false,
    };
    if !fields.iter().all(known) {
        return None;
    }
    let ids = fields.get("user_ids").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    ids.iter().map(|id| id.as_str().filter(|id| id.starts_with('@') && id.contains(':')).map(str::to_owned)).collect()
}

/// The text that a client shows of HTML with only a few tags, without attributes and properly nested.
fn shown(html: &str) -> Option<String> {
    let mut open = Vec::new();
    let mut out = String::new();
    let mut rest = html;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        rest = match character {
            '<' => {
                let (tag, after) = after.split_once('>')?;
                match tag {
                    "br" | "br/" | "br /" => out.push('\n'),
                    "strong" | "b" | "em" | "i" | "code" | "pre" | "p" | "del" => open.push(tag),
                    closing => {
                        if open.pop()? != closing.strip_prefix('/')? {
                            return None;
                        }
                    }
                }
                after
            }
            '>' => return None,
            '&' => {
                let (entity, after) = after.split_once(';')?;
                out.push(match entity {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "#39" => '\'',
                    _ => return None,
                });
                after
            }
            other => {
                out.push(other);
                after
            }
        };
    }
    open.is_empty().then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEND: &str = "/_matrix/client/v3/rooms/%21dogwatch%3Aexample.org/send/m.room.message/";

    fn seen(method: &str, path: &str, body: &Value) -> Seen {
        Seen::new(method, path).with_json(body).with("authorization", "Bearer syt_matrix_token")
    }

    fn ask(service: &mut Matrix, seen: &Seen) -> (u16, Value) {
        let answer = service.answer(seen);
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    #[test]
    fn one_transaction_is_one_message() {
        let mut service = Matrix::new();
        let content = json!({
            "msgtype": "m.text", "body": "a <b>", "format": "org.matrix.custom.html",
            "formatted_body": "<strong>a</strong><br>&lt;b&gt;", "m.mentions": { "user_ids": ["@alice:example.org"] },
        });
        let (status, first) = ask(&mut service, &seen("PUT", &format!("{SEND}one"), &content));
        assert_eq!(status, 200);
        assert_eq!(ask(&mut service, &seen("PUT", &format!("{SEND}one"), &content)).1, first);
        assert_ne!(ask(&mut service, &seen("PUT", &format!("{SEND}two"), &content)).1, first);
        assert_eq!(service.events.len(), 2);
        assert_eq!(service.events[0].shown.as_deref(), Some("a\n<b>"));
        assert_eq!(service.events[0].mentions, ["@alice:example.org"]);
    }

    #[test]
    fn refuses_what_is_wrong() {
        let cases = [
            (json!("text"), 400, "M_NOT_JSON"),
            (json!({ "msgtype": "m.text" }), 400, "M_BAD_JSON"),
            (json!({ "msgtype": "m.shout", "body": "a" }), 400, "M_BAD_JSON"),
            (json!({ "msgtype": "m.text", "body": 5 }), 400, "M_BAD_JSON"),
            (json!({ "msgtype": "m.text", "body": "a", "formatted_body": "a" }), 400, "M_BAD_JSON"),
            (json!({ "msgtype": "m.text", "body": "a", "m.mentions": [] }), 400, "M_BAD_JSON"),
            (json!({ "msgtype": "m.text", "body": "a", "m.mentions": { "user_ids": ["alice"] } }), 400, "M_BAD_JSON"),
            (json!({ "msgtype": "m.text", "body": "a", "colour": "red" }), 400, "M_BAD_JSON"),
            (json!({ "msgtype": "m.text", "body": "a".repeat(65_000) }), 413, "M_TOO_LARGE"),
        ];
        let mut service = Matrix::new();
        for (content, status, code) in cases {
            let answer = ask(&mut service, &seen("PUT", &format!("{SEND}x"), &content));
            assert_eq!((answer.0, &answer.1["errcode"]), (status, &json!(code)));
        }
        let right = json!({ "msgtype": "m.text", "body": "a" });
        let code = |service: &mut Matrix, seen: &Seen| ask(service, seen).1["errcode"].as_str().unwrap().to_owned();
        let other = SEND.replace("dogwatch", "other");
        assert_eq!(code(&mut service, &seen("PUT", &format!("{other}x"), &right)), "M_FORBIDDEN");
        assert_eq!(ask(&mut service, &seen("POST", &format!("{SEND}x"), &right)).0, 405);
        assert_eq!(code(&mut service, &seen("GET", "/_matrix/client/v3/nothing", &right)), "M_UNRECOGNIZED");
        let mut request = seen("PUT", &format!("{SEND}x"), &right);
        request.headers.insert("authorization".into(), "Bearer wrong".into());
        assert_eq!(code(&mut service, &request), "M_UNKNOWN_TOKEN");
        request.headers.remove("authorization");
        assert_eq!(code(&mut service, &request), "M_MISSING_TOKEN");
        assert_eq!(service.events, []);
    }

    #[test]
    fn shows_only_right_html() {
        assert_eq!(shown("a &amp; b<br><code>c</code>").as_deref(), Some("a & b\nc"));
        for wrong in ["<b>", "</b>", "<b><i></b></i>", "a & b", "a > b", "<a href=\"x\">y</a>", "&nbsp;", "<"] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn says_who_and_where() {
        let mut service = Matrix::new();
        let (_, who) = ask(&mut service, &seen("GET", "/_matrix/client/v3/account/whoami", &Value::Null));
        assert_eq!(who["user_id"], "@dogwatch:example.org");
        let (_, rooms) = ask(&mut service, &seen("GET", "/_matrix/client/v3/joined_rooms", &Value::Null));
        assert_eq!(rooms["joined_rooms"], json!(["!dogwatch:example.org"]));
    }
}
