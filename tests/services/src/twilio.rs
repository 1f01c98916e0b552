//! Twilio's API for calls and text messages. A call rings until it is answered or times out.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::service::{self, Answer, Seen, Service};

/// The fields that a form of `Calls.json` may have.
const CALL_FIELDS: [&str; 5] = ["To", "From", "Twiml", "Timeout", "MachineDetection"];
/// The fields that a form of `Messages.json` may have.
const MESSAGE_FIELDS: [&str; 4] = ["To", "From", "MessagingServiceSid", "Body"];

/// What happens at the called phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pickup {
    /// A human answers.
    Human,
    /// An answering machine answers.
    Machine,
    /// A fax answers.
    Fax,
    /// It is answered, and Twilio cannot tell by whom.
    Unknown,
    /// It is answered and hung up at once.
    HungUp,
    /// Nobody answers.
    Nobody,
    /// The line is busy.
    Busy,
    /// The call cannot be connected.
    Failed,
}

/// What happens to a text message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is delivered.
    Delivered,
    /// The network accepted it and reports nothing more.
    Sent,
    /// It is not delivered, with this error.
    Undelivered(u64),
    /// Twilio could not send it, with this error.
    Failed(u64),
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The called number.
    pub to: String,
    /// The spoken texts, one for each `<Say>`.
    pub said: Vec<String>,
    /// What happens to it.
    pub pickup: Pickup,
    /// How often its state was queried.
    pub asked: usize,
}

/// A text message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The recipient's number.
    pub to: String,
    /// The text.
    pub body: String,
    /// What happens to it.
    pub fate: Fate,
    /// How often its state was queried.
    pub asked: usize,
}

/// The service, with one account that has one number.
#[derive(Debug)]
pub struct Twilio {
    /// The account's SID.
    pub account: String,
    /// The account's token.
    pub token: String,
    /// The secrets of its API keys, by SID.
    pub keys: BTreeMap<String, String>,
    /// The account's number.
    pub number: String,
    /// `active`, `suspended` or `closed`.
    pub status: String,
    /// Numbers that do not exist.
    pub unknown_numbers: Vec<String>,
    /// What happens to the next calls. If empty, a human answers.
    pub pickups: VecDeque<Pickup>,
    /// What happens to the next messages. If empty, they are delivered.
    pub fates: VecDeque<Fate>,
    /// The calls, oldest first, by SID.
    pub calls: BTreeMap<String, Call>,
    /// The messages, oldest first, by SID.
    pub messages: BTreeMap<String, Message>,
}

impl Default for Twilio {
    fn default() -> Self {
        Self::new()
    }
}

impl Twilio {
    /// A service with the account `AC0123456789abcdef0123456789abcdef`, its token `twilio-token`, an API key
    /// `SK0123456789abcdef0123456789abcdef` with the secret `twilio-key`, and the number `+15550001111`.
    pub fn new() -> Self {
        Self {
            account: "AC0123456789abcdef0123456789abcdef".into(),
            token: "twilio-token".into(),
            keys: BTreeMap::from([("SK0123456789abcdef0123456789abcdef".to_owned(), "twilio-key".to_owned())]),
            number: "+15550001111".into(),
            status: "active".into(),
            unknown_numbers: Vec::new(),
            pickups: VecDeque::new(),
            fates: VecDeque::new(),
            calls: BTreeMap::new(),
            messages: BTreeMap::new(),
        }
    }

    fn is_key(&self, seen: &Seen) -> Option<bool> {
        let (user, password) = seen.basic()?;
        if user == self.account && password == self.token {
            return Some(false);
        }
        (self.keys.get(&user) == Some(&password)).then_some(true)
    }

    fn numbers(&self, form: &BTreeMap<String, String>, codes: (u64, u64)) -> Result<String, Answer> {
        let to = form.get("To").cloned().unwrap_or_default();
        if !is_e164(&to) || self.unknown_numbers.contains(&to) {
            return Err(error(400, codes.0, &format!("The 'To' number {to} is not a valid phone number.")));
        }
        match form.get("From") {
            Some(from) if *from == self.number => Ok(to),
            _ => Err(error(400, codes.1, "The 'From' number is not a number of this account.")),
        }
    }

