//! Pushover's message API: emergency messages that repeat until they are acknowledged, and their receipts.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::service::{Answer, Seen, Service, unknown};

/// The fields that a form of `/1/messages.json` may have.
const FIELDS: [&str; 11] =
    ["token", "user", "message", "title", "device", "priority", "sound", "timestamp", "retry", "expire", "tags"];
/// Some of the built-in sounds.
const SOUNDS: [&str; 8] = ["pushover", "bike", "siren", "persistent", "echo", "updown", "vibrate", "none"];

/// An accepted message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The title, or empty.
    pub title: String,
    /// The text.
    pub message: String,
    /// The priority, -2 to 2.
    pub priority: i64,
    /// The sound, or empty.
    pub sound: String,
    /// The devices, or empty for all.
    pub device: String,
    /// The time in seconds since 1970, or 0.
    pub timestamp: i64,
    /// The receipt of a message of priority 2, or empty.
    pub receipt: String,
}

/// The state of a message of priority 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The phone sounds repeatedly.
    Repeating,
    /// It was acknowledged on this device.
    Acknowledged(String),
    /// It expired, or was cancelled, without an acknowledgement.
    Expired,
}

/// A message of priority 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The tags.
    pub tags: Vec<String>,
    /// The state.
    pub fate: Fate,
    /// How often its receipt was queried.
    pub asked: u32,
}

/// The service, with one application and one user.
#[derive(Debug)]
pub struct Pushover {
    /// The application's token.
    pub token: String,
    /// The user's key.
    pub user: String,
    /// The user's devices.
    pub devices: Vec<String>,
    /// The accepted messages, oldest first.
    pub messages: Vec<Message>,
    /// The messages of priority 2, by receipt.
    pub receipts: BTreeMap<String, Receipt>,
    /// How many messages are left this month.
    pub remaining: u64,
    /// When the next month begins, in seconds since 1970.
    pub reset: i64,
    requests: u64,
}

impl Default for Pushover {
    fn default() -> Self {
        Self::new()
    }
}

impl Pushover {
    /// Has the token `azGDORePK8gMaC0QOYAMyEEuzJnyUi` and the user `uQiRzpo4DXghDmr9QzzfQu27cmVRsG`, who has the
    /// devices `phone` and `tablet`.
    pub fn new() -> Self {
        Self {
            token: "azGDORePK8gMaC0QOYAMyEEuzJnyUi".into(),
            user: "uQiRzpo4DXghDmr9QzzfQu27cmVRsG".into(),
            devices: vec!["phone".into(), "tablet".into()],
            messages: Vec::new(),
            receipts: BTreeMap::new(),
            remaining: 10_000,
            reset: 4_102_444_800,
            requests: 0,
        }
    }

    /// The messages of priority 2 that still sound.
    pub fn repeating(&self) -> usize {
        self.receipts.values().filter(|receipt| receipt.fate == Fate::Repeating).count()
    }

    /// Acknowledges all messages that sound, on this device.
    pub fn acknowledge(&mut self, device: &str) {
        for receipt in self.receipts.values_mut().filter(|receipt| receipt.fate == Fate::Repeating) {
            receipt.fate = Fate::Acknowledged(device.to_owned());
        }
    }

    /// Expires all messages that sound.
    pub fn expire(&mut self) {
        for receipt in self.receipts.values_mut().filter(|receipt| receipt.fate == Fate::Repeating) {
            receipt.fate = Fate::Expired;
        }
    }

    fn request(&mut self) -> String {
        self.requests += 1;
        format!("{:08x}-0000-4000-8000-000000000000", self.requests)
    }

    fn success(&mut self, more: Value) -> Answer {
        let mut body = Map::new();
        body.insert("status".into(), 1.into());
        body.insert("request".into(), self.request().into());
        if let Value::Object(more) = more {
            body.extend(more);
        }
        Answer::json(200, &Value::Object(body))
            .with("x-limit-app-limit", "10000")
            .with("x-limit-app-remaining", &self.remaining.to_string())
            .with("x-limit-app-reset", &self.reset.to_string())
    }

