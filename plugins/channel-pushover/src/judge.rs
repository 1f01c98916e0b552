//! What Pushover's responses mean.

use dogwatch_sdk::channel::{Alert, Event, Following, Judgement, Progress, Response};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{Value, parse, text};
use dogwatch_sdk::text::{Unit, cut, one_line};

/// How long to wait before asking whether a page was acknowledged, in milliseconds.
const FIRST_ASKED: u64 = 10_000;
/// How often to ask after that, in milliseconds; Pushover allows every 5 seconds.
const ASKED_AGAIN: u64 = 15_000;
/// How long to wait if the query itself fails, in milliseconds.
const ASKED_LATER: u64 = 60_000;
/// The longest worthwhile wait for a new month's messages, in milliseconds.
const QUOTA_WAIT_MOST: i64 = 3_600_000;

/// Judges the response to a message.
pub(crate) fn of_message(alert: &Alert, response: &Response) -> Judgement {
    let said = parse(&response.body);
    if is_success(&said, response) {
        return match text(&said, "receipt") {
            "" => Judgement::Accepted(text(&said, "request").to_owned()),
            receipt => {
                Judgement::Follow(Following { receipt: receipt.to_owned(), after: FIRST_ASKED, delivered: true })
            }
        };
    }
    if response.status == 429 {
        return of_quota(alert, response);
    }
    refused(&said, response)
}

/// Judges the response to the request that stops a page's repetition. Nothing to stop is fine, and a wrong token shows
/// in the next request. A retry is worth it only if the page might go on sounding needlessly.
pub(crate) fn of_cancel(alert: &Alert, response: &Response) -> Judgement {
    let said = parse(&response.body);
    let quiet = alert.event != Event::Updated;
    match refused(&said, response) {
        failed @ (Judgement::Transient(_) | Judgement::RetryAfter(_)) if quiet && !is_success(&said, response) => {
            failed
        }
        _ => Judgement::Accepted(String::new()),
    }
}

/// Judges the response that gives the state of a page.
pub(crate) fn of_receipt(response: &Response) -> Progress {
    let said = parse(&response.body);
    if is_success(&said, response) {
        let is_set = |name: &str| said.get(name).and_then(Value::as_i64) == Some(1);
        return if is_set("acknowledged") {
            Progress::Acknowledged(acknowledger(&said))
        } else if is_set("expired") {
            Progress::Over
        } else {
            Progress::Waiting(ASKED_AGAIN)
        };
    }
    match response.status {
        // The page is on the phone: do not send it again just because Pushover no longer knows it.
        400..=407 | 409..=424 | 426..=428 | 430..=499 => Progress::Over,
        _ => Progress::Waiting(http::retry_after(response).unwrap_or(ASKED_LATER).max(ASKED_LATER)),
    }
}

/// Judges the response to the validation of the user.
pub(crate) fn of_validation(response: &Response) -> Judgement {
    let said = parse(&response.body);
    if is_success(&said, response) { Judgement::Delivered } else { refused(&said, response) }
}

fn is_success(said: &Value, response: &Response) -> bool {
    response.status == 200 && said.get("status").and_then(Value::as_i64) == Some(1)
}

/// The name of the device that acknowledged; the user's key, which Pushover names too, is a secret.
fn acknowledger(said: &Value) -> String {
    match one_line(text(said, "acknowledged_by_device")).as_str() {
        "" => "somebody, by Pushover".to_owned(),
        device => cut(device, 60, Unit::Chars),
    }
}

/// Messages are limited per month: near the end of the month waiting helps, otherwise only the operator can.
fn of_quota(alert: &Alert, response: &Response) -> Judgement {
    let reset = http::header(response, "x-limit-app-reset").and_then(|seconds| seconds.parse::<i64>().ok());
    let wait = reset.map(|seconds| seconds.saturating_mul(1000).saturating_sub(alert.at));
    match wait {
        Some(wait @ 1..=QUOTA_WAIT_MOST) => Judgement::RetryAfter(wait.unsigned_abs()),
        _ => match http::retry_after(response) {
            Some(millis) => Judgement::RetryAfter(millis),
            None => Judgement::Transient(
                "the account has used up its messages for this month: buy more at pushover.net, or wait for the next \
                 month"
                    .to_owned(),
            ),
        },
    }
}

/// Judges an error response.
fn refused(said: &Value, response: &Response) -> Judgement {
    let own = said.get("status").and_then(Value::as_i64) == Some(0);
    match response.status {
        200..=299 if !own => Judgement::Transient("the server is not Pushover: is the url right?".to_owned()),
        200..=299 | 400..=407 | 409..=424 | 426..=428 | 430..=499 if own => {
            Judgement::Permanent(format!("Pushover refuses: {}{}", errors(said), advice(said)))
        }
        _ => http::judge(response),
    }
}

/// Pushover's errors, without the links to its documentation.
fn errors(said: &Value) -> String {
    let errors = said.get("errors").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let all = one_line(&errors.collect::<Vec<_>>().join("; "));
    let words: Vec<_> = all.split(' ').filter(|word| !word.contains("://")).collect();
    let words = words.join(" ");
    match words.trim_end_matches(", see") {
        "" => "it does not say why".to_owned(),
        words => cut(words, 200, Unit::Chars),
    }
}

/// What to do about it: Pushover names the field that is wrong.
fn advice(said: &Value) -> &'static str {
    let names = |field: &str| said.get(field).is_some_and(Value::is_string);
    if names("token") {
        ". Set the secret token to the API token from pushover.net, Your Applications"
    } else if names("user") {
        ". Set the secret user to the user key or group key from pushover.net"
    } else if names("device") {
        ". Set device to the name of a device as pushover.net shows it, or leave it out"
    } else if names("sound") {
        ". Set sound to the name of a sound that the account has, or leave it out"
    } else {
        ""
    }
}
