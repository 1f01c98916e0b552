//! The wall clock: the only place that reads it.

use std::time::UNIX_EPOCH;

use dogwatch_chain::Time;

/// The wall clock, which all nodes of a chain share.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock;

impl Clock {
    /// The current time, in whole milliseconds.
    #[expect(clippy::disallowed_methods, reason = "this is the clock module")]
    pub fn now(self) -> Time {
        let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}
