//! Discord's webhooks.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::service::{Answer, Seen, Service, unknown};

/// The longest texts, and the limit for all embeds of a message together, in UTF-16 units.
const LONGEST_CONTENT: usize = 2000;
const LONGEST_TITLE: usize = 256;
const LONGEST_DESCRIPTION: usize = 4096;
const LONGEST_FOOTER: usize = 2048;
const LONGEST_EMBEDS: usize = 6000;
const MOST_EMBEDS: usize = 10;
/// Flags that a webhook may set: no embeds, no notification, components.
const FLAGS: u64 = (1 << 2) | SILENT | (1 << 15);
const SILENT: u64 = 1 << 12;

/// An embed of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Embed {
    /// The title, or empty.
    pub title: String,
    /// The text, or empty.
    pub description: String,
    /// The colour, as `0xRRGGBB`.
    pub color: u64,
    /// The timestamp in RFC 3339, or empty.
    pub timestamp: String,
    /// The footer's text, or empty.
    pub footer: String,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// The text above the embeds, or empty.
    pub content: String,
    /// The embeds.
    pub embeds: Vec<Embed>,
    /// The ids of the roles and users that it pinged, and `everyone` if it pinged everyone.
    pub pinged: Vec<String>,
    /// Whether it was posted without a notification.
    pub silent: bool,
    /// The thread, if it is in one.
    pub thread: Option<String>,
}

/// The service, with one webhook.
#[derive(Debug)]
pub struct Discord {
    /// The webhook's id.
    pub id: String,
    /// The webhook's token.
    pub token: String,
    /// Whether the webhook was deleted.
    pub deleted: bool,
    /// Whether its channel is a forum, in which messages must go to threads.
    pub forum: bool,
    /// The threads of its channel.
    pub threads: BTreeSet<String>,
    /// The posted messages, oldest first.
    pub messages: Vec<Message>,
    /// How long a rate-limited client has to wait, in seconds.
    pub retry_after: f64,
}

impl Default for Discord {
    fn default() -> Self {
        Self::new()
    }
}

impl Discord {
    /// Has the webhook 223704706495545344 and the token `3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777`.
    pub fn new() -> Self {
        Self {
            id: "223704706495545344".into(),
            token: "3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777".into(),
            deleted: false,
            forum: false,
            threads: BTreeSet::new(),
            messages: Vec::new(),
            retry_after: 0.376,
        }
    }

    fn call(&mut self, seen: &Seen) -> Result<Answer, Answer> {
        let segments = seen.segments();
        let mut rest = segments.as_slice();
        rest = match rest {
            [api, version, rest @ ..] if api == "api" && (version == "v9" || version == "v10") => rest,
            [api, rest @ ..] if api == "api" => rest,
            _ => return Err(refused(404, 0, "404: Not Found")),
        };
        let [webhooks, id, token] = rest else { return Err(refused(404, 0, "404: Not Found")) };
        if webhooks != "webhooks" {
            return Err(refused(404, 0, "404: Not Found"));
        }
        if id.parse::<u64>().is_err() {
            return Err(invalid("webhook_id", "NUMBER_TYPE_COERCE"));
        }
        if *id != self.id || self.deleted {
            return Err(refused(404, 10_015, "Unknown Webhook"));
        }
        if *token != self.token {
            return Err(refused(401, 50_027, "Invalid Webhook Token"));
        }
        match seen.method.as_str() {
            "GET" => Ok(Answer::json(
                200,
                &json!({"id": self.id, "type": 1, "token": self.token, "name": "Dogwatch", "avatar": null,
                        "application_id": null, "channel_id": "199737254929760256", "guild_id": "199737254929760256"}),
            )),
            "POST" => self.post(seen),
            _ => Err(refused(405, 0, "405: Method Not Allowed")),
        }
    }

