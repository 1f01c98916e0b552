//! PagerDuty's Events API v2: `POST /v2/enqueue`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::service::{Answer, Seen, Service};

/// The length of a routing key, in characters.
const ROUTING_KEY: usize = 32;
/// The longest deduplication key, in characters.
const DEDUP_KEY: usize = 255;
/// The longest summary, in characters.
const SUMMARY: usize = 1024;
/// The largest event, in bytes.
const EVENT: usize = 512_000;

/// PagerDuty: its integrations, and the incidents that their events opened.
#[derive(Debug, Default)]
pub struct PagerDuty {
    /// The routing keys of its integrations, each of 32 characters.
    pub routing_keys: BTreeSet<String>,
    /// All incidents, resolved ones included, oldest first.
    pub incidents: Vec<Incident>,
    /// Events that were accepted without effect: they acknowledged or resolved an incident that was not open.
    pub dropped: Vec<Dropped>,
}

/// An incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// The routing key of its integration.
    pub routing_key: String,
    /// The deduplication key of its events.
    pub dedup_key: String,
    /// The state.
    pub status: Status,
    /// The number of its triggers.
    pub triggers: u32,
    /// How often its responder was notified. Only the first trigger notifies; later ones change the alert.
    pub notifications: u32,
    /// The payload of the last trigger.
    pub payload: Value,
}

/// The state of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Triggered: the responder is notified.
    Triggered,
    /// Acknowledged.
    Acknowledged,
    /// Resolved.
    Resolved,
}

/// An event without an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// `acknowledge` or `resolve`.
    pub action: String,
    /// The deduplication key, which no open incident has.
    pub dedup_key: String,
}

impl PagerDuty {
    /// A PagerDuty with one integration.
    pub fn new(routing_key: &str) -> Self {
        Self { routing_keys: BTreeSet::from([routing_key.to_owned()]), ..Self::default() }
    }

    /// The last incident with this deduplication key.
    pub fn incident(&self, dedup_key: &str) -> Option<&Incident> {
        self.incidents.iter().rev().find(|incident| incident.dedup_key == dedup_key)
    }

    fn open(&mut self, routing_key: &str, dedup_key: &str) -> Option<&mut Incident> {
        self.incidents.iter_mut().find(|incident| {
            incident.status != Status::Resolved
                && incident.routing_key == routing_key
                && incident.dedup_key == dedup_key
        })
    }

    fn take(&mut self, event: &Event) {
        let Event { routing_key, action, dedup_key, payload } = event;
        match (self.open(routing_key, dedup_key), action.as_str()) {
            (Some(incident), "trigger") => {
                incident.triggers += 1;
                incident.payload = payload.clone();
            }
            (Some(incident), "acknowledge") => incident.status = Status::Acknowledged,
            (Some(incident), _) => incident.status = Status::Resolved,
            (None, "trigger") => self.incidents.push(Incident {
                routing_key: routing_key.clone(),
                dedup_key: dedup_key.clone(),
                status: Status::Triggered,
                triggers: 1,
                notifications: 1,
                payload: payload.clone(),
            }),
            (None, action) => {
                self.dropped.push(Dropped { action: action.to_owned(), dedup_key: dedup_key.clone() });
            }
        }
    }
}

impl Service for PagerDuty {
    fn answer(&mut self, seen: &Seen) -> Answer {
        if seen.path != "/v2/enqueue" || !seen.query.is_empty() {
            return Answer::json(404, &json!({"status": "not found", "message": "Not Found"}));
        }
        if seen.method != "POST" {
            return Answer::json(405, &json!({"status": "method not allowed", "message": "Method Not Allowed"}));
        }
        if seen.body.len() >= EVENT {
            return Answer::json(413, &json!({"status": "invalid event", "message": "Request Entity Too Large"}));
        }
        let Value::Object(members) = seen.json() else {
            return invalid(&["Event object is not a JSON object".to_owned()]);
        };
        match Event::read(&members, &self.routing_keys) {
            Ok(event) => {
                self.take(&event);
                let answer = json!({
                    "status": "success", "message": "Event processed", "dedup_key": event.dedup_key,
                });
                Answer::json(202, &answer)
            }
            Err(errors) => invalid(&errors),
        }
    }

    /// 429 without a hint when to try again, as documented.
    fn rate_limit(&mut self, _seen: &Seen) -> Answer {
        Answer::json(
            429,
            &json!({"status": "throttle exceeded", "message": "Requests for this service are arriving too quickly. Please retry later."}),
        )
    }
}

