//! A Gotify server: `POST /message` and `GET /health`.

use serde_json::{Map, Value, json};

use crate::service::{Answer, Seen, Service, unknown};

/// A Gotify server with one application.
#[derive(Debug)]
pub struct Gotify {
    /// The token of the application.
    pub token: String,
    /// The name of the application: the title of messages without one.
    pub application: String,
    /// Whether its database works.
    pub database: Database,
    /// The messages, oldest first. A message that is sent twice appears twice.
    pub messages: Vec<Message>,
}

/// Whether the database works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// It works.
    Well,
    /// It fails, so that nothing can be stored.
    Broken,
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The title.
    pub title: String,
    /// The text.
    pub message: String,
    /// The priority. A phone rings from 4 on.
    pub priority: i64,
    /// Extras for clients: an object, or null.
    pub extras: Value,
}

impl Gotify {
    /// A server with one application that has this token.
    pub fn new(token: &str) -> Self {
        Self {
            token: token.to_owned(),
            application: "Dogwatch".to_owned(),
            database: Database::Well,
            messages: Vec::new(),
        }
    }

    fn post(&mut self, seen: &Seen) -> Answer {
        let key = Some(seen.header("x-gotify-key")).filter(|key| !key.is_empty()).or_else(|| seen.bearer());
        if key != Some(self.token.as_str()) {
            return error(
                401,
                "Unauthorized",
                "you need to provide a valid access token or user credentials to access this api",
            );
        }
        if self.database == Database::Broken {
            return error(500, "Internal Server Error", "sql: database is closed");
        }
        // Gotify reads anything else as a form, and then misses the message.
        if seen.media() != "application/json" {
            return error(400, "Bad Request", "Field 'message' is required");
        }
        let Value::Object(members) = seen.json() else {
            return error(400, "Bad Request", "invalid character in the body: this is no JSON object");
        };
        match read(&members, &self.application) {
            Ok(message) => {
                self.messages.push(message.clone());
                let stored = json!({
                    "id": self.messages.len(), "appid": 1, "title": message.title, "message": message.message,
                    "priority": message.priority, "extras": message.extras, "date": "2024-01-01T00:00:00Z",
                });
                Answer::json(200, &stored)
            }
            Err(why) => error(400, "Bad Request", &why),
        }
    }

    fn health(&self) -> Answer {
        match self.database {
            Database::Well => Answer::json(200, &json!({"health": "green", "database": "green"})),
            Database::Broken => Answer::json(500, &json!({"health": "orange", "database": "red"})),
        }
    }
}

impl Service for Gotify {
    fn answer(&mut self, seen: &Seen) -> Answer {
        match (seen.method.as_str(), seen.path.as_str()) {
            ("POST", "/message") => self.post(seen),
            ("GET", "/health") => self.health(),
            _ => error(404, "Not Found", "page not found"),
        }
    }

    /// Gotify has no rate limit, but the proxy in front of it may have one.
    fn rate_limit(&mut self, _seen: &Seen) -> Answer {
        Answer::throttled_by_proxy()
    }
}

fn error(status: u16, name: &str, description: &str) -> Answer {
    Answer::json(status, &json!({"error": name, "errorCode": status, "errorDescription": description}))
}

fn read(members: &Map<String, Value>, application: &str) -> Result<Message, String> {
    if let Some(unknown) = unknown(members.keys(), &["title", "message", "priority", "extras"]) {
        return Err(format!("Field '{unknown}' is not known"));
    }
    let text = |name: &str| match members.get(name) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(format!("json: cannot unmarshal into Go struct field MessageExternal.{name} of type string")),
    };
    let message = text("message")?;
    if message.is_empty() {
        return Err("Field 'message' is required".to_owned());
    }
    let title = text("title")?;
    let title = if title.trim().is_empty() { application.to_owned() } else { title };
    let priority = match members.get("priority") {
        None => 0,
        Some(priority) => priority.as_i64().filter(|priority| (0..=10).contains(priority)).ok_or_else(|| {
            "json: cannot unmarshal into Go struct field MessageExternal.priority of type int".to_owned()
        })?,
    };
    let extras = members.get("extras").cloned().unwrap_or_default();
    check_extras(&extras)?;
    Ok(Message { title, message, priority, extras })
}

