//! Slack's incoming webhooks.

use serde_json::{Map, Value, json};

use crate::service::{Answer, Seen, Service, unknown};

/// The longest texts, in characters.
const LONGEST_HEADER: usize = 150;
const LONGEST_SECTION: usize = 3000;
const LONGEST_TEXT: usize = 40_000;
const MOST_BLOCKS: usize = 50;
const MOST_ELEMENTS: usize = 10;

/// A block of a message: its kind and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// `header`, `section` or `context`.
    pub kind: String,
    /// The text, with entities decoded.
    pub text: String,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The text of notifications, with entities decoded.
    pub text: String,
    /// The blocks that the channel shows.
    pub blocks: Vec<Block>,
    /// The mentions: `here`, `channel`, `everyone`, or an id.
    pub mentions: Vec<String>,
}

/// The state of the webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// It works.
    Works,
    /// The webhook was removed.
    Removed,
    /// Its channel was archived.
    Archived,
    /// Its channel was deleted.
    Deleted,
    /// The workspace does not allow it.
    Forbidden,
}

/// The service, with one webhook.
#[derive(Debug)]
pub struct Slack {
    /// The part of the webhook's URL after `/services/`.
    pub path: String,
    /// The state of the webhook.
    pub hook: Hook,
    /// The posted messages, oldest first.
    pub messages: Vec<Message>,
    /// How long a rate-limited client has to wait, in seconds.
    pub retry_after: u64,
}

impl Default for Slack {
    fn default() -> Self {
        Self::new()
    }
}

impl Slack {
    /// A service with the webhook `T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX`.
    pub fn new() -> Self {
        Self {
            path: "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX".into(),
            hook: Hook::Works,
            messages: Vec::new(),
            retry_after: 30,
        }
    }

    fn post(&mut self, seen: &Seen) -> Result<(), (u16, &'static str)> {
        let Some(path) = seen.path.strip_prefix("/services/") else { return Err((404, "no_service")) };
        if seen.method != "POST" {
            return Err((405, "method_not_allowed"));
        }
        match (path.rsplit_once('/'), self.path.rsplit_once('/')) {
            _ if path == self.path => {}
            // A known webhook with a wrong key.
            (Some((hook, _)), Some((known, _))) if hook == known => return Err((403, "invalid_token")),
            _ => return Err((404, "no_service")),
        }
        match self.hook {
            Hook::Works => {}
            Hook::Removed => return Err((404, "no_service")),
            Hook::Archived => return Err((410, "channel_is_archived")),
            Hook::Deleted => return Err((404, "channel_not_found")),
            Hook::Forbidden => return Err((403, "action_prohibited")),
        }
        let Value::Object(message) = seen.json() else { return Err((400, "invalid_payload")) };
        let read = read(&message)?;
        self.messages.push(read);
        Ok(())
    }
}

impl Service for Slack {
    fn answer(&mut self, seen: &Seen) -> Answer {
        match self.post(seen) {
            Ok(()) => Answer::text(200, "ok"),
            Err((status, code)) => Answer::text(status, code),
        }
    }

    fn rate_limit(&mut self, _seen: &Seen) -> Answer {
        let body = json!({"ok": false, "error": "rate_limited", "retry_after": self.retry_after});
        Answer::json(429, &body).with("retry-after", &self.retry_after.to_string())
    }
}

