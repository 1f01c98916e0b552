//! What Gotify's responses mean.

use dogwatch_sdk::channel::{Judgement, Response};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{Value, parse, text};
use dogwatch_sdk::text::quoted;

/// The member in which Gotify gives its reason.
const WORDS: &str = "errorDescription";

/// Judges the response to a message. A success is the message as Gotify has stored it.
pub(crate) fn of_message(response: &Response) -> Judgement {
    let body = parse(&response.body);
    match response.status {
        200..=299 if body.get("id").is_some_and(Value::is_u64) => Judgement::Delivered,
        200..=299 => no_gotify(response.status),
        401 | 403 => Judgement::Permanent(format!(
            "Gotify answers {} (not allowed); the secret token must be the token of an application that still exists",
            response.status
        ))
        .with_detail(text(&body, WORDS)),
        _ => http::judge(response).with_detail(text(&body, WORDS)),
    }
}

/// Judges what the server says about its health: `{"health":"green","database":"green"}`.
pub(crate) fn of_health(response: &Response) -> Judgement {
    let body = parse(&response.body);
    match (response.status, text(&body, "health"), text(&body, "database")) {
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
    Judgement::Permanent(format!("the service answers {status}, but not as Gotify would: is the url right?"))
}