fn invalid(errors: &[String]) -> Answer {
    Answer::json(400, &json!({"status": "invalid event", "message": "Event object is invalid", "errors": errors}))
}

/// A valid event.
#[derive(Debug)]
struct Event {
    routing_key: String,
    action: String,
    dedup_key: String,
    payload: Value,
}

impl Event {
    fn read(members: &Map<String, Value>, routing_keys: &BTreeSet<String>) -> Result<Self, Vec<String>> {
        let mut errors = Vec::new();
        let known = ["routing_key", "event_action", "dedup_key", "payload", "client", "client_url", "links", "images"];
        unknown(members, &known, "", &mut errors);
        let routing_key = text(members, "routing_key", true, ROUTING_KEY, &mut errors);
        if routing_key.chars().count() != ROUTING_KEY {
            errors.push(format!("Length of 'routing_key' is incorrect (should be {ROUTING_KEY} characters)"));
        } else if !routing_keys.contains(&routing_key) {
            errors.push("Invalid routing key".to_owned());
        }
        let action = text(members, "event_action", true, 20, &mut errors);
        if !["trigger", "acknowledge", "resolve"].contains(&action.as_str()) {
            errors.push("'event_action' is invalid (must be one of trigger, acknowledge, resolve)".to_owned());
        }
        let dedup_key = text(members, "dedup_key", action != "trigger", DEDUP_KEY, &mut errors);
        text(members, "client", false, EVENT, &mut errors);
        text(members, "client_url", false, EVENT, &mut errors);
        let payload = members.get("payload").cloned().unwrap_or_default();
        match &payload {
            Value::Object(payload) => read_payload(payload, &mut errors),
            Value::Null if action != "trigger" => {}
            _ => errors.push("'payload' is missing or is not an object".to_owned()),
        }
        if errors.is_empty() { Ok(Self { routing_key, action, dedup_key, payload }) } else { Err(errors) }
    }
}

fn read_payload(payload: &Map<String, Value>, errors: &mut Vec<String>) {
    let known = ["summary", "severity", "source", "timestamp", "component", "group", "class", "custom_details"];
    unknown(payload, &known, "payload.", errors);
    text(payload, "summary", true, SUMMARY, errors);
    text(payload, "source", true, EVENT, errors);
    for name in ["component", "group", "class"] {
        text(payload, name, false, EVENT, errors);
    }
    let severity = text(payload, "severity", true, 20, errors);
    if !["critical", "error", "warning", "info"].contains(&severity.as_str()) {
        errors.push("'payload.severity' is invalid (must be one of critical, error, warning, info)".to_owned());
    }
    let timestamp = text(payload, "timestamp", false, 40, errors);
    if !timestamp.is_empty() && !is_time(&timestamp) {
        errors.push("'payload.timestamp' is not an ISO 8601 time".to_owned());
    }
    if payload.get("custom_details").is_some_and(|details| !details.is_object()) {
        errors.push("'payload.custom_details' is not an object".to_owned());
    }
}

fn unknown(members: &Map<String, Value>, known: &[&str], prefix: &str, errors: &mut Vec<String>) {
    let unknown = members.keys().filter(|name| !known.contains(&name.as_str()));
    errors.extend(unknown.map(|name| format!("'{prefix}{name}' is not a known field")));
}

fn text(members: &Map<String, Value>, name: &str, required: bool, longest: usize, errors: &mut Vec<String>) -> String {
    match members.get(name) {
        None if !required => String::new(),
        Some(Value::String(text)) if required && text.is_empty() => {
            errors.push(format!("'{name}' is missing or blank"));
            String::new()
        }
        Some(Value::String(text)) if text.chars().count() > longest => {
            errors.push(format!("Length of '{name}' is incorrect (should be at most {longest} characters)"));
            String::new()
        }
        Some(Value::String(text)) => text.clone(),
        None => {
            errors.push(format!("'{name}' is missing or blank"));
            String::new()
        }
        Some(_) => {
            errors.push(format!("'{name}' is not a string"));
            String::new()
        }
    }
}

