//! What Slack's responses mean.

use dogwatch_sdk::channel::{Judgement, Response};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{Value, parse};
use dogwatch_sdk::text::{one_line, quoted};

/// Judges the response to a message: success is the word `ok`, and nothing else.
pub(crate) fn of_message(response: &Response) -> Judgement {
    let text = one_line(&String::from_utf8_lossy(&response.body));
    let said = quoted(&text);
    match response.status {
        200 if text == "ok" => Judgement::Delivered,
        200..=299 => Judgement::Permanent(format!(
            "the service answers {} and \"{said}\" instead of \"ok\": does the url lead to an incoming webhook of \
             Slack's?{}",
            response.status,
            advice(&text)
        )),
        429 => match wait(response) {
            Some(millis) => Judgement::RetryAfter(millis),
            None => Judgement::Transient("Slack answers 429 (too many messages)".to_owned()),
        },
        400..=499 if is_code(&text) => Judgement::Permanent(format!("Slack says: {said}.{}", advice(&text))),
        500..=599 if is_code(&text) => Judgement::Transient(format!("Slack says: {said}")),
        _ => http::judge(response),
    }
}

/// How long to wait, in milliseconds: whole seconds in a header, and in some answers.
fn wait(response: &Response) -> Option<u64> {
    http::retry_after(response)
        .or_else(|| parse(&response.body).get("retry_after").and_then(Value::as_u64).map(http::wait))
}

/// Whether this is one of Slack's error codes, and not a proxy's page.
fn is_code(text: &str) -> bool {
    (1..=60).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// What the operator can do about it, after a space.
fn advice(code: &str) -> &'static str {
    match code {
        "invalid_token" | "no_service" | "no_service_id" | "no_active_hooks" | "no_team" => {
            " The webhook was removed or disabled, or its URL is incomplete: create a new one and replace the \
             URL."
        }
        "channel_is_archived" => " Unarchive the channel, or make a webhook for another one.",
        "channel_not_found" => " The webhook's channel is gone: make a webhook for another one.",
        "action_prohibited" | "posting_to_general_channel_denied" | "team_disabled" => {
            " The workspace forbids it: ask its administrator."
        }
        "user_not_found" => " Is the mention's id right, and is the webhook's owner still a member?",
        "invalid_blocks" | "invalid_blocks_format" | "invalid_payload" | "no_text" => {
            " Slack does not understand the message: this is a bug in the plugin, please report it."
        }
        _ => "",
    }
}
