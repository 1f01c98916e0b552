//! Telegram's Bot API: one bot, its chats, and their messages.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::service::{Answer, Seen, Service, unknown};

/// The longest text, in UTF-16 units without markup.
const LONGEST: usize = 4096;
/// How many pieces of markup take effect.
const MOST_ENTITIES: usize = 100;
/// The members that a call of `sendMessage` may have. The real service ignores unknown members.
const FIELDS: [&str; 6] =
    ["chat_id", "message_thread_id", "text", "parse_mode", "disable_notification", "link_preview_options"];
const TAGS: [&str; 14] =
    ["b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "tg-spoiler", "code", "pre", "blockquote", "a"];

/// The bot's membership in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is a member, and may write.
    Member,
    /// It may only read.
    Muted,
    /// It was never added.
    Stranger,
    /// It was removed.
    Kicked,
    /// The user blocked it.
    Blocked,
    /// The user's account was deleted.
    Deactivated,
}

/// A chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    /// The public name, without the `@`.
    pub name: Option<String>,
    /// The bot's membership.
    pub standing: Standing,
    /// The open topics.
    pub topics: BTreeSet<i64>,
    /// The closed topics.
    pub closed: BTreeSet<i64>,
    /// The chat that it was migrated to.
    pub became: Option<i64>,
}

impl Chat {
    /// A chat in which the bot may write, without a public name or topics.
    pub fn new() -> Self {
        let (topics, closed) = (BTreeSet::new(), BTreeSet::new());
        Self { name: None, standing: Standing::Member, topics, closed, became: None }
    }
}

impl Default for Chat {
    fn default() -> Self {
        Self::new()
    }
}

/// A piece of markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// The name of its tag.
    pub tag: String,
    /// The text that it spans.
    pub text: String,
}

/// A message as its readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The message id.
    pub id: i64,
    /// The chat.
    pub chat: i64,
    /// The topic.
    pub thread: Option<i64>,
    /// The text, without markup.
    pub text: String,
    /// The markup.
    pub entities: Vec<Entity>,
    /// The parts that Telegram turned into a link, a mention or a command.
    pub live: Vec<String>,
    /// Whether it was sent silently.
    pub silent: bool,
}

/// The service.
#[derive(Debug)]
pub struct Telegram {
    /// The bot's token.
    pub token: String,
    /// The chats, by id.
    pub chats: BTreeMap<i64, Chat>,
    /// The sent messages, oldest first.
    pub messages: Vec<Message>,
    /// How long a rate-limited client has to wait, in seconds.
    pub retry_after: u64,
}

impl Default for Telegram {
    fn default() -> Self {
        Self::new()
    }
}

impl Telegram {
    /// A service with the token `110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0` and the group -1001234567890, `@dogs`.
    pub fn new() -> Self {
        let group = Chat { name: Some("dogs".into()), ..Chat::new() };
        Self {
            token: "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0".into(),
            chats: BTreeMap::from([(-1_001_234_567_890, group)]),
            messages: Vec::new(),
            retry_after: 7,
        }
    }