/// Whether this has the form `2023-11-15T06:33:20…`.
fn is_time(text: &str) -> bool {
    let form = "0000-00-00T00:00:00";
    text.len() > form.len()
        && form.bytes().zip(text.bytes()).all(
            |(form, byte)| {
                if form == b'0' { byte.is_ascii_digit() } else { form == byte }
            },
        )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn seen(body: &Value) -> Seen {
        Seen::new("POST", "/v2/enqueue").with_json(body)
    }

    fn trigger() -> Value {
        json!({
            "routing_key": KEY, "event_action": "trigger", "dedup_key": "k", "client": "Dogwatch",
            "payload": {
                "summary": "s", "severity": "critical", "source": "home", "timestamp": "2023-11-15T06:33:20Z",
                "component": "c", "group": "g", "class": "x", "custom_details": {"a": "b"},
            },
        })
    }

    fn action(action: &str) -> Value {
        json!({"routing_key": KEY, "event_action": action, "dedup_key": "k"})
    }

    #[test]
    fn an_incident_lives_from_its_trigger_to_its_resolution() {
        let mut service = PagerDuty::new(KEY);
        assert_eq!(service.answer(&seen(&action("acknowledge"))).status, 202);
        assert_eq!(service.dropped.len(), 1);
        for _ in 0..2 {
            let answer = service.answer(&seen(&trigger()));
            assert_eq!(answer.status, 202);
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(body["dedup_key"], "k");
        }
        let incident = service.incident("k").unwrap();
        assert_eq!((incident.triggers, incident.notifications, incident.status), (2, 1, Status::Triggered));
        service.answer(&seen(&action("acknowledge")));
        assert_eq!(service.incident("k").unwrap().status, Status::Acknowledged);
        service.answer(&seen(&action("resolve")));
        assert_eq!(service.incident("k").unwrap().status, Status::Resolved);
        service.answer(&seen(&action("resolve")));
        assert_eq!(service.dropped.len(), 2);
        service.answer(&seen(&trigger()));
        assert_eq!(service.incidents.len(), 2);
    }

    #[test]
    fn another_integration_does_not_reach_the_incident() {
        let mut service = PagerDuty::new(KEY);
        let other = "f".repeat(32);
        service.routing_keys.insert(other.clone());
        service.answer(&seen(&trigger()));
        let mut resolve = action("resolve");
        resolve["routing_key"] = other.into();
        assert_eq!(service.answer(&seen(&resolve)).status, 202);
        assert_eq!(service.incident("k").unwrap().status, Status::Triggered);
    }

    #[test]
    fn refuses_what_is_wrong() {
        let cases: [(&str, Value); 17] = [
            ("/routing_key", json!("short")),
            ("/routing_key", json!("z".repeat(32))),
            ("/routing_key", json!(5)),
            ("/event_action", json!("open")),
            ("/dedup_key", json!("k".repeat(256))),
            ("/dedup_key", json!(1)),
            ("/payload", json!("text")),
            ("/payload/summary", json!("s".repeat(1025))),
            ("/payload/summary", json!("")),
            ("/payload/severity", json!("page")),
            ("/payload/source", json!("")),
            ("/payload/source", json!(null)),
            ("/payload/timestamp", json!("yesterday")),
            ("/payload/custom_details", json!("text")),
            ("/payload/component", json!(["c"])),
            ("/client", json!(true)),
            ("/payload/class", json!(7)),
        ];
        for (pointer, value) in cases {
            let mut service = PagerDuty::new(KEY);
            let mut event = trigger();
            *event.pointer_mut(pointer).unwrap() = value.clone();
            let answer = service.answer(&seen(&event));
            assert_eq!(answer.status, 400, "{pointer} {value}");
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            assert!(body["errors"].is_array());
            assert!(service.incidents.is_empty());
        }
        let mut service = PagerDuty::new(KEY);
        let mut unknown = trigger();
        unknown["payload"]["sumary"] = "s".into();
        assert_eq!(service.answer(&seen(&unknown)).status, 400);
        let mut keyless = action("resolve");
        keyless.as_object_mut().unwrap().remove("dedup_key");
        assert_eq!(service.answer(&seen(&keyless)).status, 400);
        let right = seen(&trigger());
        assert_eq!(service.answer(&Seen { method: "GET".into(), ..right.clone() }).status, 405);
        assert_eq!(service.answer(&Seen { path: "/v1/enqueue".into(), ..right.clone() }).status, 404);
        assert_eq!(service.answer(&Seen { headers: BTreeMap::new(), ..right.clone() }).status, 400);
        assert_eq!(service.answer(&Seen { body: vec![b' '; EVENT], ..right.clone() }).status, 413);
        assert_eq!(service.rate_limit(&right).status, 429);
        assert_eq!(service.answer(&right).status, 202);
    }
}