type Refusal = (u16, &'static str);

fn read(message: &Map<String, Value>) -> Result<Message, Refusal> {
    only(message, &["text", "blocks", "mrkdwn", "unfurl_links", "unfurl_media"], "invalid_payload")?;
    for name in ["mrkdwn", "unfurl_links", "unfurl_media"] {
        if message.get(name).is_some_and(|value| !value.is_boolean()) {
            return Err((400, "invalid_payload"));
        }
    }
    let mut mentions = Vec::new();
    let text = match message.get("text") {
        Some(Value::String(text)) if !text.trim().is_empty() => {
            shown(text, &mut mentions).ok_or((400, "invalid_payload"))?
        }
        Some(Value::String(_)) | None => return Err((400, "no_text")),
        Some(_) => return Err((400, "invalid_payload")),
    };
    if text.chars().count() > LONGEST_TEXT {
        return Err((400, "msg_too_long"));
    }
    let empty = Vec::new();
    let blocks = match message.get("blocks") {
        None => &empty,
        Some(Value::Array(blocks)) if blocks.len() <= MOST_BLOCKS => blocks,
        Some(_) => return Err((400, "invalid_blocks_format")),
    };
    if !blocks.is_empty() {
        // The channel shows the blocks; the text is for notifications.
        mentions.clear();
    }
    let blocks = blocks.iter().map(|block| self::block(block, &mut mentions)).collect::<Result<Vec<_>, _>>()?;
    Ok(Message { text, blocks, mentions })
}

fn block(block: &Value, mentions: &mut Vec<String>) -> Result<Block, Refusal> {
    let wrong = (400, "invalid_blocks");
    let block = block.as_object().ok_or(wrong)?;
    let kind = block.get("type").and_then(Value::as_str).ok_or(wrong)?;
    let text = match kind {
        "header" | "section" => {
            only(block, &["type", "text"], "invalid_blocks")?;
            let plain_only = kind == "header";
            let limit = if plain_only { LONGEST_HEADER } else { LONGEST_SECTION };
            text(block.get("text").ok_or(wrong)?, plain_only, limit, mentions)?
        }
        "context" => {
            only(block, &["type", "elements"], "invalid_blocks")?;
            let elements = block.get("elements").and_then(Value::as_array).ok_or(wrong)?;
            if elements.is_empty() || elements.len() > MOST_ELEMENTS {
                return Err(wrong);
            }
            let texts = elements.iter().map(|element| text(element, false, LONGEST_SECTION, mentions));
            texts.collect::<Result<Vec<_>, _>>()?.join(" ")
        }
        _ => return Err(wrong),
    };
    Ok(Block { kind: kind.to_owned(), text })
}

/// A text object.
fn text(object: &Value, plain_only: bool, limit: usize, mentions: &mut Vec<String>) -> Result<String, Refusal> {
    let wrong = (400, "invalid_blocks");
    let object = object.as_object().ok_or(wrong)?;
    let text = object.get("text").and_then(Value::as_str).ok_or(wrong)?;
    if text.is_empty() || text.chars().count() > limit {
        return Err(wrong);
    }
    match object.get("type").and_then(Value::as_str) {
        Some("plain_text") => {
            only(object, &["type", "text", "emoji"], "invalid_blocks")?;
            if object.get("emoji").is_some_and(|emoji| !emoji.is_boolean()) {
                return Err(wrong);
            }
            Ok(resolved(text))
        }
        Some("mrkdwn") if !plain_only => {
            only(object, &["type", "text", "verbatim"], "invalid_blocks")?;
            shown(text, mentions).ok_or(wrong)
        }
        _ => Err(wrong),
    }
}

fn only(object: &Map<String, Value>, known: &[&str], code: &'static str) -> Result<(), Refusal> {
    if unknown(object.keys(), known).is_none() { Ok(()) } else { Err((400, code)) }
}

fn resolved(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// A text in Slack's markup. Mentions in angle brackets are noted; anything else in them is refused, since no text may
/// become a link.
fn shown(text: &str, mentions: &mut Vec<String>) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(&resolved(before));
        let (inside, after) = after.split_once('>')?;
        let who = match inside {
            "!here" | "!channel" | "!everyone" => inside.trim_start_matches('!'),
            _ => inside.strip_prefix('@').or_else(|| inside.strip_prefix("!subteam^"))?,
        };
        mentions.push(who.to_owned());
        out.push('@');
        out.push_str(who);
        rest = after;
    }
    if rest.contains('>') {
        return None;
    }
    out.push_str(&resolved(rest));
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(path: &str, body: &Value) -> Seen {
        Seen::new("POST", path).with_json(body)
    }

    fn post(service: &mut Slack, body: &Value) -> (u16, String) {
        let answer = service.answer(&seen(&format!("/services/{}", service.path), body));
        (answer.status, String::from_utf8(answer.body).unwrap())
    }

    fn plain(text: &str) -> Value {
        json!({"type": "plain_text", "text": text, "emoji": false})
    }

    fn message() -> Value {
        json!({"text": "<!here> a &lt;b&gt; &amp;amp;", "mrkdwn": false, "blocks": [
            {"type": "header", "text": plain("a &lt;b&gt;")},
            {"type": "section", "text": {"type": "mrkdwn", "text": "<!here>"}},
            {"type": "section", "text": plain("*x* &lt;!channel&gt;")},
            {"type": "context", "elements": [plain("hive")]},
        ]})
    }

    #[test]
    fn takes_a_right_message() {
        let mut service = Slack::new();
        assert_eq!(post(&mut service, &message()), (200, "ok".into()));
        let message = &service.messages[0];
        assert_eq!(
            (message.text.as_str(), message.mentions.as_slice()),
            ("@here a <b> &amp;", &["here".to_owned()][..])
        );
        let texts: Vec<_> = message.blocks.iter().map(|block| block.text.as_str()).collect();
        assert_eq!(texts, ["a <b>", "@here", "*x* <!channel>", "hive"]);
    }

    #[test]
    fn refuses_what_is_wrong_in_a_message() {
        let mut service = Slack::new();
        let mut code = |pointer: &str, value: Value| {
            let mut message = message();
            *message.pointer_mut(pointer).unwrap() = value;
            let (status, code) = post(&mut service, &message);
            assert_eq!(status, 400);
            code
        };
        assert_eq!(code("/text", json!("")), "no_text");
        assert_eq!(code("/text", json!("<https://evil.example|x>")), "invalid_payload");
        assert_eq!(code("/text", json!("a > b")), "invalid_payload");
        assert_eq!(code("/mrkdwn", json!("no")), "invalid_payload");
        assert_eq!(code("/blocks/0/text", plain(&"x".repeat(151))), "invalid_blocks");
        assert_eq!(code("/blocks/0/text", json!({"type": "mrkdwn", "text": "x"})), "invalid_blocks");
        assert_eq!(code("/blocks/2/text", plain(&"x".repeat(3001))), "invalid_blocks");
        assert_eq!(code("/blocks/2/text", plain("")), "invalid_blocks");
        assert_eq!(code("/blocks/2/type", json!("paragraph")), "invalid_blocks");
        assert_eq!(code("/blocks/3/elements", json!([])), "invalid_blocks");
        assert_eq!(code("/blocks", json!({})), "invalid_blocks_format");
        let mut unknown = message();
        unknown["colour"] = json!("red");
        assert_eq!(post(&mut service, &unknown), (400, "invalid_payload".into()));
        assert!(service.messages.is_empty());
    }

    #[test]
    fn knows_its_webhook() {
        let mut service = Slack::new();
        let mut at = |path: &str| service.answer(&seen(path, &message())).status;
        assert_eq!(at("/services/T00000000/B00000000/YYYYYYYYYYYYYYYYYYYYYYYY"), 403);
        assert_eq!(at("/services/T1/B1/X"), 404);
        assert_eq!(at("/"), 404);
        for (hook, status, code) in [
            (Hook::Removed, 404, "no_service"),
            (Hook::Archived, 410, "channel_is_archived"),
            (Hook::Deleted, 404, "channel_not_found"),
            (Hook::Forbidden, 403, "action_prohibited"),
        ] {
            service.hook = hook;
            assert_eq!(post(&mut service, &message()), (status, code.into()));
        }
        service.hook = Hook::Works;
        let mut seen = seen(&format!("/services/{}", service.path), &message());
        seen.headers.clear();
        assert_eq!(service.answer(&seen).status, 400, "not declared as JSON");
        seen.method = "GET".into();
        assert_eq!(service.answer(&seen).status, 405);
        assert!(service.rate_limit(&seen).headers.contains(&("retry-after".into(), "30".into())));
    }
}
