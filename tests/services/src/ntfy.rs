//! ntfy: publishing as JSON, logins and phone calls.

use serde_json::{Value, json};

use crate::service::{Answer, Seen, Service, unknown};

/// The members that a message in JSON may have.
const FIELDS: [&str; 16] = [
    "topic", "title", "message", "priority", "tags", "click", "icon", "actions", "attach", "markdown", "filename",
    "email", "call", "cache", "firebase", "delay",
];
/// Topics that ntfy reserves.
const DISALLOWED: [&str; 10] =
    ["docs", "static", "file", "app", "metrics", "account", "settings", "signup", "login", "v1"];
/// The longest message in bytes. As JSON it may have twice as many.
const MESSAGE_LIMIT: usize = 4096;

/// The permission for a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read and publish.
    ReadWrite,
    /// To publish only.
    WriteOnly,
    /// To read only.
    ReadOnly,
    /// None.
    Deny,
}

/// A published message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// The topic.
    pub topic: String,
    /// The title, or empty.
    pub title: String,
    /// The text.
    pub message: String,
    /// The priority, 1 to 5.
    pub priority: i64,
    /// The tags.
    pub tags: Vec<String>,
    /// The phone number that was called, or empty.
    pub called: String,
}

/// A server with one user.
#[derive(Debug)]
pub struct Ntfy {
    /// The user's name.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// The user's access token.
    pub token: String,
    /// The user's permission for every topic.
    pub access: Access,
    /// Everyone's permission for every topic.
    pub anonymous: Access,
    /// Whether the server can make phone calls.
    pub enable_calls: bool,
    /// The user's verified phone numbers.
    pub phone_numbers: Vec<String>,
    /// How many phone calls the user has left today.
    pub calls_remaining: i64,
    /// How many messages are left today.
    pub messages_remaining: i64,
    /// The published messages, oldest first.
    pub messages: Vec<Message>,
}

impl Default for Ntfy {
    fn default() -> Self {
        Self::new()
    }
}

/// The client of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visitor {
    User,
    Anybody,
}

impl Ntfy {
    /// Like ntfy.sh: anyone may publish to any topic. The user `phil` has the password `ntfy-password`, the token
    /// `tk_ntfytoken`, a verified number and ten calls a day.
    pub fn new() -> Self {
        Self {
            user: "phil".into(),
            password: "ntfy-password".into(),
            token: "tk_ntfytoken".into(),
            access: Access::ReadWrite,
            anonymous: Access::ReadWrite,
            enable_calls: true,
            phone_numbers: vec!["+15551234567".into()],
            calls_remaining: 10,
            messages_remaining: 250,
            messages: Vec::new(),
        }
    }

    fn visitor(&self, seen: &Seen) -> Result<Visitor, Answer> {
        if seen.header("authorization").is_empty() {
            return Ok(Visitor::Anybody);
        }
        let by_token = seen.bearer() == Some(self.token.as_str());
        let by_password = seen.basic() == Some((self.user.clone(), self.password.clone()));
        if by_token || by_password { Ok(Visitor::User) } else { Err(error(401, 40_101, "unauthorized")) }
    }

    fn access(&self, visitor: Visitor) -> Access {
        match visitor {
            Visitor::User => self.access,
            Visitor::Anybody => self.anonymous,
        }
    }