    fn failure(&mut self, status: u16, field: &str, word: &str, error: &str) -> Answer {
        let mut body = Map::new();
        if !field.is_empty() {
            body.insert(field.into(), word.into());
        }
        body.insert("errors".into(), json!([error]));
        body.insert("status".into(), 0.into());
        body.insert("request".into(), self.request().into());
        Answer::json(status, &Value::Object(body))
    }

    fn is_wrong(&mut self, form: &BTreeMap<String, String>, user: bool) -> Option<Answer> {
        if form.get("token") != Some(&self.token) {
            return Some(self.failure(
                400,
                "token",
                "invalid",
                "application token is invalid, see https://pushover.net/api",
            ));
        }
        if user && form.get("user") != Some(&self.user) {
            let error = "user identifier is not a valid user, group, or subscribed user key, see \
                         https://pushover.net/api#identifiers";
            return Some(self.failure(400, "user", "invalid", error));
        }
        None
    }

    fn message(&mut self, seen: &Seen) -> Answer {
        let form = seen.form();
        if let Some(answer) = self.is_wrong(&form, true) {
            return answer;
        }
        if let Some(unknown) = unknown(form.keys(), &FIELDS) {
            let error = format!("{unknown} is not a known parameter");
            return self.failure(400, "", "", &error);
        }
        let text = |name: &str| form.get(name).cloned().unwrap_or_default();
        let number = |name: &str| form.get(name).map(|text| text.parse::<i64>());
        let (message, title) = (text("message"), text("title"));
        if message.is_empty() {
            return self.failure(400, "message", "cannot be blank", "message cannot be blank");
        }
        if message.chars().count() > 1024 {
            return self.failure(400, "message", "is too long", "message is too long");
        }
        if title.chars().count() > 250 {
            return self.failure(400, "title", "is too long", "title is too long");
        }
        let device = text("device");
        if !device.split(',').all(|device| device.is_empty() || self.devices.iter().any(|known| known == device)) {
            return self.failure(400, "device", "invalid for this user", "device name is not valid for user");
        }
        let sound = text("sound");
        if !sound.is_empty() && !SOUNDS.contains(&sound.as_str()) {
            return self.failure(400, "sound", "invalid", "sound is invalid");
        }
        let Ok(timestamp) = number("timestamp").unwrap_or(Ok(0)) else {
            return self.failure(400, "timestamp", "invalid", "timestamp is invalid");
        };
        let priority = match number("priority").unwrap_or(Ok(0)) {
            Ok(priority @ -2..=2) => priority,
            _ => return self.failure(400, "priority", "is invalid", "priority is invalid"),
        };
        if priority == 2 {
            for (name, least, most) in [("retry", 30, i64::MAX), ("expire", 1, 10_800)] {
                match number(name) {
                    Some(Ok(seconds)) if (least..=most).contains(&seconds) => {}
                    Some(_) => return self.failure(400, name, "is invalid", &format!("{name} is invalid")),
                    None => {
                        let word = "must be supplied with priority=2";
                        return self.failure(400, name, word, &format!("{name} {word}"));
                    }
                }
            }
        }
        let tags: Vec<String> = text("tags").split(',').filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
        if self.remaining == 0 {
            return self.over_quota();
        }
        self.remaining -= 1;
        let mut receipt = String::new();
        if priority == 2 {
            receipt = format!("r{:029}", self.receipts.len() + 1);
            self.receipts.insert(receipt.clone(), Receipt { tags, fate: Fate::Repeating, asked: 0 });
        }
        let more = if receipt.is_empty() { Value::Null } else { json!({ "receipt": receipt }) };
        self.messages.push(Message { title, message, priority, sound, device, timestamp, receipt });
        self.success(more)
    }

    fn validate(&mut self, seen: &Seen) -> Answer {
        let form = seen.form();
        if let Some(answer) = self.is_wrong(&form, true) {
            return answer;
        }
        if form.get("device").is_some_and(|device| !self.devices.contains(device)) {
            return self.failure(400, "device", "invalid for this user", "device name is not valid for user");
        }
        let devices = self.devices.clone();
        self.success(json!({ "devices": devices, "group": 0, "licenses": ["Android"] }))
    }

