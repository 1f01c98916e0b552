//! A receiver of generic webhooks as an operator might write it, as strict as possible.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::service::{Answer, Seen, Service};

/// The members of an alert that are texts. The times in milliseconds are numbers.
const TEXTS: [&str; 16] = [
    "key",
    "message_id",
    "event",
    "severity",
    "subject",
    "cause",
    "site",
    "chain",
    "witness",
    "summary",
    "details",
    "remedy",
    "command",
    "acknowledged_by",
    "opened_at",
    "at",
];
const NUMBERS: [&str; 2] = ["opened_at_ms", "at_ms"];
const EVENTS: [&str; 6] = ["opened", "updated", "escalated", "acknowledged", "resolved", "report"];
const SEVERITIES: [&str; 4] = ["info", "warning", "critical", "page"];

/// The body that the receiver requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A JSON object with exactly the members of an alert.
    Alert,
    /// A JSON object as Apprise's API expects it: `title`, `body` and `type`.
    Apprise,
    /// Any body, as a template makes it.
    Any,
}

/// An accepted message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// `POST` or `PUT`.
    pub method: String,
    /// The content type of the body.
    pub content_type: String,
    /// The `idempotency-key`.
    pub key: String,
    /// The body.
    pub body: String,
    /// All headers.
    pub headers: BTreeMap<String, String>,
}

impl Delivery {
    /// The body as JSON; null if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// The receiver.
#[derive(Debug)]
pub struct Webhook {
    /// The path.
    pub path: String,
    /// The required bearer token, if any.
    pub token: Option<String>,
    /// The key that requests must be signed with, if any.
    pub signing_key: Option<String>,
    /// The required body.
    pub shape: Shape,
    /// The accepted messages, oldest first, without duplicates.
    pub deliveries: Vec<Delivery>,
    /// The number of messages received again after they had been accepted.
    pub repeated: u64,
    /// How long a rate-limited client has to wait, in seconds.
    pub retry_after: u64,
}

impl Default for Webhook {
    fn default() -> Self {
        Self::new()
    }
}

impl Webhook {
    /// A receiver at `/hook`, open to anyone, for alerts.
    pub fn new() -> Self {
        Self {
            path: "/hook".into(),
            token: None,
            signing_key: None,
            shape: Shape::Alert,
            deliveries: Vec::new(),
            repeated: 0,
            retry_after: 5,
        }
    }

    fn take(&mut self, seen: &Seen) -> Result<(), (u16, String)> {
        if seen.path != self.path {
            return Err((404, "not found".into()));
        }
        if !matches!(seen.method.as_str(), "POST" | "PUT") {
            return Err((405, "POST or PUT".into()));
        }
        if let Some(token) = &self.token
            && seen.bearer() != Some(token)
        {
            return Err((401, "the bearer token is missing or wrong".into()));
        }
        if let Some(key) = &self.signing_key {
            verify(key, seen).map_err(|message| (401, message))?;
        }
        let key = seen.header("idempotency-key").to_owned();
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err((400, "the header idempotency-key is missing or wrong".into()));
        }
        let Ok(body) = String::from_utf8(seen.body.clone()) else { return Err((400, "no UTF-8".into())) };
        match self.shape {
            Shape::Alert => alert(&seen.json())?,
            Shape::Apprise => apprise(&seen.json())?,
            Shape::Any => {}
        }
        if self.deliveries.iter().any(|delivery| delivery.key == key) {
            self.repeated += 1;
            return Ok(());
        }
        self.deliveries.push(Delivery {
            method: seen.method.clone(),
            content_type: seen.header("content-type").to_owned(),
            key,
            body,
            headers: seen.headers.clone(),
        });
        Ok(())
    }
}

impl Service for Webhook {
    fn answer(&mut self, seen: &Seen) -> Answer {
        match self.take(seen) {
            Ok(()) => Answer::empty(204),
            Err((status, message)) => Answer::json(status, &json!({"error": message})),
        }
    }

    fn rate_limit(&mut self, _seen: &Seen) -> Answer {
        Answer::text(429, "too many requests").with("retry-after", &self.retry_after.to_string())
    }
}

/// Checks the signature as the channel's documentation tells receivers to do.
fn verify(key: &str, seen: &Seen) -> Result<(), String> {
    let timestamp = seen.header("x-dogwatch-timestamp");
    if timestamp.parse::<i64>().is_err() {
        return Err("the header x-dogwatch-timestamp is missing or no number".into());
    }
    let Some(signature) = seen.header("x-dogwatch-signature").strip_prefix("sha256=") else {
        return Err("the header x-dogwatch-signature is missing or does not begin with sha256=".into());
    };
    let mut message = format!("{timestamp}.").into_bytes();
    message.extend_from_slice(&seen.body);
    if signature == hex(&hmac_sha256(key.as_bytes(), &message)) { Ok(()) } else { Err("the signature is wrong".into()) }
}