    fn call(&mut self, seen: &Seen) -> Answer {
        let form = seen.form();
        if let Some(answer) = unknown(&form, &CALL_FIELDS) {
            return answer;
        }
        let to = match self.numbers(&form, (21_211, 21_210)) {
            Ok(to) => to,
            Err(answer) => return answer,
        };
        let twiml = form.get("Twiml").map(String::as_str).unwrap_or_default();
        if twiml.is_empty() {
            return error(400, 21_205, "Url parameter is required.");
        }
        if twiml.chars().count() > 4000 {
            return error(400, 21_218, "Twiml must be at most 4000 characters.");
        }
        let Some(said) = spoken(twiml) else {
            return error(400, 12_100, "Document parse failure");
        };
        let timeout = form.get("Timeout").map_or(Ok(60), |seconds| seconds.parse::<u32>());
        if !timeout.is_ok_and(|seconds| (1..=600).contains(&seconds)) {
            return error(400, 20_001, "Timeout must be from 1 to 600.");
        }
        if form.get("MachineDetection").is_some_and(|mode| !matches!(mode.as_str(), "Enable" | "DetectMessageEnd")) {
            return error(400, 20_001, "MachineDetection must be Enable or DetectMessageEnd.");
        }
        let pickup = self.pickups.pop_front().unwrap_or(Pickup::Human);
        let sid = format!("CA{:032x}", self.calls.len() + 1);
        let call = Call { to, said, pickup, asked: 0 };
        let answer = Answer::json(201, &call_json(&sid, &call));
        self.calls.insert(sid, call);
        answer
    }

    fn message(&mut self, seen: &Seen) -> Answer {
        let mut form = seen.form();
        if let Some(answer) = unknown(&form, &MESSAGE_FIELDS) {
            return answer;
        }
        if form.remove("MessagingServiceSid").is_some_and(|sid| sid.starts_with("MG")) {
            form.insert("From".into(), self.number.clone());
        }
        let to = match self.numbers(&form, (21_211, 21_606)) {
            Ok(to) => to,
            Err(answer) => return answer,
        };
        let body = form.get("Body").cloned().unwrap_or_default();
        if body.is_empty() {
            return error(400, 21_602, "Message body is required.");
        }
        if body.chars().count() > 1600 {
            return error(400, 21_617, "The concatenated message body exceeds the 1600 character limit.");
        }
        let fate = self.fates.pop_front().unwrap_or(Fate::Delivered);
        let sid = format!("SM{:032x}", self.messages.len() + 1);
        let message = Message { to, body, fate, asked: 0 };
        let answer = Answer::json(201, &message_json(&sid, &message));
        self.messages.insert(sid, message);
        answer
    }
}

impl Service for Twilio {
    fn answer(&mut self, seen: &Seen) -> Answer {
        let Some(by_key) = self.is_key(seen) else {
            return error(401, 20_003, "Authenticate").with("www-authenticate", "Basic realm=\"Twilio API\"");
        };
        let segments = seen.segments();
        let path: Vec<_> = segments.iter().map(String::as_str).collect();
        let found = |name: &str| name.strip_suffix(".json").unwrap_or_default().to_owned();
        let not_found = || error(404, 20_404, &format!("The requested resource {} was not found", seen.path));
        match (seen.method.as_str(), path.as_slice()) {
            (_, ["2010-04-01", "Accounts", account, ..])
                if found(account) != self.account && *account != self.account =>
            {
                not_found()
            }
            ("GET", ["2010-04-01", "Accounts", account]) if found(account) == self.account => {
                if by_key {
                    return error(401, 20_003, "Authenticate");
                }
                Answer::json(200, &json!({ "sid": self.account, "status": self.status, "type": "Full" }))
            }
            _ if self.status != "active" => error(401, 20_005, "Account not active"),
            ("POST", [_, _, _, "Calls.json"]) => self.call(seen),
            ("POST", [_, _, _, "Messages.json"]) => self.message(seen),
            ("GET", [_, _, _, "Calls.json"]) => {
                Answer::json(200, &json!({ "calls": self.calls.keys().collect::<Vec<_>>(), "page": 0 }))
            }
            ("GET", [_, _, _, "Messages.json"]) => {
                Answer::json(200, &json!({ "messages": self.messages.keys().collect::<Vec<_>>(), "page": 0 }))
            }
            ("GET", [_, _, _, "Calls", name]) => match self.calls.get_mut(&found(name)) {
                Some(call) => {
                    call.asked += 1;
                    Answer::json(200, &call_json(&found(name), call))
                }
                None => not_found(),
            },
            ("GET", [_, _, _, "Messages", name]) => match self.messages.get_mut(&found(name)) {
                Some(message) => {
                    message.asked += 1;
                    Answer::json(200, &message_json(&found(name), message))
                }
                None => not_found(),
            },
            _ => not_found(),
        }
    }

    fn rate_limit(&mut self, _seen: &Seen) -> Answer {
        error(429, 20_429, "Too Many Requests")
    }
}

