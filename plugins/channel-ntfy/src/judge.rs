//! What ntfy's responses mean.

use dogwatch_sdk::Settings;
use dogwatch_sdk::channel::{Alert, Judgement, Response};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{Value, parse, text};
use dogwatch_sdk::text::quoted;

use crate::call;

/// How long to wait after too many requests, in milliseconds: one more is allowed every 5 seconds.
const TOO_MANY: u64 = 10_000;
/// How long to wait after too many wrong passwords, in milliseconds: one more is allowed every minute.
const TOO_MANY_LOGINS: u64 = 60_000;

/// Judges the response to a message.
pub(crate) fn of_message(settings: &Settings, alert: &Alert, response: &Response) -> Judgement {
    let said = parse(&response.body);
    if response.status == 200 {
        return match text(&said, "id") {
            "" => not_ntfy(),
            id => Judgement::Accepted(id.to_owned()),
        };
    }
    if settings.get("call").is_some() && call::is_refusal(code(&said)) {
        return call::remember(alert);
    }
    refused(&said, response)
}

/// Judges the server's report on its health.
pub(crate) fn of_health(response: &Response) -> Judgement {
    let said = parse(&response.body);
    match (response.status, said.get("healthy").and_then(Value::as_bool)) {
        (200, Some(true)) => Judgement::Delivered,
        (200, Some(false)) => Judgement::Transient("the server reports that it is unhealthy".to_owned()),
        (200, None) => not_ntfy(),
        _ => refused(&said, response),
    }
}

/// Judges the response that says whether the topic may be read. ntfy cannot be asked whether it may be written, but a
/// wrong login shows.
pub(crate) fn of_access(response: &Response) -> Judgement {
    let said = parse(&response.body);
    match (response.status, code(&said)) {
        (200, _) if said.get("success").and_then(Value::as_bool) == Some(true) => Judgement::Delivered,
        (200, _) => not_ntfy(),
        (403, 40_301) => {
            Judgement::Accepted("the topic may not be read; whether it may be written is unknown".to_owned())
        }
        _ => refused(&said, response),
    }
}

fn not_ntfy() -> Judgement {
    Judgement::Transient("the server is not ntfy: is the url right?".to_owned())
}

/// Judges an error response.
fn refused(said: &Value, response: &Response) -> Judgement {
    match (response.status, code(said)) {
        (_, 42_908) => Judgement::Transient(words(said)),
        (429, 42_909) => Judgement::RetryAfter(http::retry_after(response).unwrap_or(TOO_MANY_LOGINS)),
        (429, _) => Judgement::RetryAfter(http::retry_after(response).unwrap_or(TOO_MANY)),
        (507, 50_701) => Judgement::Transient(words(said)),
        (400..=407 | 409..=424 | 426..=499, 1..) => Judgement::Permanent(words(said)),
        _ => http::judge(response),
    }
}

/// ntfy's error, and what to do about it.
fn words(said: &Value) -> String {
    let advice = match code(said) {
        40_009 | 40_010 => ". Choose another topic",
        40_101 => ". Is the secret token or password right, and the user?",
        40_301 => ". Allow the user to write to the topic, or give the secret token",
        40_401 => ". Is the url right? It must not contain the topic",
        42_908 => ". The count starts again at midnight UTC; a paid plan or your own server allows more",
        50_701 => ". Subscribe to the topic first, or choose one that does not begin with up",
        _ => "",
    };
    format!("ntfy refuses (error {}): {}{advice}", code(said), quoted(text(said, "error")))
}

fn code(said: &Value) -> u64 {
    said.get("code").and_then(Value::as_u64).unwrap_or_default()
}
