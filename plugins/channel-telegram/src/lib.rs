//! Sends alerts to a Telegram chat, as a bot.
//!
//! Quiet events come without a sound. Telegram does not ring on a muted phone: it is a channel to read, not to be woken
//! by.

mod judge;
mod message;

use dogwatch_sdk::channel::{Alert, Channel, HttpRequest, Judgement, Method, Part, Request, Response};
use dogwatch_sdk::json::Object;
use dogwatch_sdk::{Reader, Settings};

/// The Telegram channel.
#[derive(Debug)]
pub struct Telegram;

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The address of the Bot API, without a trailing slash.
    pub url: String,
    /// The chat: a number, or `@` and the public name of a group or channel.
    pub chat: String,
    /// The topic of a forum.
    pub thread: Option<i64>,
}

impl Channel for Telegram {
    const NAME: &'static str = "telegram";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Sends alerts to a Telegram chat, as a bot.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        let chat = read
            .text(
                "chat",
                "The chat to write to, in quotes: its number, such as \"-1001234567890\" (groups have negative ones), or \
                 \"@name\" of a public group or channel. The bot must be a member; a private chat must have been \
                 started by its user. To learn the number, write to the bot and open \
                 https://api.telegram.org/bot<token>/getUpdates.",
            )
            .check(|chat| is_chat(chat))
            .required();
        let thread = read
            .integer("thread", "The topic of a forum to write to: the number after the chat in a link to the topic.")
            .range(1..=i64::from(i32::MAX))
            .optional();
        let url = read
            .text("url", "The address of the Bot API; change it if you run your own Bot API server.")
            .base_address("https://api.telegram.org")
            .or("https://api.telegram.org".to_owned());
        read.required_secret("token", "The bot's token, such as 123456789:AAF…, as @BotFather gave it.");
        Config { url, chat, thread }
    }

    fn compose(config: &Config, memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        let mut body = Object::new().text("chat_id", chat(config, memory));
        if let Some(thread) = config.thread {
            body = body.integer("message_thread_id", thread);
        }
        let body = body
            .text("text", &message::of(alert))
            .text("parse_mode", "HTML")
            .flag("disable_notification", alert.is_quiet())
            .object("link_preview_options", Object::new().flag("is_disabled", true));
        Ok(vec![call(config, Method::Post, "sendMessage").json(vec![body.finish().into()]).into()])
    }

    fn judge(settings: &Settings, _alert: &Alert, _index: u32, response: &Response) -> Judgement {
        judge::of_message(settings, response)
    }

    /// Checks that the token is valid and that the bot can see the chat.
    fn self_test(config: &Config, memory: &str) -> Result<Vec<Request>, String> {
        let body = Object::new().text("chat_id", chat(config, memory)).finish();
        Ok(vec![
            call(config, Method::Get, "getMe").into(),
            call(config, Method::Post, "getChat").json(vec![body.into()]).into(),
        ])
    }

    fn judge_self_test(settings: &Settings, index: u32, response: &Response) -> Judgement {
        judge::of_self_test(settings, index, response)
    }
}

/// The chat to write to: the configured one, or the one it migrated to. A memory of another chat is ignored.
fn chat<'a>(config: &'a Config, memory: &'a str) -> &'a str {
    match memory.split_once('>') {
        Some((old, new)) if old == config.chat && is_chat(new).is_ok() => new,
        _ => &config.chat,
    }
}

/// A call of the API. The token is a part of the path, and fits there as it is.
fn call(config: &Config, method: Method, name: &str) -> HttpRequest {
    let url = vec![Part::from(format!("{}/bot", config.url)), Part::secret("token"), Part::from(format!("/{name}"))];
    HttpRequest::new(method, url)
}

/// Whether this may be a chat.
fn is_chat(chat: &str) -> Result<(), String> {
    let digits = chat.strip_prefix('-').unwrap_or(chat);
    // Chat numbers have at most 52 significant bits.
    let number = (1..=16).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let name = chat.strip_prefix('@').is_some_and(|name| {
        (4..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    if number || name {
        return Ok(());
    }
    Err("must be a number such as \"-1001234567890\", or a public name such as \"@mygroup\"".to_owned())
}

dogwatch_sdk::export_channel!(Telegram);

#[cfg(test)]
mod tests;