    fn cancel(&mut self, seen: &Seen, tag: &str) -> Answer {
        if let Some(answer) = self.is_wrong(&seen.form(), false) {
            return answer;
        }
        let mut canceled = 0;
        for receipt in self.receipts.values_mut() {
            if receipt.fate == Fate::Repeating && receipt.tags.iter().any(|known| known == tag) {
                receipt.fate = Fate::Expired;
                canceled += 1;
            }
        }
        self.success(json!({ "canceled": canceled }))
    }

    fn receipt(&mut self, seen: &Seen, receipt: &str) -> Answer {
        if let Some(answer) = self.is_wrong(&seen.fields(), false) {
            return answer;
        }
        let user = self.user.clone();
        let Some(found) = self.receipts.get_mut(receipt) else {
            return self.failure(404, "receipt", "not found", "receipt not found; may be invalid or expired");
        };
        found.asked += 1;
        let (acknowledged, by, device, expired) = match &found.fate {
            Fate::Repeating => (0, String::new(), String::new(), 0),
            Fate::Acknowledged(device) => (1, user, device.clone(), 1),
            Fate::Expired => (0, String::new(), String::new(), 1),
        };
        self.success(json!({
            "acknowledged": acknowledged,
            "acknowledged_at": 0,
            "acknowledged_by": by,
            "acknowledged_by_device": device,
            "last_delivered_at": 0,
            "expired": expired,
            "expires_at": 0,
            "called_back": 0,
            "called_back_at": 0,
        }))
    }

    fn over_quota(&mut self) -> Answer {
        let error = "application is over its monthly message limit";
        self.failure(429, "", "", error)
            .with("x-limit-app-limit", "10000")
            .with("x-limit-app-remaining", "0")
            .with("x-limit-app-reset", &self.reset.to_string())
    }
}

impl Service for Pushover {
    fn answer(&mut self, seen: &Seen) -> Answer {
        let segments = seen.segments();
        let path: Vec<_> = segments.iter().map(String::as_str).collect();
        let last = path.last().and_then(|last| last.strip_suffix(".json")).unwrap_or_default();
        match (seen.method.as_str(), path.as_slice()) {
            ("POST", ["1", "messages.json"]) => self.message(seen),
            ("POST", ["1", "users", "validate.json"]) => self.validate(seen),
            ("POST", ["1", "receipts", "cancel_by_tag", _]) if !last.is_empty() => self.cancel(seen, last),
            ("GET", ["1", "receipts", _]) if !last.is_empty() => self.receipt(seen, last),
            _ => Answer::html(404, "<html><body>not found</body></html>"),
        }
    }