    fn chat(&self, fields: &Map<String, Value>) -> Result<i64, Answer> {
        let number = match fields.get("chat_id") {
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::String(text)) => match text.strip_prefix('@') {
                Some(name) => self.chats.iter().find(|(_, chat)| chat.name.as_deref() == Some(name)).map(|(id, _)| *id),
                None => text.parse().ok(),
            },
            None => return Err(refused(400, "Bad Request: chat_id is empty")),
            Some(_) => None,
        };
        match number {
            Some(number) if self.chats.contains_key(&number) => Ok(number),
            _ => Err(refused(400, "Bad Request: chat not found")),
        }
    }

    fn get_chat(&self, fields: &Map<String, Value>) -> Result<Answer, Answer> {
        only(fields, &["chat_id"])?;
        let number = self.chat(fields)?;
        moved(&self.chats[&number])?;
        Ok(succeeded(&json!({"id": number, "type": "supergroup", "title": "Dogs"})))
    }

    fn send(&mut self, fields: &Map<String, Value>) -> Result<Answer, Answer> {
        only(fields, &FIELDS)?;
        let number = self.chat(fields)?;
        let chat = &self.chats[&number];
        moved(chat)?;
        may_write(chat.standing)?;
        let thread = match fields.get("message_thread_id") {
            None => None,
            Some(thread) => {
                let thread = thread.as_i64().ok_or_else(|| refused(400, "Bad Request: invalid message_thread_id"))?;
                if chat.closed.contains(&thread) {
                    return Err(refused(400, "Bad Request: TOPIC_CLOSED"));
                }
                if !chat.topics.contains(&thread) {
                    return Err(refused(400, "Bad Request: message thread not found"));
                }
                Some(thread)
            }
        };
        let flag = |name: &str, value: Option<&Value>| match value {
            None => Ok(false),
            Some(value) => {
                value.as_bool().ok_or_else(|| refused(400, &format!("Bad Request: {name} must be a Boolean")))
            }
        };
        let silent = flag("disable_notification", fields.get("disable_notification"))?;
        if let Some(options) = fields.get("link_preview_options") {
            let options = options.as_object().ok_or_else(|| refused(400, "Bad Request: object expected"))?;
            only(options, &["is_disabled"])?;
            flag("is_disabled", options.get("is_disabled"))?;
        }
        let text = match fields.get("text") {
            Some(Value::String(text)) => text.as_str(),
            None => "",
            Some(_) => return Err(refused(400, "Bad Request: text must be a String")),
        };
        let parsed = match fields.get("parse_mode").map(Value::as_str) {
            None => Parsed { text: text.to_owned(), ..Parsed::default() },
            Some(Some("HTML")) => {
                Parsed::read(text).map_err(|why| refused(400, &format!("Bad Request: can't parse entities: {why}")))?
            }
            Some(_) => return Err(refused(400, "Bad Request: unsupported parse_mode")),
        };
        if parsed.text.trim().is_empty() {
            return Err(refused(400, "Bad Request: message text is empty"));
        }
        if parsed.text.encode_utf16().count() > LONGEST {
            return Err(refused(400, "Bad Request: message is too long"));
        }
        let id = i64::try_from(self.messages.len()).unwrap_or(i64::MAX).saturating_add(1);
        let live = parsed.live();
        let entities = parsed.entities.into_iter().take(MOST_ENTITIES).map(|(entity, _)| entity).collect();
        let text = parsed.text.trim().to_owned();
        self.messages.push(Message { id, chat: number, thread, text, entities, live, silent });
        Ok(succeeded(&json!({"message_id": id, "date": 1_700_000_000, "chat": {"id": number, "type": "supergroup"}})))
    }

    fn call(&mut self, seen: &Seen) -> Result<Answer, Answer> {
        let segments = seen.segments();
        let [bot, name] = segments.as_slice() else { return Err(refused(404, "Not Found")) };
        let Some(token) = bot.strip_prefix("bot") else { return Err(refused(404, "Not Found")) };
        if *token != self.token {
            // A path without a well-formed token is not found.
            let looks_right =
                token.split_once(':').is_some_and(|(id, key)| id.parse::<u64>().is_ok() && key.len() == 35);
            return Err(if looks_right { refused(401, "Unauthorized") } else { refused(404, "Not Found") });
        }
        match (seen.method.as_str(), name.as_str()) {
            ("GET" | "POST", "getMe") => {
                let bot =
                    json!({"id": 110_201_543, "is_bot": true, "first_name": "Dogwatch", "username": "dogwatch_bot"});
                Ok(succeeded(&bot))
            }
            ("POST", "getChat") => self.get_chat(&fields(seen)?),
            ("POST", "sendMessage") => self.send(&fields(seen)?),
            _ => Err(refused(404, "Not Found")),
        }
    }
}

impl Service for Telegram {
    fn answer(&mut self, seen: &Seen) -> Answer {
        self.call(seen).unwrap_or_else(|refusal| refusal)
    }

    fn rate_limit(&mut self, _seen: &Seen) -> Answer {
        let body = json!({
            "ok": false,
            "error_code": 429,
            "description": format!("Too Many Requests: retry after {}", self.retry_after),
            "parameters": {"retry_after": self.retry_after},
        });
        Answer::json(429, &body).with("retry-after", &self.retry_after.to_string())
    }
}

fn succeeded(result: &Value) -> Answer {
    Answer::json(200, &json!({"ok": true, "result": result}))
}

fn refused(code: u16, description: &str) -> Answer {
    Answer::json(code, &json!({"ok": false, "error_code": code, "description": description}))
}

fn fields(seen: &Seen) -> Result<Map<String, Value>, Answer> {
    match seen.json() {
        Value::Object(fields) if seen.query.is_empty() => Ok(fields),
        _ => Err(refused(400, "Bad Request: can't parse request")),
    }
}

fn only(fields: &Map<String, Value>, known: &[&str]) -> Result<(), Answer> {
    match unknown(fields.keys(), known) {
        Some(name) => Err(refused(400, &format!("Bad Request: unknown field {name}"))),
        None => Ok(()),
    }
}

fn moved(chat: &Chat) -> Result<(), Answer> {
    let Some(new) = chat.became else { return Ok(()) };
    let description = "Bad Request: group chat was upgraded to a supergroup chat";
    let parameters = json!({"migrate_to_chat_id": new});
    let body = json!({"ok": false, "error_code": 400, "description": description, "parameters": parameters});
    Err(Answer::json(400, &body))
}

