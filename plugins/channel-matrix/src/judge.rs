//! What a homeserver's responses mean.

use dogwatch_sdk::channel::{Judgement, Response};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{Value, parse, text};
use dogwatch_sdk::text::{Unit, cut, one_line, quoted};
use dogwatch_sdk::{Settings, Value as Setting};

/// Judges the response to a message.
pub(crate) fn of_message(response: &Response) -> Judgement {
    let said = parse(&response.body);
    match (response.status, text(&said, "event_id")) {
        (200, "") => not_matrix(),
        (200, event) => Judgement::Accepted(event.to_owned()),
        _ => refused(&said, response),
    }
}

/// Judges the response that names the token's user.
pub(crate) fn of_whoami(response: &Response) -> Judgement {
    let said = parse(&response.body);
    match (response.status, text(&said, "user_id")) {
        (200, "") => not_matrix(),
        (200, _) => Judgement::Delivered,
        _ => refused(&said, response),
    }
}

/// Judges the list of the rooms that the user is in.
pub(crate) fn of_rooms(settings: &Settings, response: &Response) -> Judgement {
    let said = parse(&response.body);
    if response.status != 200 {
        return refused(&said, response);
    }
    let Some(rooms) = said.get("joined_rooms").and_then(Value::as_array) else {
        return not_matrix();
    };
    let Some(Setting::Text(wanted)) = settings.get("room") else {
        return Judgement::Permanent("no room is set".to_owned());
    };
    if rooms.iter().any(|room| room.as_str() == Some(wanted)) {
        Judgement::Delivered
    } else {
        Judgement::Permanent(
            "the user who sends is not in the room: invite the user, and accept the invitation".to_owned(),
        )
    }
}

fn not_matrix() -> Judgement {
    Judgement::Transient("the server is not a Matrix homeserver: is the url right?".to_owned())
}

/// Judges an error response.
fn refused(said: &Value, response: &Response) -> Judgement {
    let code = text(said, "errcode");
    match response.status {
        429 => match http::retry_after(response).or_else(|| wait(said)) {
            Some(millis) => Judgement::RetryAfter(millis),
            None => http::judge(response),
        },
        400..=407 | 409..=424 | 426..=499 if code.starts_with("M_") => Judgement::Permanent(words(said, code)),
        _ => http::judge(response),
    }
}

/// How long to wait, in milliseconds: older servers say it in the body.
fn wait(said: &Value) -> Option<u64> {
    let millis = said.get("retry_after_ms")?;
    let fraction = || millis.as_f64().filter(|millis| millis.is_finite() && *millis >= 0.0);
    // The cast saturates.
    let millis = millis.as_u64().or_else(|| fraction().map(|millis| millis.ceil() as u64))?;
    Some(millis.min(http::LONGEST_WAIT))
}

/// The server's error, and what to do about it.
fn words(said: &Value, code: &str) -> String {
    let advice = match code {
        "M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN" => {
            "The secret token is wrong, or was logged out: log in again and set the new access token"
        }
        "M_FORBIDDEN" => "Is the user who sends in the room, and allowed to send?",
        "M_USER_DEACTIVATED" | "M_USER_SUSPENDED" | "M_USER_LOCKED" => "Use the token of another user",
        "M_GUEST_ACCESS_FORBIDDEN" => "The user must not be a guest",
        "M_CONSENT_NOT_GIVEN" => "Log in once with that user and accept the server's terms",
        "M_NOT_FOUND" | "M_UNRECOGNIZED" => "Is the url the homeserver's address for clients, and the room right?",
        _ => "",
    };
    let error = quoted(text(said, "error"));
    let code = cut(&one_line(code), 60, Unit::Chars);
    let advice = if advice.is_empty() { String::new() } else { format!(". {advice}") };
    format!("the homeserver refuses ({code}): {}{advice}", error.trim_end_matches('.'))
}
