//! What Telegram's responses mean.

use dogwatch_sdk::channel::{Judgement, Response};
use dogwatch_sdk::json::{Value, parse};
use dogwatch_sdk::text::quoted;
use dogwatch_sdk::{Settings, http};

/// Judges the response to a message.
pub(crate) fn of_message(settings: &Settings, response: &Response) -> Judgement {
    let answer = parse(&response.body);
    match (succeeded(response, &answer), answer.pointer("/result/message_id").and_then(Value::as_i64)) {
        (true, Some(id)) => Judgement::Accepted(id.to_string()),
        (true, None) => strange(response),
        (false, _) => refused(settings, response, &answer),
    }
}

/// Judges the response to a request of the self-test: first for the bot, then for the chat.
pub(crate) fn of_self_test(settings: &Settings, index: u32, response: &Response) -> Judgement {
    let answer = parse(&response.body);
    if !succeeded(response, &answer) {
        return refused(settings, response, &answer);
    }
    let right = match index {
        0 => answer.pointer("/result/is_bot").and_then(Value::as_bool) == Some(true),
        _ => answer.pointer("/result/id").is_some_and(Value::is_i64),
    };
    if right { Judgement::Delivered } else { strange(response) }
}

fn succeeded(response: &Response, answer: &Value) -> bool {
    response.status == 200 && answer.get("ok").and_then(Value::as_bool) == Some(true)
}

/// A response that succeeds by its status, but does not look like Telegram's.
fn strange(response: &Response) -> Judgement {
    Judgement::Transient(format!(
        "the service answers {}, but not as Telegram would: does the url lead to a Bot API?",
        response.status
    ))
}

fn refused(settings: &Settings, response: &Response, answer: &Value) -> Judgement {
    let Some(description) = answer.get("description").and_then(Value::as_str) else {
        return if (200..300).contains(&response.status) { strange(response) } else { http::judge(response) };
    };
    let said = quoted(description);
    if let Some(chat) = answer.pointer("/parameters/migrate_to_chat_id").and_then(Value::as_i64) {
        return match settings.get("chat") {
            Some(dogwatch_sdk::Value::Text(old)) => Judgement::Remember(format!("{old}>{chat}")),
            _ => Judgement::Permanent(format!("Telegram says that the chat is now {chat}: set chat to that")),
        };
    }
    let code = answer.get("error_code").and_then(Value::as_u64).unwrap_or_else(|| response.status.into());
    match code {
        429 => match wait(response, answer) {
            Some(millis) => Judgement::RetryAfter(millis),
            None => Judgement::Transient(format!("Telegram says: {said}")),
        },
        400..=499 if code != 408 => {
            Judgement::Permanent(format!("Telegram says: {said}. {}", advice(code, &said.to_lowercase())))
        }
        _ => Judgement::Transient(format!("Telegram says: {said}")),
    }
}

/// How long to wait, in milliseconds; the response says it in whole seconds, and so does a header.
fn wait(response: &Response, answer: &Value) -> Option<u64> {
    match answer.pointer("/parameters/retry_after").and_then(Value::as_u64) {
        Some(seconds) => Some(http::wait(seconds)),
        None => http::retry_after(response),
    }
}

/// What the operator has to do.
fn advice(code: u64, said: &str) -> &'static str {
    const ADVICE: [(&str, &str); 11] = [
        ("blocked by the user", "Unblock the bot in its chat."),
        ("deactivated", "That account or group is gone: set another chat."),
        ("kicked", "Add the bot to the chat again."),
        ("not a member", "Add the bot to the chat, to a channel as an administrator."),
        ("initiate conversation", "Open the bot's chat and press Start."),
        ("bots can't send messages to bots", "Set chat to a human's chat or a group."),
        ("chat not found", "Is chat right, and has the bot been added to it or started by its user?"),
        ("thread not found", "Is thread the number of a topic of that chat?"),
        ("topic_closed", "Open that topic again, or let the bot manage topics."),
        ("not enough rights", "Allow the bot to write in that chat."),
        ("too long", "This is a bug in the plugin: please report it."),
    ];
    match code {
        401 => "The token is wrong or was revoked: ask @BotFather for it.",
        404 => "Is the token complete, and the url right?",
        _ => ADVICE
            .iter()
            .find(|(sign, _)| said.contains(sign))
            .map_or("Check chat, and what the bot may do there.", |(_, advice)| advice),
    }
}