/// Keys have the form `<top-namespace>::[<sub-namespace>::]<action>`, and there are two content types.
fn check_extras(extras: &Value) -> Result<(), String> {
    let extras = match extras {
        Value::Null => return Ok(()),
        Value::Object(extras) => extras,
        _ => return Err("json: cannot unmarshal into Go struct field MessageExternal.extras of type map".to_owned()),
    };
    if let Some(key) = extras.keys().find(|key| !key.contains("::")) {
        return Err(format!("the key {key} in the extras has no namespace"));
    }
    match extras.get("client::display").map(|display| &display["contentType"]) {
        None => Ok(()),
        Some(Value::String(kind)) if ["text/plain", "text/markdown"].contains(&kind.as_str()) => Ok(()),
        Some(other) => Err(format!("there is no content type {other}")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn seen(method: &str, path: &str, body: &Value) -> Seen {
        Seen::new(method, path).with_json(body).with("x-gotify-key", "A1")
    }

    fn message() -> Value {
        json!({
            "title": "t", "message": "m", "priority": 10,
            "extras": {"client::display": {"contentType": "text/plain"}, "dogwatch::alert": {"key": "k"}},
        })
    }

    #[test]
    fn stores_every_message() {
        let mut service = Gotify::new("A1");
        for id in 1..=2 {
            let answer = service.answer(&seen("POST", "/message", &message()));
            assert_eq!(answer.status, 200);
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(body["id"], id);
        }
        service.answer(&seen("POST", "/message", &json!({"message": "only"})));
        assert_eq!(service.messages.len(), 3);
        assert_eq!((service.messages[2].title.as_str(), service.messages[2].priority), ("Dogwatch", 0));
    }

    #[test]
    fn refuses_what_is_wrong() {
        let mut service = Gotify::new("A1");
        let cases = [
            ("/title", json!(1)),
            ("/message", json!("")),
            ("/message", json!(null)),
            ("/priority", json!("10")),
            ("/priority", json!(11)),
            ("/extras", json!("text")),
            ("/extras", json!({"key": 1})),
            ("/extras/client::display/contentType", json!("text/html")),
        ];
        for (pointer, value) in cases {
            let mut wrong = message();
            *wrong.pointer_mut(pointer).unwrap() = value.clone();
            assert_eq!(service.answer(&seen("POST", "/message", &wrong)).status, 400, "{pointer} {value}");
        }
        let mut unknown = message();
        unknown["prio"] = 5.into();
        assert_eq!(service.answer(&seen("POST", "/message", &unknown)).status, 400);
        let mut right = seen("POST", "/message", &message());
        right.headers.remove("content-type");
        assert_eq!(service.answer(&right).status, 400);
        right.headers = BTreeMap::from([("x-gotify-key".to_owned(), "C1".to_owned())]);
        assert_eq!(service.answer(&right).status, 401);
        assert_eq!(service.answer(&seen("PUT", "/message", &message())).status, 404);
        assert_eq!(service.answer(&seen("POST", "/messages", &message())).status, 404);
        assert!(service.messages.is_empty());
        assert_eq!(service.rate_limit(&right).status, 429);
    }

    #[test]
    fn says_how_it_is() {
        let mut service = Gotify::new("A1");
        assert_eq!(service.answer(&seen("GET", "/health", &Value::Null)).status, 200);
        service.database = Database::Broken;
        assert_eq!(service.answer(&seen("GET", "/health", &Value::Null)).status, 500);
        assert_eq!(service.answer(&seen("POST", "/message", &message())).status, 500);
    }
}