fn error(status: u16, code: u64, message: &str) -> Answer {
    let info = format!("https://www.twilio.com/docs/errors/{code}");
    Answer::json(status, &json!({ "code": code, "message": message, "more_info": info, "status": status }))
}

fn unknown(form: &BTreeMap<String, String>, fields: &[&str]) -> Option<Answer> {
    let name = service::unknown(form.keys(), fields)?;
    Some(error(400, 20_001, &format!("{name} is not a known parameter.")))
}

fn is_e164(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0')
}

/// The state advances with each query: queued, ringing, in progress, over.
fn call_json(sid: &str, call: &Call) -> Value {
    let end = match call.pickup {
        Pickup::Human => ("completed", json!("human")),
        Pickup::Machine => ("completed", json!("machine_start")),
        Pickup::Fax => ("completed", json!("fax")),
        Pickup::Unknown => ("completed", json!("unknown")),
        Pickup::HungUp => ("completed", Value::Null),
        Pickup::Nobody => ("no-answer", Value::Null),
        Pickup::Busy => ("busy", Value::Null),
        Pickup::Failed => ("failed", Value::Null),
    };
    let (status, answered_by) = match (call.asked, end.0) {
        (0, _) => ("queued", Value::Null),
        (1, _) => ("ringing", Value::Null),
        (2, "completed") => ("in-progress", Value::Null),
        _ => end,
    };
    json!({ "sid": sid, "to": call.to, "status": status, "answered_by": answered_by, "duration": "12" })
}

fn message_json(sid: &str, message: &Message) -> Value {
    let (end, code) = match message.fate {
        Fate::Delivered => ("delivered", Value::Null),
        Fate::Sent => ("sent", Value::Null),
        Fate::Undelivered(code) => ("undelivered", json!(code)),
        Fate::Failed(code) => ("failed", json!(code)),
    };
    let (status, code) = match message.asked {
        0 => ("queued", Value::Null),
        1 => ("sending", Value::Null),
        _ => (end, code),
    };
    json!({ "sid": sid, "to": message.to, "status": status, "error_code": code, "error_message": null })
}

/// The texts of a document, or `None` if it is invalid: `<Response>` with `<Say>` and `<Pause length="…"/>`.
fn spoken(twiml: &str) -> Option<Vec<String>> {
    let mut rest = twiml.strip_prefix("<Response>")?.strip_suffix("</Response>")?;
    let mut said = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("<Pause length=\"") {
            let (seconds, after) = after.split_once("\"/>")?;
            seconds.parse::<u32>().ok()?;
            rest = after;
        } else {
            let (text, after) = rest.strip_prefix("<Say>")?.split_once("</Say>")?;
            said.push(unescaped(text)?);
            rest = after;
        }
    }
    (!said.is_empty()).then_some(said)
}