    fn post(&mut self, seen: &Seen) -> Result<Answer, Answer> {
        let query = seen.fields();
        if let Some(name) = unknown(query.keys(), &["wait", "thread_id"]) {
            return Err(invalid(name, "UNKNOWN_FIELD"));
        }
        let wait = match query.get("wait").map(String::as_str) {
            Some("true" | "1") => true,
            None | Some("false" | "0") => false,
            Some(_) => return Err(invalid("wait", "BASE_TYPE_BAD_BOOLEAN")),
        };
        let thread = query.get("thread_id").cloned();
        match &thread {
            None if self.forum => {
                let message = "Webhooks posted to forum channels must have a thread_name or thread_id";
                return Err(refused(400, 220_001, message));
            }
            Some(thread) if thread.parse::<u64>().is_err() => return Err(invalid("thread_id", "NUMBER_TYPE_COERCE")),
            Some(thread) if !self.threads.contains(thread) => return Err(refused(404, 10_003, "Unknown Channel")),
            _ => {}
        }
        let message = match (seen.media(), seen.json()) {
            ("application/json", Value::Object(message)) => message,
            ("application/json", _) => {
                return Err(refused(400, 50_109, "The request body contains invalid JSON."));
            }
            _ => return Err(invalid("_content_type", "CONTENT_TYPE_INVALID")),
        };
        let mut message = read(&message)?;
        let id = self.messages.len().to_string();
        let answer = json!({"id": id, "type": 0, "content": message.content, "channel_id": "199737254929760256",
                            "webhook_id": self.id});
        message.id = id;
        message.thread = thread;
        self.messages.push(message);
        Ok(if wait { Answer::json(200, &answer) } else { Answer::empty(204) })
    }
}

impl Service for Discord {
    fn answer(&mut self, seen: &Seen) -> Answer {
        self.call(seen).unwrap_or_else(|refusal| refusal)
    }

    fn rate_limit(&mut self, _seen: &Seen) -> Answer {
        let body = json!({"message": "You are being rate limited.", "retry_after": self.retry_after, "global": false});
        Answer::json(429, &body)
            .with("retry-after", &self.retry_after.ceil().to_string())
            .with("x-ratelimit-limit", "5")
            .with("x-ratelimit-remaining", "0")
            .with("x-ratelimit-reset-after", &self.retry_after.to_string())
            .with("x-ratelimit-bucket", "abcd1234")
            .with("x-ratelimit-scope", "user")
    }
}

fn refused(status: u16, code: u64, message: &str) -> Answer {
    Answer::json(status, &json!({"message": message, "code": code}))
}

/// The error for one member of the body, by its path.
fn invalid(path: &str, code: &str) -> Answer {
    let mut errors = json!({"_errors": [{"code": code, "message": "Invalid."}]});
    for name in path.rsplit('.') {
        errors = json!({name: errors});
    }
    Answer::json(400, &json!({"message": "Invalid Form Body", "code": 50_035, "errors": errors}))
}