/// HMAC-SHA-256, as RFC 2104 defines it.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |byte: u8| block.map(|key| key ^ byte);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn alert(body: &Value) -> Result<(), (u16, String)> {
    let Some(members) = body.as_object() else { return Err((415, "must be a JSON object, declared as one".into())) };
    let wrong = |message: String| Err((422, message));
    if let Some(name) = TEXTS.iter().find(|name| !members.get(**name).is_some_and(Value::is_string)) {
        return wrong(format!("{name} must be a text"));
    }
    if let Some(name) = NUMBERS.iter().find(|name| !members.get(**name).is_some_and(Value::is_i64)) {
        return wrong(format!("{name} must be a whole number"));
    }
    if let Some(name) = members.keys().find(|name| !TEXTS.contains(&name.as_str()) && !NUMBERS.contains(&name.as_str()))
    {
        return wrong(format!("unknown member {name}"));
    }
    let one_of = |name: &str, known: &[&str]| members[name].as_str().is_some_and(|value| known.contains(&value));
    if !one_of("event", &EVENTS) || !one_of("severity", &SEVERITIES) {
        return wrong("unknown event or severity".into());
    }
    if ["key", "message_id", "summary"].iter().any(|name| members[*name] == "") {
        return wrong("key, message_id and summary must not be empty".into());
    }
    Ok(())
}

fn apprise(body: &Value) -> Result<(), (u16, String)> {
    let Some(members) = body.as_object() else { return Err((400, "must be a JSON object, declared as one".into())) };
    if members.get("body").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err((400, "Bad FORM Payload provided".into()));
    }
    let kinds = ["info", "success", "warning", "failure"];
    let kind = members.get("type").map_or(Some("info"), Value::as_str);
    if !kind.is_some_and(|kind| kinds.contains(&kind)) || members.get("title").is_some_and(|title| !title.is_string()) {
        return Err((400, "An invalid message type was specified".into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Value {
        let mut message = json!({"opened_at_ms": 1, "at_ms": 2});
        for name in TEXTS {
            message[name] = json!(name);
        }
        message["event"] = json!("opened");
        message["severity"] = json!("page");
        message
    }

    fn seen(body: &Value) -> Seen {
        Seen::new("POST", "/hook").with_json(body).with("idempotency-key", "hive/alice/missing/1")
    }

    #[test]
    fn knows_the_published_hmacs() {
        // RFC 4231, test cases 2 and 6.
        assert_eq!(
            hex(&hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(&hmac_sha256(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn takes_a_message_once() {
        let mut service = Webhook::new();
        assert_eq!(service.answer(&seen(&message())).status, 204);
        assert_eq!(service.answer(&seen(&message())).status, 204);
        assert_eq!((service.deliveries.len(), service.repeated), (1, 1));
        assert_eq!(service.deliveries[0].json()["severity"], "page");
    }

    #[test]
    fn wants_what_it_was_told_to_want() {
        let mut service = Webhook::new();
        service.token = Some("t0ken".into());
        service.signing_key = Some("k3y".into());
        let mut request = seen(&message());
        assert_eq!(service.answer(&request).status, 401);
        request.headers.insert("authorization".into(), "Bearer t0ken".into());
        assert_eq!(service.answer(&request).status, 401);
        request.headers.insert("x-dogwatch-timestamp".into(), "1700000000".into());
        let signed = [b"1700000000.", request.body.as_slice()].concat();
        let signature = format!("sha256={}", hex(&hmac_sha256(b"k3y", &signed)));
        request.headers.insert("x-dogwatch-signature".into(), signature);
        assert_eq!(service.answer(&request).status, 204);
        request.headers.insert("x-dogwatch-timestamp".into(), "1700000001".into());
        assert_eq!(service.answer(&request).status, 401, "another time");
        request.headers.insert("x-dogwatch-timestamp".into(), "1700000000".into());
        request.body.push(b' ');
        assert_eq!(service.answer(&request).status, 401, "another body");
    }

    #[test]
    fn refuses_what_is_wrong() {
        let mut service = Webhook::new();
        let mut status = |change: fn(&mut Seen)| {
            let mut request = seen(&message());
            change(&mut request);
            service.answer(&request).status
        };
        assert_eq!(status(|seen| seen.path = "/".into()), 404);
        assert_eq!(status(|seen| seen.method = "GET".into()), 405);
        assert_eq!(status(|seen| drop(seen.headers.remove("idempotency-key"))), 400);
        assert_eq!(status(|seen| drop(seen.headers.remove("content-type"))), 415);
        assert_eq!(status(|seen| seen.body = b"{".to_vec()), 415);
        for (name, value) in
            [("event", json!("open")), ("severity", json!("P1")), ("at_ms", json!("2")), ("more", json!(1))]
        {
            let mut message = message();
            message[name] = value;
            assert_eq!(service.answer(&seen(&message)).status, 422, "{name}");
        }
        assert!(service.deliveries.is_empty());
        service.shape = Shape::Apprise;
        let right = json!({"title": "a", "body": "b", "type": "failure"});
        assert_eq!(service.answer(&seen(&json!({"title": "a", "body": ""}))).status, 400);
        assert_eq!(service.answer(&seen(&json!({"body": "a", "type": "bad"}))).status, 400);
        assert_eq!(service.answer(&seen(&right)).status, 204);
        assert_eq!(service.rate_limit(&seen(&right)).headers.last().unwrap().1, "5");
    }
}
