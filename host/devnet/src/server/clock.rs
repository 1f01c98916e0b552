//! The server's clock: the wall clock once, at the start, and tokio's time from then on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dogwatch_chain::Time;
use tokio::time::Instant;

/// Follows tokio's time, so that tests can pause it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerClock {
    start: Time,
    origin: Instant,
}

impl ServerClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock module: read once, all else is tokio's time")]
    pub(crate) fn start() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { start: Time::from_millis(0).plus(since), origin: Instant::now() }
    }

    pub(crate) fn now(&self) -> Time {
        self.start.plus(self.origin.elapsed())
    }

    /// The instant of a time; now or earlier if it has passed.
    pub(crate) fn instant(&self, time: Time) -> Instant {
        self.origin.checked_add(time.since(self.start)).unwrap_or(self.origin)
    }
}