fn read(message: &Map<String, Value>) -> Result<Message, Answer> {
    only(message, &["content", "embeds", "allowed_mentions", "flags"], "")?;
    let content = text(message, "content", "", LONGEST_CONTENT)?;
    let mut embeds = Vec::new();
    match message.get("embeds") {
        None => {}
        Some(Value::Array(list)) if list.len() <= MOST_EMBEDS => {
            for (index, value) in list.iter().enumerate() {
                embeds.push(embed(value, &format!("embeds.{index}."))?);
            }
        }
        Some(Value::Array(_)) => return Err(invalid("embeds", "BASE_TYPE_MAX_LENGTH")),
        Some(_) => return Err(invalid("embeds", "LIST_TYPE_CONVERT")),
    }
    let length = |embed: &Embed| units(&embed.title) + units(&embed.description) + units(&embed.footer);
    if embeds.iter().map(length).sum::<usize>() > LONGEST_EMBEDS {
        return Err(invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED"));
    }
    if content.trim().is_empty() && embeds.is_empty() {
        return Err(refused(400, 50_006, "Cannot send an empty message"));
    }
    let flags = match message.get("flags") {
        None => 0,
        Some(flags) => flags.as_u64().ok_or_else(|| invalid("flags", "NUMBER_TYPE_COERCE"))?,
    };
    if flags & !FLAGS != 0 {
        return Err(invalid("flags", "MESSAGE_FLAGS_INVALID"));
    }
    let pinged = pinged(&content, message.get("allowed_mentions"))?;
    Ok(Message { id: String::new(), content, embeds, pinged, silent: flags & SILENT != 0, thread: None })
}

fn embed(value: &Value, path: &str) -> Result<Embed, Answer> {
    let embed = value.as_object().ok_or_else(|| invalid(path.trim_end_matches('.'), "DICT_TYPE_CONVERT"))?;
    only(embed, &["title", "description", "color", "timestamp", "footer"], path)?;
    let title = text(embed, "title", path, LONGEST_TITLE)?;
    let description = text(embed, "description", path, LONGEST_DESCRIPTION)?;
    if title.is_empty() && description.is_empty() {
        return Err(invalid(&format!("{path}description"), "BASE_TYPE_REQUIRED"));
    }
    let color = match embed.get("color") {
        None => 0,
        Some(color) => color
            .as_u64()
            .filter(|color| *color <= 0xff_ff_ff)
            .ok_or_else(|| invalid(&format!("{path}color"), "NUMBER_TYPE_MAX"))?,
    };
    let timestamp = text(embed, "timestamp", path, 40)?;
    let shape = |(at, byte): (usize, u8)| match at {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 => byte == b':',
        0..=18 => byte.is_ascii_digit(),
        _ => true,
    };
    let right = timestamp.len() >= 20 && timestamp.ends_with('Z') && timestamp.bytes().enumerate().all(shape);
    if !timestamp.is_empty() && !right {
        return Err(invalid(&format!("{path}timestamp"), "DATE_TIME_TYPE_PARSE"));
    }
    let footer = match embed.get("footer") {
        None => String::new(),
        Some(footer) => {
            let path = format!("{path}footer.");
            let footer = footer.as_object().ok_or_else(|| invalid(path.trim_end_matches('.'), "DICT_TYPE_CONVERT"))?;
            only(footer, &["text"], &path)?;
            let text = text(footer, "text", &path, LONGEST_FOOTER)?;
            if text.is_empty() {
                return Err(invalid(&format!("{path}text"), "BASE_TYPE_REQUIRED"));
            }
            text
        }
    };
    Ok(Embed { title, description, color, timestamp, footer })
}

/// The users and roles that a text pings: by default all that it mentions.
fn pinged(content: &str, allowed: Option<&Value>) -> Result<Vec<String>, Answer> {
    let mut named = BTreeSet::new();
    let (mut roles, mut users, mut everyone) = (allowed.is_none(), allowed.is_none(), allowed.is_none());
    if let Some(allowed) = allowed {
        let allowed = allowed.as_object().ok_or_else(|| invalid("allowed_mentions", "DICT_TYPE_CONVERT"))?;
        only(allowed, &["parse", "roles", "users"], "allowed_mentions.")?;
        for kind in list(allowed, "parse")? {
            match kind.as_str() {
                "roles" => roles = true,
                "users" => users = true,
                "everyone" => everyone = true,
                _ => return Err(invalid("allowed_mentions.parse.0", "BASE_TYPE_CHOICES")),
            }
        }
        for (name, parsed) in [("roles", roles), ("users", users)] {
            let ids = list(allowed, name)?;
            if parsed && !ids.is_empty() {
                return Err(invalid(&format!("allowed_mentions.{name}"), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"));
            }
            if ids.iter().any(|id| id.parse::<u64>().is_err()) {
                return Err(invalid(&format!("allowed_mentions.{name}.0"), "NUMBER_TYPE_COERCE"));
            }
            named.extend(ids);
        }
    }
    let mut pinged = Vec::new();
    let mut rest = content;
    while let Some(at) = rest.find(['<', '@', '\\']) {
        rest = &rest[at..];
        if rest.starts_with('\\') {
            // The next character is escaped.
            let mut characters = rest.chars();
            characters.by_ref().take(2).for_each(drop);
            rest = characters.as_str();
            continue;
        }
        if everyone && (rest.starts_with("@everyone") || rest.starts_with("@here")) {
            pinged.push("everyone".to_owned());
        }
        if let Some((id, _)) = rest.strip_prefix("<@").and_then(|inside| inside.split_once('>')) {
            let (id, parsed) = id.strip_prefix('&').map_or((id, users), |id| (id, roles));
            if parsed || named.contains(id) {
                pinged.push(id.to_owned());
            }
            rest = &rest[2..];
        } else {
            rest = &rest[1..];
        }
    }
    Ok(pinged)
}

fn list(object: &Map<String, Value>, name: &str) -> Result<Vec<String>, Answer> {
    let path = format!("allowed_mentions.{name}");
    let Some(value) = object.get(name) else { return Ok(Vec::new()) };
    let list = value.as_array().filter(|list| list.len() <= 100).ok_or_else(|| invalid(&path, "LIST_TYPE_CONVERT"))?;
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| invalid(&path, "STRING_TYPE_CONVERT"));
    list.iter().map(text).collect()
}

fn text(object: &Map<String, Value>, name: &str, path: &str, limit: usize) -> Result<String, Answer> {
    match object.get(name) {
        None => Ok(String::new()),
        Some(Value::String(text)) if units(text) <= limit => Ok(text.clone()),
        Some(Value::String(_)) => Err(invalid(&format!("{path}{name}"), "BASE_TYPE_MAX_LENGTH")),
        Some(_) => Err(invalid(&format!("{path}{name}"), "STRING_TYPE_CONVERT")),
    }
}

/// The real service ignores unknown members.
fn only(object: &Map<String, Value>, known: &[&str], path: &str) -> Result<(), Answer> {
    match unknown(object.keys(), known) {
        Some(name) => Err(invalid(&format!("{path}{name}"), "UNKNOWN_FIELD")),
        None => Ok(()),
    }
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(service: &Discord, method: &str, query: &str, body: &Value) -> Seen {
        let path = format!("/api/webhooks/{}/{}", service.id, service.token);
        Seen { query: query.into(), ..Seen::new(method, &path).with_json(body) }
    }

    fn post(service: &mut Discord, query: &str, body: &Value) -> (u16, Value) {
        let answer = service.answer(&seen(service, "POST", query, body));
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    fn message() -> Value {
        json!({
            "content": "<@&77> \\@everyone \\<@5> <@5> @everyone",
            "embeds": [{"title": "a", "description": "b", "color": 0xff_00_00, "timestamp": "2023-11-15T06:33:20Z",
                        "footer": {"text": "c"}}],
            "allowed_mentions": {"parse": [], "roles": ["77"]},
            "flags": 4096,
        })
    }

    #[test]
    fn takes_a_right_message() {
        let mut service = Discord::new();
        service.threads.insert("9".into());
        let (status, answer) = post(&mut service, "wait=true&thread_id=9", &message());
        assert_eq!((status, &answer["id"]), (200, &json!("0")), "{answer}");
        let kept = &service.messages[0];
        assert_eq!((kept.pinged.as_slice(), kept.silent), (&["77".to_owned()][..], true));
        assert_eq!(kept.thread.as_deref(), Some("9"));
        assert_eq!(kept.embeds[0].footer, "c");
        assert_eq!(
            post(&mut service, "", &json!({"content": "@everyone <@5> \\<@6>"})).0,
            204,
            "no answer is waited for"
        );
        assert_eq!(service.messages[1].pinged, ["everyone", "5"], "whoever forgets allowed_mentions");
    }

    #[test]
    fn refuses_what_is_wrong_in_a_message() {
        let mut service = Discord::new();
        let mut wrong = |pointer: &str, value: Value| {
            let mut message = message();
            *message.pointer_mut(pointer).unwrap() = value;
            let (status, answer) = post(&mut service, "wait=true", &message);
            assert_eq!((status, &answer["code"]), (400, &json!(50_035)), "{pointer} {answer}");
            answer["errors"].to_string()
        };
        assert!(wrong("/content", json!("x".repeat(2001))).contains("content"));
        assert!(wrong("/embeds/0/title", json!("🐕".repeat(129))).contains(r#""embeds":{"0":{"title""#));
        assert!(wrong("/embeds/0/description", json!("x".repeat(4097))).contains("description"));
        assert!(wrong("/embeds/0/footer/text", json!("x".repeat(2049))).contains("footer"));
        assert!(wrong("/embeds/0/color", json!(0x100_0000)).contains("color"));
        assert!(wrong("/embeds/0/timestamp", json!("yesterday")).contains("timestamp"));
        assert!(wrong("/embeds", json!([{}])).contains("description"));
        assert!(wrong("/embeds", json!({})).contains("embeds"));
        assert!(wrong("/embeds/0", json!({"titel": "a"})).contains("titel"));
        assert!(wrong("/flags", json!(1)).contains("flags"));
        assert!(wrong("/allowed_mentions/roles", json!(["x"])).contains("roles"));
        assert!(wrong("/allowed_mentions/parse", json!(["all"])).contains("parse"));
        assert!(wrong("/allowed_mentions/parse", json!(["roles"])).contains("EXCLUSIVE"));
        let long = json!({"title": "a", "description": "x".repeat(4000)});
        assert!(wrong("/embeds", json!([long, long])).contains("MAX_EMBED_SIZE"));
        assert_eq!(post(&mut service, "wait=true", &json!({})).1["code"], 50_006);
        assert_eq!(post(&mut service, "wait=yes", &message()).0, 400);
        assert_eq!(post(&mut service, "wait=true&x=1", &message()).0, 400);
        assert!(service.messages.is_empty());
    }

    #[test]
    fn knows_its_webhook() {
        let mut service = Discord::new();
        let answer = service.answer(&seen(&service, "GET", "", &json!({})));
        assert_eq!(answer.status, 200);
        let mut request = seen(&service, "POST", "wait=true", &message());
        let path = request.path.clone();
        let mut at = |path: &str| {
            request.path = path.to_owned();
            let answer = service.answer(&request);
            (answer.status, serde_json::from_slice::<Value>(&answer.body).unwrap()["code"].as_u64().unwrap_or(0))
        };
        assert_eq!(at(&format!("{path}x")), (401, 50_027));
        assert_eq!(at("/api/v10/webhooks/5/x"), (404, 10_015));
        assert_eq!(at("/webhooks/5/x"), (404, 0));
        assert_eq!(at("/api/webhooks/x/x"), (400, 50_035));
        assert_eq!(post(&mut service, "wait=true&thread_id=9", &message()).1["code"], 10_003);
        service.forum = true;
        assert_eq!(post(&mut service, "wait=true", &message()).1["code"], 220_001);
        service.deleted = true;
        assert_eq!(post(&mut service, "wait=true", &message()).0, 404);
        service.deleted = false;
        let mut request = seen(&service, "POST", "wait=true", &message());
        request.headers.clear();
        assert_eq!(service.answer(&request).status, 400, "not declared as JSON");
        request.method = "PUT".into();
        assert_eq!(service.answer(&request).status, 405);
        let limited = service.rate_limit(&request);
        assert!(limited.headers.contains(&("retry-after".into(), "1".into())));
        assert_eq!(serde_json::from_slice::<Value>(&limited.body).unwrap()["retry_after"], 0.376);
    }
}