    fn rate_limit(&mut self, _seen: &Seen) -> Answer {
        self.over_quota()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIALS: &str = "token=azGDORePK8gMaC0QOYAMyEEuzJnyUi&user=uQiRzpo4DXghDmr9QzzfQu27cmVRsG";

    fn seen(method: &str, path: &str, query: &str, body: &str) -> Seen {
        Seen { query: query.into(), ..Seen::new(method, path).with_form(body) }
    }

    fn post(service: &mut Pushover, more: &str) -> (u16, Value) {
        let answer = service.answer(&seen("POST", "/1/messages.json", "", &format!("{CREDENTIALS}{more}")));
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    #[test]
    fn takes_messages() {
        let mut service = Pushover::new();
        let (status, body) = post(&mut service, "&message=hi&title=t&priority=-1&timestamp=5&device=phone&sound=siren");
        assert_eq!((status, &body["status"]), (200, &json!(1)));
        assert!(body.get("receipt").is_none());
        assert_eq!((service.messages.len(), service.remaining), (1, 9_999));
        assert_eq!(service.messages[0].timestamp, 5);
    }

    #[test]
    fn refuses_what_is_wrong() {
        let long = format!("&message={}", "a".repeat(1025));
        let title = format!("&message=a&title={}", "a".repeat(251));
        let cases = [
            ("", "message cannot be blank"),
            ("&message=", "message cannot be blank"),
            (&long, "message is too long"),
            (&title, "title is too long"),
            ("&message=a&priority=3", "priority is invalid"),
            ("&message=a&priority=high", "priority is invalid"),
            ("&message=a&priority=2&expire=60", "retry must be supplied with priority=2"),
            ("&message=a&priority=2&retry=30", "expire must be supplied with priority=2"),
            ("&message=a&priority=2&retry=29&expire=60", "retry is invalid"),
            ("&message=a&priority=2&retry=30&expire=10801", "expire is invalid"),
            ("&message=a&device=toaster", "device name is not valid for user"),
            ("&message=a&sound=yodel", "sound is invalid"),
            ("&message=a&timestamp=soon", "timestamp is invalid"),
            ("&message=a&colour=red", "colour is not a known parameter"),
        ];
        let mut service = Pushover::new();
        for (more, error) in cases {
            let (status, body) = post(&mut service, more);
            assert_eq!((status, &body["status"], &body["errors"][0]), (400, &json!(0), &json!(error)), "{more}");
        }
        assert_eq!(service.messages, []);
        let answer = service.answer(&seen("POST", "/1/messages.json", "", "token=x&user=y&message=a"));
        assert!(String::from_utf8_lossy(&answer.body).contains("\"token\":\"invalid\""));
        let mut json = seen("POST", "/1/messages.json", "", &format!("{CREDENTIALS}&message=a"));
        json.headers.clear();
        assert_eq!(service.answer(&json).status, 400, "not a form");
        assert_eq!(service.answer(&seen("GET", "/1/messages.json", "", "")).status, 404);
        service.remaining = 0;
        assert_eq!(post(&mut service, "&message=a").0, 429);
    }

    #[test]
    fn pages_repeat_until_acknowledged_or_cancelled() {
        let mut service = Pushover::new();
        let (_, body) = post(&mut service, "&message=a&priority=2&retry=30&expire=60&tags=one");
        let receipt = body["receipt"].as_str().unwrap().to_owned();
        assert_eq!(receipt.len(), 30);
        let token = "token=azGDORePK8gMaC0QOYAMyEEuzJnyUi";
        let path = format!("/1/receipts/{receipt}.json");
        let ask = |service: &mut Pushover| -> Value {
            let answer = service.answer(&seen("GET", &path, token, ""));
            serde_json::from_slice(&answer.body).unwrap()
        };
        assert_eq!(ask(&mut service)["acknowledged"], 0);
        let cancel = |service: &mut Pushover, tag: &str| -> Value {
            let path = format!("/1/receipts/cancel_by_tag/{tag}.json");
            let answer = service.answer(&seen("POST", &path, "", token));
            serde_json::from_slice(&answer.body).unwrap()
        };
        assert_eq!(cancel(&mut service, "two")["canceled"], 0);
        assert_eq!(service.repeating(), 1);
        assert_eq!(cancel(&mut service, "one")["canceled"], 1);
        assert_eq!((service.repeating(), &ask(&mut service)["expired"]), (0, &json!(1)));
        post(&mut service, "&message=a&priority=2&retry=30&expire=60");
        service.acknowledge("phone");
        assert_eq!(service.receipts.values().last().unwrap().fate, Fate::Acknowledged("phone".into()));
        assert_eq!(service.answer(&seen("GET", "/1/receipts/none.json", token, "")).status, 404);
        assert_eq!(service.answer(&seen("GET", &path, "token=x", "")).status, 400);
    }

    #[test]
    fn validates_users() {
        let mut service = Pushover::new();
        let mut validate = |more: &str| {
            service.answer(&seen("POST", "/1/users/validate.json", "", &format!("{CREDENTIALS}{more}"))).status
        };
        assert_eq!((validate(""), validate("&device=phone"), validate("&device=toaster")), (200, 200, 400));
    }
}