    fn publish(&mut self, seen: &Seen, visitor: Visitor) -> Answer {
        if seen.body.len() > 2 * MESSAGE_LIMIT {
            return error(413, 41_303, "JSON body too large");
        }
        let body = seen.json();
        let Some(fields) = body.as_object() else {
            return error(400, 40_024, "invalid request: request body must be valid JSON");
        };
        if unknown(fields.keys(), &FIELDS).is_some() || !fields.iter().all(|(name, value)| is_right(name, value)) {
            return error(400, 40_024, "invalid request: request body must be valid JSON");
        }
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let topic = text("topic");
        if !is_topic(&topic) {
            return error(400, 40_009, "invalid request: topic invalid");
        }
        if DISALLOWED.contains(&topic.as_str()) {
            return error(400, 40_010, "invalid request: topic name is not allowed");
        }
        if matches!(self.access(visitor), Access::Deny | Access::ReadOnly) {
            return error(403, 40_301, "forbidden");
        }
        let call = text("call");
        if !call.is_empty() {
            if !self.enable_calls {
                return error(400, 40_032, "invalid request: calling is disabled");
            }
            let switch = ["yes", "true", "1", "no", "false", "0"].contains(&call.as_str());
            let digits = call.strip_prefix('+').unwrap_or_default();
            if !switch && (digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit())) {
                return error(400, 40_033, "invalid request: phone number invalid");
            }
        }
        let priority = match fields.get("priority").and_then(Value::as_i64).unwrap_or(0) {
            0 => 3,
            priority @ 1..=5 => priority,
            _ => return error(400, 40_007, "invalid priority parameter"),
        };
        if self.messages_remaining <= 0 {
            return error(429, 42_908, "limit reached: daily message quota reached");
        }
        let called = match self.called(visitor, &call) {
            Ok(called) => called,
            Err(answer) => return answer,
        };
        let message = text("message");
        let message = if message.is_empty() { "triggered" } else { message.trim() }.to_owned();
        if message.len() >= MESSAGE_LIMIT {
            // ntfy turns a longer message into an attachment.
            return error(400, 40_014, "invalid request: attachments not allowed");
        }
        let list = |value: &Value| {
            value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let tags: Vec<String> = fields.get("tags").map(list).unwrap_or_default();
        let id = format!("m{:011}", self.messages.len() + 1);
        let answer = json!({
            "id": id, "time": 1_700_000_000, "expires": 1_700_043_200, "event": "message", "topic": topic,
            "title": text("title"), "message": message, "priority": priority, "tags": tags,
        });
        self.messages_remaining -= 1;
        if !called.is_empty() {
            self.calls_remaining -= 1;
        }
        self.messages.push(Message { id, topic, title: text("title"), message, priority, tags, called });
        Answer::json(200, &answer)
    }

    /// The phone number to call, or empty.
    fn called(&self, visitor: Visitor, call: &str) -> Result<String, Answer> {
        if call.is_empty() {
            return Ok(String::new());
        }
        if visitor == Visitor::Anybody {
            return Err(error(400, 40_035, "invalid request: anonymous phone calls are not allowed"));
        }
        let first = matches!(call, "yes" | "true" | "1");
        let Some(number) = self.phone_numbers.iter().find(|number| first || *number == call) else {
            let why = "invalid request: phone number not verified, or no matching verified numbers found";
            return Err(error(400, 40_034, why));
        };
        if self.calls_remaining <= 0 {
            return Err(error(429, 42_910, "limit reached: daily phone call quota reached"));
        }
        Ok(number.clone())
    }

    fn account(&self, visitor: Visitor) -> Answer {
        let mut body = json!({
            "username": "*",
            "role": "anonymous",
            "limits": { "basis": "ip", "messages": 250, "calls": 0 },
            "stats": { "messages_remaining": self.messages_remaining, "calls_remaining": 0 },
        });
        if visitor == Visitor::User {
            let calls = if self.enable_calls { 10 } else { 0 };
            body = json!({
                "username": self.user,
                "role": "user",
                "limits": { "basis": "tier", "messages": 5000, "calls": calls },
                "stats": { "messages_remaining": self.messages_remaining, "calls_remaining": self.calls_remaining },
            });
            if !self.phone_numbers.is_empty() {
                body["phone_numbers"] = json!(self.phone_numbers);
            }
        }
        Answer::json(200, &body)
    }
}

impl Service for Ntfy {
    fn answer(&mut self, seen: &Seen) -> Answer {
        let visitor = match self.visitor(seen) {
            Ok(visitor) => visitor,
            Err(answer) => return answer,
        };
        let segments = seen.segments();
        let path: Vec<_> = segments.iter().map(String::as_str).collect();
        match (seen.method.as_str(), path.as_slice()) {
            ("POST" | "PUT", [""]) => self.publish(seen, visitor),
            ("GET", ["v1", "health"]) => Answer::json(200, &json!({ "healthy": true })),
            ("GET", ["v1", "account"]) => self.account(visitor),
            ("GET", [topic, "auth"]) if is_topic(topic) => match self.access(visitor) {
                Access::ReadWrite | Access::ReadOnly => Answer::json(200, &json!({ "success": true })),
                Access::WriteOnly | Access::Deny => error(403, 40_301, "forbidden"),
            },
            _ => error(404, 40_401, "page not found"),
        }
    }

    fn rate_limit(&mut self, _seen: &Seen) -> Answer {
        error(429, 42_901, "limit reached: too many requests")
    }
}

fn error(status: u16, code: u64, message: &str) -> Answer {
    Answer::json(status, &json!({ "code": code, "http": status, "error": message, "link": "https://ntfy.sh/docs/" }))
}

