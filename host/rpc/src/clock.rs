//! The one place that asks what time it is.

use std::time::UNIX_EPOCH;

use dogwatch_chain::Time;
use tokio::time::Instant;

/// What time it is. Handed down from `main`: whoever was not given one cannot ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock(TimeSource);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimeSource {
    /// The machine's clock, which may be wrong, and may be set.
    System,
    /// A time, and the instant of tokio's clock at which it was.
    Virtual(Time, Instant),
}

impl Clock {
    /// The machine's clock. Only for `main` and for tests of what runs in real time.
    pub const fn system() -> Self {
        Self(TimeSource::System)
    }

    /// A clock that shows `start` now and goes on with tokio's clock, which tests pause and advance.
    pub fn starting_at(start: Time) -> Self {
        Self(TimeSource::Virtual(start, Instant::now()))
    }

    /// The time.
    pub fn now(self) -> Time {
        match self.0 {
            TimeSource::System => system_time(),
            TimeSource::Virtual(start, since) => start.plus(since.elapsed()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock module")]
fn system_time() -> Time {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn virtual_time_goes_on_with_tokio() {
        let start = Time::from_secs(1_000_000);
        let clock = Clock::starting_at(start);
        assert_eq!(clock.now(), start);
        tokio::time::sleep(Duration::from_secs(90)).await;
        assert_eq!(clock.now(), Time::from_secs(1_000_090));
    }
}
