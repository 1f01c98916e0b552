//! `Date`: what an answer's server took for the time.

use dogwatch_chain::Time;
use reqwest::header::{AGE, DATE, HeaderMap};

use crate::clock::Uptime;

/// The `Date` of an answer, and when it was written by this machine's uptime, which goes on evenly when the clock is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerDate {
    /// What the server wrote, in whole seconds.
    pub date: Time,
    /// When the request was made.
    pub asked: Uptime,
    /// When the answer's head arrived.
    pub received: Uptime,
}

impl AnswerDate {
    /// Reads the head of an answer (RFC 9110, 6.6.1). `None` if it has no date, or one that cannot be read, or if it comes
    /// from a cache: its date is that of the first answer.
    pub(super) fn read(headers: &HeaderMap, asked: Uptime, received: Uptime) -> Option<Self> {
        if headers.contains_key(AGE) {
            return None;
        }
        let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?.trim()).ok()?;
        let since = date.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(Self { date: Time::from_millis(i64::try_from(since.as_millis()).ok()?), asked, received })
    }
}
