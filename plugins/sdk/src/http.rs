//! What an HTTP response says about the delivery.

use crate::channel_types::{Judgement, Response};
use crate::text::quoted;

/// The longest wait that a service may ask for, in milliseconds: one hour. A day later an alert is not worth much.
pub const LONGEST_WAIT: u64 = 3_600_000;
/// The wait if a service names a date instead of a duration, in milliseconds.
const WAIT_UNTIL_DATE: u64 = 60_000;

/// The value of the header with this name, which must be in lower case.
#[must_use]
pub fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|header| header.name == name).map(|header| header.value.trim())
}

/// How long the service asks to wait, in milliseconds: at most one hour, and one minute if it names a date.
#[must_use]
pub fn retry_after(response: &Response) -> Option<u64> {
    let value = header(response, "retry-after")?;
    let only_digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    Some(match value.parse::<u64>() {
        Ok(seconds) => wait(seconds),
        Err(_) if only_digits => LONGEST_WAIT,
        Err(_) => WAIT_UNTIL_DATE,
    })
}

/// A wait of this many seconds, in milliseconds: at most one hour.
#[must_use]
pub const fn wait(seconds: u64) -> u64 {
    let millis = seconds.saturating_mul(1000);
    if millis < LONGEST_WAIT { millis } else { LONGEST_WAIT }
}

/// Judges by the status: 2xx is delivered, what may clear by itself is transient, everything else needs the operator.
#[must_use]
pub fn judge(response: &Response) -> Judgement {
    let status = response.status;
    match status {
        200..=299 => Judgement::Delivered,
        300..=399 => Judgement::Permanent(format!(
            "the service answers {status}, a redirect, which is not followed: set the url to the address that it \
             redirects to"
        )),
        429 | 503 => match retry_after(response) {
            Some(millis) => Judgement::RetryAfter(millis),
            None => Judgement::Transient(format!("the service answers {status} ({})", meaning(status))),
        },
        408 | 425 | 500..=599 => Judgement::Transient(format!("the service answers {status} ({})", meaning(status))),
        _ => Judgement::Permanent(format!("the service answers {status} ({})", meaning(status))),
    }
}

impl Judgement {
    /// The judgement; if it is a failure, with the service's own words appended, in one line of at most 200 characters.
    #[must_use]
    pub fn with_detail(self, words: &str) -> Self {
        let words = quoted(words);
        match self {
            Self::Transient(why) if !words.is_empty() => Self::Transient(format!("{why}: {words}")),
            Self::Permanent(why) if !words.is_empty() => Self::Permanent(format!("{why}: {words}")),
            other => other,
        }
    }
}

/// What a status means to the operator.
const fn meaning(status: u16) -> &'static str {
    match status {
        400 | 422 => "it does not understand the message",
        401 => "the secret is missing or wrong",
        403 => "not allowed: is the secret right?",
        404 | 410 => "not found: is the url right?",
        408 => "it timed out",
        413 => "the message is too large",
        425 => "too early",
        429 => "too many messages",
        502..=504 => "it is overloaded or down",
        500..=599 => "it failed",
        _ => "it refused the message",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixtures::response;

    #[test]
    fn tells_what_may_pass_from_what_will_not() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(judge(&response(status, &[])), Judgement::Delivered, "{status}");
        }
        for status in [408, 425, 429, 500, 502, 503, 504, 599] {
            let judgement = judge(&response(status, &[]));
            assert!(matches!(&judgement, Judgement::Transient(text) if text.contains(&status.to_string())), "{status}");
        }
        for status in [100, 301, 302, 307, 400, 401, 403, 404, 410, 422, 600] {
            let judgement = judge(&response(status, &[]));
            assert!(matches!(&judgement, Judgement::Permanent(text) if text.contains(&status.to_string())), "{status}");
        }
    }

    #[test]
    fn waits_as_long_as_the_service_asks_within_reason() {
        let cases = [
            ("0", 0),
            ("30", 30_000),
            (" 30 ", 30_000),
            ("3600", 3_600_000),
            ("86400", 3_600_000),
            ("99999999999999999999999", 3_600_000),
            ("Fri, 31 Dec 2027 23:59:59 GMT", 60_000),
            ("-5", 60_000),
            ("", 60_000),
        ];
        for (value, millis) in cases {
            for status in [429, 503] {
                let answer = response(status, &[("retry-after", value)]);
                assert_eq!(judge(&answer), Judgement::RetryAfter(millis), "{value:?}");
            }
        }
        assert!(matches!(judge(&response(500, &[("retry-after", "30")])), Judgement::Transient(_)));
    }

    #[test]
    fn adds_the_words_of_the_service_to_failures_alone() {
        let transient = Judgement::Transient("it failed".into());
        assert_eq!(transient.clone().with_detail(" no\n disk "), Judgement::Transient("it failed: no disk".into()));
        assert_eq!(transient.clone().with_detail(" \u{7}"), transient);
        let permanent = Judgement::Permanent("refused".into());
        let Judgement::Permanent(why) = permanent.with_detail(&"x".repeat(500_000)) else { panic!("permanent") };
        assert_eq!(why.chars().count(), "refused: ".len() + 200);
        assert_eq!(Judgement::Delivered.with_detail("thanks"), Judgement::Delivered);
    }
}
