//! What Gotify's answers mean.

use dogwatch_sdk::channel::{Judgement, Response};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{Value, parse};
use dogwatch_sdk::text::{Unit, cut, one_line};

/// The most that is quoted of Gotify's own words, in characters.
const QUOTED: usize = 200;

/// Judges the answer to a message. A success is the message as Gotify has stored it.
pub(crate) fn judge(response: &Response) -> Judgement {
    let body = parse(&response.body);
    match response.status {
        200..=299 if body.get("id").is_some_and(Value::is_u64) => Judgement::Delivered,
        200..=299 => no_gotify(response.status),
        401 | 403 => Judgement::Permanent(format!(
            "Gotify answers {} (not allowed); the secret token must be the token of an application that still exists{}",
            response.status,
            words(&body)
        )),
        _ => match http::judge(response) {
            Judgement::Transient(why) => Judgement::Transient(why + &words(&body)),
            Judgement::Permanent(why) => Judgement::Permanent(why + &words(&body)),
            other => other,
        },
    }
}

/// Judges what the server says about its health: `{"health":"green","database":"green"}`.
pub(crate) fn judge_health(response: &Response) -> Judgement {
    let body = parse(&response.body);
    let color = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    match (response.status, color("health"), color("database")) {
        (200, "green", "green") => Judgement::Delivered,
        (200..=299, "", _) => no_gotify(response.status),
        (_, "", _) => http::judge(response),
        (status, health, database) => {
            let (health, database) = (quoted(health), quoted(database));
            Judgement::Transient(format!("Gotify answers {status}: its health is {health}, its database {database}"))
        }
    }
}

fn no_gotify(status: u16) -> Judgement {
    Judgement::Permanent(format!("something answers {status}, and not as Gotify would: is the url right?"))
}

/// What Gotify gives as the reason, to be appended.
fn words(body: &Value) -> String {
    match body.get("errorDescription").and_then(Value::as_str) {
        Some(text) if !text.trim().is_empty() => format!(": {}", quoted(text)),
        _ => String::new(),
    }
}

fn quoted(text: &str) -> String {
    cut(&one_line(text), QUOTED, Unit::Chars)
}