fn may_write(standing: Standing) -> Result<(), Answer> {
    match standing {
        Standing::Member => Ok(()),
        Standing::Muted => Err(refused(400, "Bad Request: not enough rights to send text messages to the chat")),
        Standing::Stranger => Err(refused(403, "Forbidden: bot is not a member of the supergroup chat")),
        Standing::Kicked => Err(refused(403, "Forbidden: bot was kicked from the supergroup chat")),
        Standing::Blocked => Err(refused(403, "Forbidden: bot was blocked by the user")),
        Standing::Deactivated => Err(refused(403, "Forbidden: user is deactivated")),
    }
}

/// A parsed text in Telegram's HTML.
#[derive(Debug, Default)]
struct Parsed {
    text: String,
    /// Each with its offset in the text.
    entities: Vec<(Entity, usize)>,
}

impl Parsed {
    fn read(html: &str) -> Result<Self, String> {
        let mut parsed = Self::default();
        let mut open = Vec::<(String, usize)>::new();
        let mut rest = html;
        while let Some(character) = rest.chars().next() {
            let offset = html.len() - rest.len();
            if character == '&'
                && let Some((decoded, after)) = entity(rest)
            {
                parsed.text.push(decoded);
                rest = after;
                continue;
            }
            if character != '<' {
                parsed.text.push(character);
                rest = &rest[character.len_utf8()..];
                continue;
            }
            let Some((tag, after)) = rest[1..].split_once('>') else {
                return Err(format!("Unclosed start tag at byte offset {offset}"));
            };
            rest = after;
            if let Some(name) = tag.strip_prefix('/') {
                let Some((expected, begin)) = open.pop() else {
                    return Err(format!("Unexpected end tag at byte offset {offset}"));
                };
                if name != expected {
                    return Err(format!(
                        "Unmatched end tag at byte offset {offset}, expected \"</{expected}>\", found \"</{name}>\""
                    ));
                }
                let text = parsed.text[begin..].to_owned();
                parsed.entities.push((Entity { tag: expected, text }, begin));
            } else {
                let name = tag.split(' ').next().unwrap_or_default();
                if !TAGS.contains(&name) {
                    return Err(format!("Unsupported start tag \"{name}\" at byte offset {offset}"));
                }
                open.push((name.to_owned(), parsed.text.len()));
            }
        }
        match open.pop() {
            Some((tag, _)) => Err(format!("Can't find end tag corresponding to start tag \"{tag}\"")),
            None => Ok(parsed),
        }
    }

    /// The parts that Telegram turns into a link, a mention or a command: not in code, nor where markup has no effect.
    fn live(&self) -> Vec<String> {
        let mut covered = vec![false; self.text.len()];
        let code = |entity: &Entity| matches!(entity.tag.as_str(), "code" | "pre");
        for (entity, begin) in self.entities.iter().take(MOST_ENTITIES).filter(|(entity, _)| code(entity)) {
            covered[*begin..begin + entity.text.len()].fill(true);
        }
        let mut text = String::new();
        for (at, character) in self.text.char_indices() {
            text.push(if covered[at] { ' ' } else { character });
        }
        let is_live = |word: &&str| {
            let domain = word.split('.').skip(1).any(|label| label.starts_with(char::is_alphabetic))
                && word.split('.').next().is_some_and(|label| label.ends_with(char::is_alphanumeric));
            word.contains("://") || word.starts_with(['@', '#', '/', '$']) && word.len() > 1 || domain
        };
        text.split_whitespace().filter(is_live).map(str::to_owned).collect()
    }
}

