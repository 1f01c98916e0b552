//! How a call or a message went.

use dogwatch_sdk::channel::{Progress, Response};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{Value, parse, text};
use dogwatch_sdk::text::quoted;

use crate::judge::advice;

/// How often to ask, in milliseconds.
const ASKED_AGAIN: u64 = 5_000;
/// How long to wait if the query itself fails, in milliseconds.
const ASKED_LATER: u64 = 15_000;

/// What the query is about; the SID shows which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A call.
    Call,
    /// A text message.
    Message,
}

impl Kind {
    pub(crate) fn of(sid: &str) -> Self {
        if sid.starts_with("CA") { Self::Call } else { Self::Message }
    }

    pub(crate) const fn resource(self) -> &'static str {
        match self {
            Self::Call => "Calls",
            Self::Message => "Messages",
        }
    }
}

/// Judges the response that says how it went.
pub(crate) fn of(kind: Kind, response: &Response) -> Progress {
    let said = parse(&response.body);
    match response.status {
        200 => match kind {
            Kind::Call => of_call(&said),
            Kind::Message => of_message(&said),
        },
        401 | 403 => Progress::Permanent(
            "Twilio does not let this key see what became of its calls and messages: give it permission to read them"
                .to_owned(),
        ),
        404 => Progress::Unreached("Twilio no longer knows what became of it".to_owned()),
        _ => Progress::Waiting(http::retry_after(response).unwrap_or(ASKED_LATER).max(ASKED_AGAIN)),
    }
}

/// Only a human counts. If the detection could not tell, the line was silent or was hung up at once: nobody heard the
/// alert, and one call too many is better than one too few.
fn of_call(said: &Value) -> Progress {
    let unreached = |why: &str| Progress::Unreached(why.to_owned());
    match (text(said, "status"), text(said, "answered_by")) {
        ("completed", "human") => Progress::Over,
        ("completed", "fax") => unreached("a fax answered"),
        ("completed", machine) if machine.starts_with("machine") => unreached("an answering machine answered"),
        ("completed", _) => unreached("the call was answered, but perhaps not by a human"),
        ("busy", _) => unreached("the line was busy"),
        ("no-answer", _) => unreached("nobody answered"),
        ("canceled", _) => unreached("the call was cancelled at Twilio"),
        ("failed", _) => unreached("the call could not be connected: is the number right, and the phone on?"),
        // Queued, initiated, ringing, in progress.
        _ => Progress::Waiting(ASKED_AGAIN),
    }
}

/// Judges a message's status. Many networks only report that they accepted it.
fn of_message(said: &Value) -> Progress {
    match text(said, "status") {
        "sent" | "delivered" | "read" => Progress::Over,
        "failed" | "undelivered" | "canceled" => lost(said),
        // Accepted, scheduled, queued, sending.
        _ => Progress::Waiting(ASKED_AGAIN),
    }
}

fn lost(said: &Value) -> Progress {
    let code = said.get("error_code").and_then(Value::as_u64).unwrap_or_default();
    let message = quoted(text(said, "error_message"));
    let advice = advice(code).map(|advice| format!(". {advice}")).unwrap_or_default();
    let colon = if message.is_empty() { "" } else { ": " };
    let why = format!("the message was not delivered (Twilio's error {code}){colon}{message}{advice}");
    match code {
        // Blocked, unknown, a landline, filtered, not registered or opted out: that will not change by itself.
        21_610 | 30_002 | 30_004..=30_007 | 30_032 | 30_034 => Progress::Permanent(why),
        _ => Progress::Unreached(why),
    }
}
