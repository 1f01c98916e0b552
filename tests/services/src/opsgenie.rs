//! Opsgenie's Alert API, and the integration events of Jira Service Management Operations. The latter have another URL
//! and do not report the result of a request, but are otherwise the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

mod limits;

use self::limits::{NOTE, SOURCE, Wrong, unknown, wrong_with_alert, wrong_with_text};
use crate::service::{Answer, Seen, Service};

/// Opsgenie, or Jira Service Management Operations.
#[derive(Debug)]
pub struct Opsgenie {
    /// The kind of service.
    pub product: Product,
    /// The key of its integration.
    pub key: String,
    /// All alerts, closed ones included, oldest first.
    pub alerts: Vec<Alert>,
    /// The accepted requests, by id.
    pub requests: BTreeMap<String, Request>,
    /// How often a request is reported as still in progress.
    pub not_yet: u32,
    /// Why the requests accepted from now on fail, if they are to fail.
    pub fails: Option<String>,
}

/// The kind of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Opsgenie: its paths begin with `/v2`.
    Opsgenie,
    /// Jira Service Management Operations: its paths begin with `/jsm/ops/integration/v2`.
    Jira,
}

/// An alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// The alias that identifies it while it is open.
    pub alias: String,
    /// The state.
    pub status: Status,
    /// `P1` to `P5`.
    pub priority: String,
    /// How often a request created it.
    pub count: u32,
    /// How often its responders were notified: only the first request does.
    pub notifications: u32,
    /// The body of the first request. Later requests with its alias change nothing.
    pub body: Value,
    /// The notes of the requests that changed it.
    pub notes: Vec<String>,
}

/// The state of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Open: responders are notified.
    Open,
    /// Acknowledged.
    Acknowledged,
    /// Closed.
    Closed,
}

/// An accepted request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `Create`, `Acknowledge` or `Close`.
    pub action: String,
    /// The alias of its alert.
    pub alias: String,
    /// Its result: what was done, or why it failed.
    pub result: Result<String, String>,
    /// How often it will still be reported as in progress.
    not_yet: u32,
}

impl Opsgenie {
    /// A service whose integration has this key, which must be a UUID.
    pub fn new(product: Product, key: &str) -> Self {
        Self { product, key: key.to_owned(), alerts: Vec::new(), requests: BTreeMap::new(), not_yet: 0, fails: None }
    }