/// The character of the entity that a text begins with, and the rest of the text.
fn entity(text: &str) -> Option<(char, &str)> {
    let (name, after) = text[1..].split_once(';')?;
    let character = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((character, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(service: &mut Telegram, method: &str, name: &str, body: &Value) -> (u16, Value) {
        let seen = Seen::new(method, &format!("/bot{}/{name}", service.token)).with_json(body);
        let answer = service.answer(&seen);
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    fn message() -> Value {
        json!({"chat_id": "@dogs", "text": "<b>x &lt;</b> <code>@y</code>\n&#39;", "parse_mode": "HTML",
               "disable_notification": true, "link_preview_options": {"is_disabled": true}})
    }

    fn with(name: &str, value: Value) -> Value {
        let mut message = message();
        message[name] = value;
        message
    }

    fn description(service: &mut Telegram, body: &Value) -> String {
        let (status, answer) = call(service, "POST", "sendMessage", body);
        assert!(status != 200 && answer["error_code"] == status && answer["ok"] == false, "{answer}");
        answer["description"].as_str().unwrap().to_owned()
    }

    #[test]
    fn takes_a_right_message() {
        let mut service = Telegram::new();
        let (status, answer) = call(&mut service, "POST", "sendMessage", &message());
        assert_eq!((status, &answer["result"]["message_id"]), (200, &json!(1)), "{answer}");
        let message = &service.messages[0];
        assert_eq!((message.text.as_str(), message.silent), ("x < @y\n'", true));
        let tags: Vec<_> = message.entities.iter().map(|entity| (entity.tag.as_str(), entity.text.as_str())).collect();
        assert_eq!(tags, [("b", "x <"), ("code", "@y")]);
        assert_eq!(message.live, [""; 0]);
        let body = with("text", json!("see https://evil.example @bob evil.example 3.5 /stop a/b"));
        call(&mut service, "POST", "sendMessage", &body);
        assert_eq!(service.messages[1].live, ["https://evil.example", "@bob", "evil.example", "/stop"]);
    }

    #[test]
    fn refuses_what_is_wrong_in_a_message() {
        let mut service = Telegram::new();
        let mut said = |name: &str, value: Value| description(&mut service, &with(name, value));
        assert_eq!(said("chat_id", json!("-5")), "Bad Request: chat not found");
        assert_eq!(said("chat_id", json!("@cats")), "Bad Request: chat not found");
        assert_eq!(said("message_thread_id", json!(5)), "Bad Request: message thread not found");
        assert_eq!(said("text", json!(" \n")), "Bad Request: message text is empty");
        assert_eq!(said("text", json!("🐕".repeat(2049))), "Bad Request: message is too long");
        assert!(said("text", json!("a <x>")).ends_with("Unsupported start tag \"x\" at byte offset 2"));
        assert!(said("text", json!("a < b")).contains("Unclosed start tag"));
        assert!(said("text", json!("</b>")).contains("Unexpected end tag"));
        assert!(said("text", json!("<b><i></b></i>")).contains("expected \"</i>\", found \"</b>\""));
        assert!(said("text", json!("<b>")).contains("Can't find end tag"));
        assert!(said("parse_mode", json!("html5")).contains("unsupported parse_mode"));
        assert!(said("disable_notification", json!("yes")).contains("must be a Boolean"));
        assert!(said("disable_web_page_preview", json!(true)).contains("unknown field"));
        assert!(service.messages.is_empty());
    }

    #[test]
    fn knows_what_the_bot_may_do() {
        let mut service = Telegram::new();
        let id = -1_001_234_567_890;
        service.chats.get_mut(&id).unwrap().closed.insert(6);
        assert_eq!(description(&mut service, &with("message_thread_id", json!(6))), "Bad Request: TOPIC_CLOSED");
        for (standing, part) in [
            (Standing::Muted, "not enough rights"),
            (Standing::Stranger, "not a member"),
            (Standing::Kicked, "kicked"),
            (Standing::Blocked, "blocked by the user"),
            (Standing::Deactivated, "user is deactivated"),
        ] {
            service.chats.get_mut(&id).unwrap().standing = standing;
            assert!(description(&mut service, &message()).contains(part));
        }
        service.chats.get_mut(&id).unwrap().became = Some(-100);
        let (status, answer) = call(&mut service, "POST", "sendMessage", &message());
        assert_eq!((status, &answer["parameters"]["migrate_to_chat_id"]), (400, &json!(-100)));
        assert_eq!(call(&mut service, "POST", "getChat", &json!({"chat_id": id})).0, 400);
    }

    #[test]
    fn knows_its_token_and_its_methods() {
        let mut service = Telegram::new();
        let (status, answer) = call(&mut service, "GET", "getMe", &json!({}));
        assert_eq!((status, &answer["result"]["is_bot"]), (200, &json!(true)));
        assert_eq!(call(&mut service, "POST", "getChat", &json!({"chat_id": "@dogs"})).0, 200);
        assert_eq!(call(&mut service, "GET", "sendMessage", &message()).0, 404);
        assert_eq!(call(&mut service, "POST", "sendMessages", &message()).0, 404);
        let mut other = Seen::new("GET", &format!("/bot110201543:{}/getMe", "A".repeat(35)));
        assert_eq!(service.answer(&other).status, 401);
        other.path = "/botnonsense/getMe".into();
        assert_eq!(service.answer(&other).status, 404);
        other.path = format!("/bot{}/sendMessage", service.token);
        other.method = "POST".into();
        other.body = message().to_string().into_bytes();
        assert_eq!(service.answer(&other).status, 400, "not declared as JSON");
        let limited = service.rate_limit(&other);
        assert!(limited.status == 429 && limited.headers.contains(&("retry-after".into(), "7".into())));
    }
}