/// The decoded text of XML, if it is valid.
fn unescaped(text: &str) -> Option<String> {
    let is_char = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}');
    let mut out = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if character == '<' || !is_char(character) {
            return None;
        }
        if character == '&' {
            let (entity, after) = rest[1..].split_once(';')?;
            out.push(match entity {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" | "#39" => '\'',
                _ => return None,
            });
            rest = after;
        } else {
            out.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    const SAY: &str = "%3CResponse%3E%3CSay%3Ehi%3C%2FSay%3E%3C%2FResponse%3E";

    fn seen(method: &str, resource: &str, body: &str) -> Seen {
        let basic = base64::engine::general_purpose::STANDARD.encode("AC0123456789abcdef0123456789abcdef:twilio-token");
        let path = format!("/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef{resource}");
        Seen::new(method, &path).with_form(body).with("authorization", &format!("Basic {basic}"))
    }

    fn ask(service: &mut Twilio, seen: &Seen) -> (u16, Value) {
        let answer = service.answer(seen);
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    #[test]
    fn calls_ring_and_end() {
        let ends = [
            (Pickup::Human, "completed", json!("human")),
            (Pickup::Machine, "completed", json!("machine_start")),
            (Pickup::Nobody, "no-answer", Value::Null),
            (Pickup::Busy, "busy", Value::Null),
        ];
        for (pickup, status, by) in ends {
            let mut service = Twilio::new();
            service.pickups.push_back(pickup);
            let form = format!("To=%2B15552223333&From=%2B15550001111&Twiml={SAY}&Timeout=60&MachineDetection=Enable");
            let (code, body) = ask(&mut service, &seen("POST", "/Calls.json", &form));
            assert_eq!((code, &body["status"]), (201, &json!("queued")));
            let path = format!("/Calls/{}.json", body["sid"].as_str().unwrap());
            assert_eq!(ask(&mut service, &seen("GET", &path, "")).1["status"], "ringing");
            ask(&mut service, &seen("GET", &path, ""));
            let (_, body) = ask(&mut service, &seen("GET", &path, ""));
            assert_eq!((&body["status"], &body["answered_by"]), (&json!(status), &by));
            assert_eq!(service.calls.values().next().unwrap().said, ["hi"]);
        }
    }

    #[test]
    fn refuses_wrong_calls() {
        let long = format!("To=%2B15552223333&From=%2B15550001111&Twiml={}", "a".repeat(4001));
        let cases = [
            ("To=15552223333&From=%2B15550001111&Twiml=x", 21_211),
            ("To=%2B15552223333&From=%2B15559999999&Twiml=x", 21_210),
            ("To=%2B15552223333&From=%2B15550001111", 21_205),
            ("To=%2B15552223333&From=%2B15550001111&Twiml=%3CResponse%3E%26nbsp%3B", 12_100),
            (long.as_str(), 21_218),
            ("To=%2B15552223333&From=%2B15550001111&Twiml=x&Color=red", 20_001),
        ];
        for (form, code) in cases {
            let (status, body) = ask(&mut Twilio::new(), &seen("POST", "/Calls.json", form));
            assert_eq!((status, &body["code"]), (400, &json!(code)), "{form}");
        }
        let mut timeout = Twilio::new();
        let form = format!("To=%2B15552223333&From=%2B15550001111&Twiml={SAY}&Timeout=601");
        assert_eq!(ask(&mut timeout, &seen("POST", "/Calls.json", &form)).0, 400);
        let mut anonymous = seen("POST", "/Calls.json", "");
        anonymous.headers.remove("authorization");
        assert_eq!(ask(&mut Twilio::new(), &anonymous).1["code"], 20_003);
        let mut other = seen("POST", "/Calls.json", "");
        other.path = "/2010-04-01/Accounts/AC9/Calls.json".into();
        assert_eq!(ask(&mut Twilio::new(), &other).0, 404);
    }

    #[test]
    fn reads_only_right_documents() {
        assert_eq!(
            spoken("<Response><Pause length=\"1\"/><Say>a &amp; &lt;b&gt;</Say></Response>").unwrap(),
            ["a & <b>"]
        );
        for wrong in [
            "",
            "<Response></Response>",
            "<Response><Say>a & b</Say></Response>",
            "<Response><Say>a<b></Say></Response>",
            "<Response><Say>\u{ffff}</Say></Response>",
            "<Response><Say>a</Say>",
            "<Response><Dial>1</Dial></Response>",
        ] {
            assert_eq!(spoken(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn messages_are_delivered_or_not() {
        let mut service = Twilio::new();
        service.fates.extend([Fate::Delivered, Fate::Undelivered(30_003)]);
        let form = "To=%2B15552223333&From=%2B15550001111&Body=hi";
        for (status, code) in [("delivered", Value::Null), ("undelivered", json!(30_003))] {
            let (_, body) = ask(&mut service, &seen("POST", "/Messages.json", form));
            let path = format!("/Messages/{}.json", body["sid"].as_str().unwrap());
            ask(&mut service, &seen("GET", &path, ""));
            let (_, body) = ask(&mut service, &seen("GET", &path, ""));
            assert_eq!((&body["status"], &body["error_code"]), (&json!(status), &code));
        }
        let long = format!("To=%2B15552223333&From=%2B15550001111&Body={}", "a".repeat(1601));
        for (form, code) in [("To=%2B15552223333&From=%2B15550001111", 21_602), (&long, 21_617)] {
            assert_eq!(ask(&mut service, &seen("POST", "/Messages.json", form)).1["code"], code);
        }
        let form = "To=%2B15552223333&MessagingServiceSid=MG1&Body=hi";
        assert_eq!(ask(&mut service, &seen("POST", "/Messages.json", form)).0, 201);
    }

    #[test]
    fn keys_may_not_read_the_account() {
        let mut service = Twilio::new();
        assert_eq!(ask(&mut service, &seen("GET", ".json", "")).1["status"], "active");
        let mut by_key = seen("GET", ".json", "");
        let key = base64::engine::general_purpose::STANDARD.encode("SK0123456789abcdef0123456789abcdef:twilio-key");
        by_key.headers.insert("authorization".into(), format!("Basic {key}"));
        assert_eq!(ask(&mut service, &by_key).0, 401);
        by_key.path = by_key.path.replace(".json", "/Calls.json");
        assert_eq!(ask(&mut service, &by_key).1["calls"], json!([]));
        service.status = "suspended".into();
        assert_eq!(ask(&mut service, &by_key).1["code"], 20_005);
    }
}
