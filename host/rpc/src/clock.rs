//! The one place that asks what time it is.

use std::time::{Duration, UNIX_EPOCH};

use dogwatch_chain::Time;
use tokio::time::Instant;

/// What time it is, and how long things take. Handed down from `main`: whoever was not given one cannot ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock(TimeSource);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimeSource {
    /// The machine's clock, which may be wrong, and may be set.
    System,
    /// A time, and the instant of tokio's clock at which it was.
    Virtual(Time, Instant),
}

/// How long the machine has been up, suspended or not. Unlike the time, it goes on evenly when the clock is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uptime(Duration);

impl Uptime {
    /// This long after the machine was started.
    pub const fn new(since_start: Duration) -> Self {
        Self(since_start)
    }

    /// How long the machine had been up.
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// How long after `earlier` this is; zero if it is before.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
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

    /// How long the machine has been up.
    pub fn uptime(self) -> Uptime {
        Uptime(match self.0 {
            TimeSource::System => system_uptime(),
            TimeSource::Virtual(_, since) => since.elapsed(),
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock module")]
fn system_time() -> Time {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The clock that goes on while the machine is suspended.
#[cfg(target_os = "linux")]
const UPTIME: libc::clockid_t = libc::CLOCK_BOOTTIME;
#[cfg(not(target_os = "linux"))]
const UPTIME: libc::clockid_t = libc::CLOCK_MONOTONIC;

fn system_uptime() -> Duration {
    let mut up = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    #[expect(unsafe_code, reason = "only the C library offers it")]
    // SAFETY: it writes to the place that it is given, and nowhere else.
    let failed = unsafe { libc::clock_gettime(UPTIME, &raw mut up) } != 0;
    debug_assert!(!failed, "every kernel since 2.6.39 has this clock");
    Duration::new(u64::try_from(up.tv_sec).unwrap_or(0), u32::try_from(up.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn virtual_time_goes_on_with_tokio() {
        let start = Time::from_secs(1_000_000);
        let clock = Clock::starting_at(start);
        assert_eq!(clock.now(), start);
        let up = clock.uptime();
        tokio::time::sleep(Duration::from_secs(90)).await;
        assert_eq!(clock.now(), Time::from_secs(1_000_090));
        assert_eq!(clock.uptime().since(up), Duration::from_secs(90));
        assert_eq!(up.since(clock.uptime()), Duration::ZERO);
    }

    #[test]
    fn the_machine_is_up_and_stays_up() {
        let up = Clock::system().uptime();
        assert!(up > Uptime(Duration::ZERO) && Clock::system().uptime() >= up);
    }
}