    /// The part of the path before `/v2`.
    pub fn base(&self) -> &'static str {
        match self.product {
            Product::Opsgenie => "",
            Product::Jira => "/jsm/ops/integration",
        }
    }

    /// The alerts with this key in their details, oldest first.
    pub fn of_key(&self, key: &str) -> Vec<&Alert> {
        self.alerts.iter().filter(|alert| alert.body["details"]["key"] == key).collect()
    }

    fn open(&mut self, alias: &str) -> Option<&mut Alert> {
        self.alerts.iter_mut().find(|alert| alert.alias == alias && alert.status != Status::Closed)
    }

    fn authenticate(&self, seen: &Seen) -> Result<(), Answer> {
        let denied = || error(401, "Could not authenticate", &[]);
        let key = seen.header("authorization").strip_prefix("GenieKey ").ok_or_else(denied)?;
        if !is_uuid(key) {
            return Err(error(422, "Key format is not valid!", &[]));
        }
        if key == self.key { Ok(()) } else { Err(denied()) }
    }

    fn take(&mut self, action: &str, alias: &str, work: impl FnOnce(&mut Self) -> Result<String, String>) -> Answer {
        let result = match self.fails.clone() {
            Some(why) => Err(why),
            None => work(self),
        };
        let id = format!("43a29c5c-3dbf-4fa4-9c26-{:012}", self.requests.len() + 1);
        let request = Request { action: action.to_owned(), alias: alias.to_owned(), result, not_yet: self.not_yet };
        self.requests.insert(id.clone(), request);
        Answer::json(202, &json!({"result": "Request will be processed", "took": 0.302, "requestId": id}))
    }

    fn create(&mut self, seen: &Seen) -> Answer {
        let members = match body(seen) {
            Ok(members) => members,
            Err(answer) => return answer,
        };
        let errors = wrong_with_alert(&members);
        if !errors.is_empty() {
            return error(422, "Request body is not processable. Please check the errors.", &errors);
        }
        let text = |name: &str, default: &str| members.get(name).and_then(Value::as_str).unwrap_or(default).to_owned();
        let alias = text("alias", "unnamed");
        let priority = text("priority", "P3");
        let body = Value::Object(members);
        let name = alias.clone();
        self.take("Create", &name, move |service| {
            if let Some(alert) = service.open(&alias) {
                alert.count += 1;
                return Ok("Alert is deduplicated".to_owned());
            }
            service.alerts.push(Alert {
                alias,
                status: Status::Open,
                priority,
                count: 1,
                notifications: 1,
                body,
                notes: Vec::new(),
            });
            Ok("Created alert".to_owned())
        })
    }

    fn act(&mut self, seen: &Seen, identifier: &str, action: &str) -> Answer {
        let query = seen.fields();
        let by = query.get("identifierType").map_or("id", String::as_str);
        if !["id", "alias", "tiny"].contains(&by) || query.keys().any(|name| name != "identifierType") {
            return error(422, "Identifier type is not valid", &[]);
        }
        let members = match body(seen) {
            Ok(members) => members,
            Err(answer) => return answer,
        };
        let mut errors = unknown(&members, &["user", "source", "note"]);
        for (name, longest) in [("user", SOURCE), ("source", SOURCE), ("note", NOTE)] {
            errors.extend(wrong_with_text(&members, name, longest));
        }
        if !errors.is_empty() {
            return error(422, "Request body is not processable. Please check the errors.", &errors);
        }
        let note = members.get("note").and_then(Value::as_str).unwrap_or_default().to_owned();
        let (name, status) = match action {
            "acknowledge" => ("Acknowledge", Status::Acknowledged),
            _ => ("Close", Status::Closed),
        };
        let by_alias = by == "alias";
        self.take(name, identifier, |service| {
            let alert = service.open(identifier).filter(|_| by_alias).ok_or("Alert does not exist")?;
            if alert.status == status {
                return Err("Alert is already acknowledged".to_owned());
            }
            alert.status = status;
            alert.notes.push(note);
            Ok(format!("{name}d alert"))
        })
    }

    fn request(&mut self, id: &str) -> Answer {
        let Some(request) = self.requests.get_mut(id) else {
            return error(404, "Request not found.", &[]);
        };
        if request.not_yet > 0 {
            request.not_yet -= 1;
            return error(404, "Request not found. It might not be processed, yet.", &[])
                .with("x-opsgenie-errortype", "RequestNotProcessed");
        }
        let (Ok(status) | Err(status)) = &request.result;
        let data = json!({
            "success": request.result.is_ok(), "isSuccess": request.result.is_ok(), "action": request.action,
            "processedAt": "2024-01-05T07:44:10.409Z", "integrationId": "", "status": status, "alertId": "",
            "alias": request.alias,
        });
        Answer::json(200, &json!({"data": data, "took": 0.022, "requestId": id}))
    }
}

impl Service for Opsgenie {
    fn answer(&mut self, seen: &Seen) -> Answer {
        let Some(path) = seen.path.strip_prefix(self.base()) else {
            return error(404, "Not found", &[]);
        };
        if let Err(answer) = self.authenticate(seen) {
            return answer;
        }
        let segments = Seen { path: path.to_owned(), ..seen.clone() }.segments();
        let segments: Vec<_> = segments.iter().map(String::as_str).collect();
        match (seen.method.as_str(), segments.as_slice()) {
            ("POST", ["v2", "alerts"]) => self.create(seen),
            ("POST", ["v2", "alerts", identifier, action @ ("acknowledge" | "close")]) => {
                self.act(seen, identifier, action)
            }
            ("GET", ["v2", "alerts", "requests", id]) if self.product == Product::Opsgenie => self.request(id),
            (_, ["v2", "alerts"] | ["v2", "alerts", _, "acknowledge" | "close"]) => {
                error(405, "Method not allowed", &[])
            }
            _ => error(404, "Not found", &[]),
        }
    }

