//! What Twilio's responses mean.

use dogwatch_sdk::channel::{Following, Judgement, Response};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{Value, parse, text};
use dogwatch_sdk::text::{Unit, cut, one_line, quoted};

/// How long to wait before asking how a call or message went, in milliseconds.
const FIRST_ASKED: u64 = 10_000;
/// How long to wait after too many requests, in milliseconds: Twilio did not process them, and they may be sent again.
const TOO_MANY: u64 = 2_000;

/// Judges the response to a call or a message.
pub(crate) fn of_message(response: &Response) -> Judgement {
    let said = parse(&response.body);
    match (response.status, text(&said, "sid")) {
        (200..=299, "") => not_twilio(),
        (200..=299, sid) => {
            Judgement::Follow(Following { receipt: sid.to_owned(), after: FIRST_ASKED, delivered: false })
        }
        _ => refused(&said, response),
    }
}

/// Judges the response about the account, or about what the key has sent.
pub(crate) fn of_self_test(by_key: bool, response: &Response) -> Judgement {
    let said = parse(&response.body);
    if !(200..=299).contains(&response.status) {
        return refused(&said, response);
    }
    if by_key {
        let lists = ["calls", "messages"].iter().any(|name| said.get(*name).is_some_and(Value::is_array));
        return if lists { Judgement::Delivered } else { not_twilio() };
    }
    match text(&said, "status") {
        "" => not_twilio(),
        "active" => Judgement::Delivered,
        other => {
            let other = cut(&one_line(other), 40, Unit::Chars);
            Judgement::Permanent(format!("the account is {other}: see Twilio's console; is it paid for?"))
        }
    }
}

fn not_twilio() -> Judgement {
    Judgement::Transient("the server is not Twilio: is the url right?".to_owned())
}

/// Judges an error response.
fn refused(said: &Value, response: &Response) -> Judgement {
    let code = said.get("code").and_then(Value::as_u64).unwrap_or_default();
    match response.status {
        429 => Judgement::RetryAfter(http::retry_after(response).unwrap_or(TOO_MANY)),
        // The sender's queue is full; it empties by itself.
        400..=499 if code == 21_611 => Judgement::Transient(words(said, code)),
        400..=407 | 409..=424 | 426..=499 if code > 0 => Judgement::Permanent(words(said, code)),
        _ => http::judge(response),
    }
}

/// Twilio's error, and what to do about it.
fn words(said: &Value, code: u64) -> String {
    let message = quoted(text(said, "message"));
    let message = message.trim_end_matches('.');
    let advice = advice(code).map(|advice| format!(". {advice}")).unwrap_or_default();
    format!("Twilio refuses (error {code}): {message}{advice}")
}

/// Advice on the errors in Twilio's dictionary that an operator may meet: twilio.com/docs/api/errors.
pub(crate) const fn advice(code: u64) -> Option<&'static str> {
    Some(match code {
        20_003 => "Are account, key_sid and the secret token right, and do they belong together?",
        20_404 => "Is account right?",
        10_001 | 20_005 | 30_002 => "The account is not active: see Twilio's console; is it paid for?",
        21_211 | 21_217 | 21_421 => "Set to to a number with a plus and the country's code",
        21_214 | 21_612 | 30_005 => "The number in to cannot be reached: is it right?",
        21_614 | 21_635 | 30_006 => "The number in to takes no text messages: is it a landline?",
        21_210 | 21_212 | 21_603 | 21_606 | 21_659 | 21_660 => {
            "Set from to a number of this account that can call or send messages"
        }
        21_215 | 32_205 => "Allow calls to this country: Twilio's console, Voice, Geo permissions",
        21_408 => "Allow messages to this country: Twilio's console, Messaging, Geo permissions",
        21_219 | 21_608 => "A trial account reaches only verified numbers: verify this one, or upgrade the account",
        21_610 => "The recipient replied STOP: reply START from that phone",
        30_007 => "The network considers the message spam: use another sender, or calls instead of messages",
        30_032 | 30_034 => "Register the sender in Twilio's console; otherwise networks refuse its messages",
        _ => return None,
    })
}