fn is_topic(topic: &str) -> bool {
    let name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=64).contains(&topic.len()) && topic.bytes().all(name)
}

fn is_right(name: &str, value: &Value) -> bool {
    match name {
        "priority" => value.is_i64(),
        "tags" => value.as_array().is_some_and(|tags| tags.iter().all(Value::is_string)),
        "actions" => value.is_array(),
        "markdown" => value.is_boolean(),
        _ => value.is_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(method: &str, path: &str, token: &str, body: &Value) -> Seen {
        let seen = Seen::new(method, path).with_json(body);
        if token.is_empty() { seen } else { seen.with("authorization", &format!("Bearer {token}")) }
    }

    fn post(service: &mut Ntfy, token: &str, body: &Value) -> (u16, Value) {
        let answer = service.answer(&seen("POST", "/", token, body));
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    #[test]
    fn publishes_and_calls() {
        let mut service = Ntfy::new();
        let (status, body) = post(
            &mut service,
            "tk_ntfytoken",
            &json!({ "topic": "t", "title": "a", "message": "b", "priority": 5, "tags": ["x"], "call": "yes" }),
        );
        assert_eq!((status, &body["event"]), (200, &json!("message")));
        let message = &service.messages[0];
        assert_eq!((message.priority, message.called.as_str(), service.calls_remaining), (5, "+15551234567", 9));
        assert_eq!(post(&mut service, "", &json!({ "topic": "t" })).0, 200);
        assert_eq!(service.messages[1].message, "triggered");
    }

    #[test]
    fn refuses_what_is_wrong() {
        let cases = [
            (json!({ "topic": "a b" }), 400, 40_009),
            (json!({ "title": "x" }), 400, 40_009),
            (json!({ "topic": "v1" }), 400, 40_010),
            (json!({ "topic": "t", "priority": 6 }), 400, 40_007),
            (json!({ "topic": "t", "priority": "5" }), 400, 40_024),
            (json!({ "topic": "t", "tags": "x" }), 400, 40_024),
            (json!({ "topic": "t", "prio": 1 }), 400, 40_024),
            (json!([]), 400, 40_024),
            (json!({ "topic": "t", "message": "a".repeat(4096) }), 400, 40_014),
            (json!({ "topic": "t", "message": "a".repeat(8200) }), 413, 41_303),
            (json!({ "topic": "t", "call": "me" }), 400, 40_033),
            (json!({ "topic": "t", "call": "+15550000000" }), 400, 40_034),
        ];
        let mut service = Ntfy::new();
        for (body, status, code) in cases {
            let answer = post(&mut service, "tk_ntfytoken", &body);
            assert_eq!((answer.0, &answer.1["code"]), (status, &json!(code)), "{body}");
        }
        assert_eq!(post(&mut service, "tk_wrong", &json!({ "topic": "t" })).1["code"], 40_101);
        assert_eq!(post(&mut service, "", &json!({ "topic": "t", "call": "yes" })).1["code"], 40_035);
        service.calls_remaining = 0;
        assert_eq!(post(&mut service, "tk_ntfytoken", &json!({ "topic": "t", "call": "yes" })).1["code"], 42_910);
        service.enable_calls = false;
        assert_eq!(post(&mut service, "tk_ntfytoken", &json!({ "topic": "t", "call": "yes" })).1["code"], 40_032);
        service.anonymous = Access::ReadOnly;
        assert_eq!(post(&mut service, "", &json!({ "topic": "t" })).1["code"], 40_301);
        service.messages_remaining = 0;
        assert_eq!(post(&mut service, "tk_ntfytoken", &json!({ "topic": "t" })).1["code"], 42_908);
        assert_eq!(service.messages, []);
        let mut text = seen("POST", "/", "", &json!({ "topic": "t" }));
        text.headers.clear();
        assert_eq!(service.answer(&text).status, 400);
    }

    #[test]
    fn says_who_may_read() {
        let mut service = Ntfy::new();
        let mut get = |path: &str, token: &str| service.answer(&seen("GET", path, token, &Value::Null)).status;
        assert_eq!((get("/v1/health", ""), get("/t/auth", ""), get("/v1/account", "tk_ntfytoken")), (200, 200, 200));
        assert_eq!((get("/t/auth", "tk_wrong"), get("/nothing/here", "")), (401, 404));
        service.access = Access::WriteOnly;
        assert_eq!(service.answer(&seen("GET", "/t/auth", "tk_ntfytoken", &Value::Null)).status, 403);
    }
}