    /// 429 with Opsgenie's own headers and without the usual ones.
    fn rate_limit(&mut self, _seen: &Seen) -> Answer {
        error(429, "You are making too many requests!", &[])
            .with("x-ratelimit-state", "THROTTLED")
            .with("x-ratelimit-reason", "INTEGRATION")
            .with("x-ratelimit-period-in-sec", "1")
    }
}

fn error(status: u16, message: &str, errors: &[Wrong]) -> Answer {
    let mut body = json!({"message": message, "took": 0.001, "requestId": "9ae63dd7-ed00-4c81-86f0-c4ffd33142c9"});
    if !errors.is_empty() {
        body["errors"] =
            errors.iter().cloned().map(|(name, why)| (name, Value::from(why))).collect::<Map<_, _>>().into();
    }
    Answer::json(status, &body)
}

fn body(seen: &Seen) -> Result<Map<String, Value>, Answer> {
    match seen.json() {
        Value::Object(members) => Ok(members),
        _ if seen.media() != "application/json" => Err(error(415, "Content type is not supported", &[])),
        _ => Err(error(400, "Provided JSON is not valid", &[])),
    }
}

fn is_uuid(text: &str) -> bool {
    let form = "00000000-0000-0000-0000-000000000000";
    text.len() == form.len()
        && form.bytes().zip(text.bytes()).all(
            |(form, byte)| {
                if form == b'-' { byte == b'-' } else { byte.is_ascii_hexdigit() }
            },
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "4f1f2a3b-0c1d-4e5f-8a9b-0c1d2e3f4a5b";

    fn seen(method: &str, path: &str, query: &str, body: &Value) -> Seen {
        let seen = Seen::new(method, path).with_json(body).with("authorization", &format!("GenieKey {KEY}"));
        Seen { query: query.into(), ..seen }
    }

    fn alert() -> Value {
        json!({
            "message": "m", "alias": "a:b", "description": "d", "entity": "e", "source": "s", "priority": "P1",
            "responders": [{"type": "team", "name": "n"}, {"type": "user", "username": "u"}], "tags": ["t"],
            "details": {"key": "k"},
        })
    }

    fn create() -> Seen {
        seen("POST", "/v2/alerts", "", &alert())
    }

    fn act(action: &str) -> Seen {
        seen("POST", &format!("/v2/alerts/a%3Ab/{action}"), "identifierType=alias", &json!({"note": "n"}))
    }

    /// Sends a request, and asks for its result.
    fn done(service: &mut Opsgenie, seen: &Seen) -> (bool, String) {
        let answer = service.answer(seen);
        assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let path = format!("/v2/alerts/requests/{}", body["requestId"].as_str().unwrap());
        let asked = super::tests::seen("GET", &path, "", &Value::Null);
        for _ in 0..service.not_yet {
            let answer = service.answer(&asked);
            assert_eq!(answer.status, 404);
            assert!(answer.headers.contains(&("x-opsgenie-errortype".into(), "RequestNotProcessed".into())));
        }
        let body: Value = serde_json::from_slice(&service.answer(&asked).body).unwrap();
        (body["data"]["isSuccess"].as_bool().unwrap(), body["data"]["status"].as_str().unwrap().to_owned())
    }

    #[test]
    fn an_alert_lives_from_its_creation_to_its_close() {
        let mut service = Opsgenie::new(Product::Opsgenie, KEY);
        service.not_yet = 2;
        assert_eq!(done(&mut service, &act("close")), (false, "Alert does not exist".into()));
        assert_eq!(done(&mut service, &create()), (true, "Created alert".into()));
        assert!(done(&mut service, &create()).0);
        let alerts = service.of_key("k");
        assert_eq!((alerts.len(), alerts[0].count, alerts[0].notifications), (1, 2, 1));
        assert!(done(&mut service, &act("acknowledge")).0);
        assert_eq!(service.alerts[0].status, Status::Acknowledged);
        assert!(!done(&mut service, &act("acknowledge")).0);
        assert!(done(&mut service, &act("close")).0);
        assert_eq!(service.alerts[0].status, Status::Closed);
        assert!(done(&mut service, &create()).0);
        assert_eq!(service.alerts.len(), 2);
        let mut by_id = act("close");
        by_id.query.clear();
        assert!(!done(&mut service, &by_id).0, "an alias is no id");
        service.fails = Some("No".into());
        assert_eq!(done(&mut service, &act("close")), (false, "No".into()));
    }

    #[test]
    fn jira_has_its_own_address_and_cannot_be_asked() {
        let mut service = Opsgenie::new(Product::Jira, KEY);
        assert_eq!(service.answer(&create()).status, 404);
        let path = format!("{}/v2/alerts", service.base());
        assert_eq!(service.answer(&seen("POST", &path, "", &alert())).status, 202);
        let id = service.requests.keys().next().unwrap().clone();
        let path = format!("{}/v2/alerts/requests/{id}", service.base());
        assert_eq!(service.answer(&seen("GET", &path, "", &Value::Null)).status, 404);
    }

    #[test]
    fn refuses_what_is_wrong() {
        let mut service = Opsgenie::new(Product::Opsgenie, KEY);
        let cases = [
            ("/message", json!("")),
            ("/message", json!(5)),
            ("/message", json!("🐕".repeat(66))),
            ("/alias", json!("a".repeat(513))),
            ("/description", json!("d".repeat(15_001))),
            ("/entity", json!([])),
            ("/source", json!("s".repeat(101))),
            ("/priority", json!("P0")),
            ("/responders", json!([{"type": "group", "name": "n"}])),
            ("/responders", json!([{"type": "team"}])),
            ("/responders", json!("team")),
            ("/tags", json!(["t".repeat(51)])),
            ("/tags", json!(vec!["t"; 21])),
            ("/details", json!({"nested": {}})),
            ("/details", json!({"long": "x".repeat(8000)})),
        ];
        for (pointer, value) in cases {
            let mut wrong = alert();
            *wrong.pointer_mut(pointer).unwrap() = value.clone();
            let answer = service.answer(&seen("POST", "/v2/alerts", "", &wrong));
            assert_eq!(answer.status, 422, "{pointer} {value}");
        }
        let mut unknown = alert();
        unknown["summary"] = "s".into();
        assert_eq!(service.answer(&seen("POST", "/v2/alerts", "", &unknown)).status, 422);
        let act = seen("POST", "/v2/alerts/a/close", "identifierType=alias", &json!({"notes": "n"}));
        assert_eq!(service.answer(&act).status, 422);
        let act = seen("POST", "/v2/alerts/a/close", "identifierType=name", &json!({}));
        assert_eq!(service.answer(&act).status, 422);
        assert_eq!(service.answer(&Seen { body: b"{".to_vec(), ..create() }).status, 400);
        assert_eq!(service.answer(&Seen { method: "PUT".into(), ..create() }).status, 405);
        assert_eq!(service.answer(&Seen { path: "/v1/alerts".into(), ..create() }).status, 404);
        let mut typeless = create();
        typeless.headers.remove("content-type");
        assert_eq!(service.answer(&typeless).status, 415);
        let other = "00000000-0000-0000-0000-000000000000";
        let keys = [("", 401), ("Bearer x", 401), ("GenieKey short", 422), (&format!("GenieKey {other}"), 401)];
        for (authorization, status) in keys {
            let mut seen = create();
            seen.headers.insert("authorization".into(), authorization.into());
            assert_eq!(service.answer(&seen).status, status, "{authorization}");
        }
        assert!(service.requests.is_empty() && service.alerts.is_empty());
        assert_eq!(service.rate_limit(&create()).status, 429);
    }
}
