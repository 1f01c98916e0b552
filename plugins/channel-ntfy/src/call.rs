//! Phone calls. ntfy refuses the whole message if it cannot make the call; the channel then sends the message without
//! one.

use dogwatch_sdk::channel::{Alert, Judgement, Response, Severity};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{Value, parse};
use dogwatch_sdk::{Settings, Value as Setting};

use crate::config::Config;

/// How long the channel asks for no call after ntfy refused one, in milliseconds.
const WITHOUT_CALL: i64 = 3_600_000;
/// The start of the memory; milliseconds since 1970 follow.
const MEMORY: &str = "no calls before ";

/// Whether to ask for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call<'a> {
    /// A call to this number, or to the first one if it says `yes`.
    Wanted(&'a str),
    /// A call is wanted, but ntfy refused one a short time ago.
    Refused,
    /// Nobody needs a call.
    Needless,
}

impl<'a> Call<'a> {
    pub(crate) fn of(config: &'a Config, memory: &str, alert: &Alert) -> Self {
        let Some(call) = config.call.as_deref().filter(|_| alert.is_open() && alert.severity == Severity::Page) else {
            return Self::Needless;
        };
        let before = memory.strip_prefix(MEMORY).and_then(|millis| millis.parse::<i64>().ok());
        if before.is_some_and(|before| alert.at < before) { Self::Refused } else { Self::Wanted(call) }
    }
}

/// Whether this is ntfy's code for a refused call: calls are off, the number is wrong or not verified, nobody is logged
/// in, or today's calls are used up.
pub(crate) const fn is_refusal(code: u64) -> bool {
    matches!(code, 40_032..=40_035 | 42_910)
}

/// Sends the message again without a call, and asks for none for a while.
pub(crate) fn remember(alert: &Alert) -> Judgement {
    Judgement::Remember(format!("{MEMORY}{}", alert.at.saturating_add(WITHOUT_CALL)))
}

/// Judges the response that says which numbers the account may call.
pub(crate) fn of_account(settings: &Settings, response: &Response) -> Judgement {
    let judgement = http::judge(response);
    if judgement != Judgement::Delivered {
        return judgement;
    }
    let said = parse(&response.body);
    let number = |list: &str, name: &str| said.get(list).and_then(|list| list.get(name)).and_then(Value::as_i64);
    let verified = said.get("phone_numbers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let wanted = match settings.get("call") {
        Some(Setting::Text(call)) if call != "yes" => Some(call.as_str()),
        _ => None,
    };
    let known = match wanted {
        Some(wanted) => verified.iter().any(|known| known.as_str() == Some(wanted)),
        None => !verified.is_empty(),
    };
    if !known {
        return Judgement::Permanent(
            "a page would not ring: the number in call is not verified; verify it in ntfy's web app, under Account"
                .to_owned(),
        );
    }
    if number("limits", "calls").unwrap_or_default() <= 0 {
        return Judgement::Permanent("a page would not ring: the account's plan has no telephone calls".to_owned());
    }
    if number("stats", "calls_remaining").is_some_and(|left| left <= 0) {
        return Judgement::Transient("a page would not ring: today's telephone calls are used up".to_owned());
    }
    Judgement::Delivered
}
