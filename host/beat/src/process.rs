//! The node's process: where it is found, that it ends, and that it stands still.

mod activity;
mod place;

use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::process::activity::Activity;
pub use crate::process::place::{Place, ProcessError};
use crate::report::ProcessState;

/// A process that uses no processor time for so long stands still: a node takes in a block each three seconds, and talks to its
/// peers all the time.
const STALLED_AFTER: Duration = Duration::from_secs(2);

/// Watches a node's process across its restarts.
#[derive(Debug)]
pub struct ProcessWatch {
    place: Place,
    held: Option<Held>,
    /// Whether there ever was one: without that nobody knows that it is looked for in the right place.
    found_before: bool,
}

/// What was seen of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It has not been found since the watch began.
    NeverFound,
    /// It is or was there.
    Process(ProcessState),
}

/// A process that is there.
#[derive(Debug)]
struct Held {
    pid: Pid,
    /// Closed when the process ends.
    end: oneshot::Receiver<()>,
    activity: Activity,
    active_at: Instant,
}

impl ProcessWatch {
    /// A watch over the process at that place.
    pub fn new(place: Place) -> Self {
        Self { place, held: None, found_before: false }
    }

    /// Where the process is looked for.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The number of the process, while it is there.
    pub fn pid(&self) -> Option<i32> {
        self.held.as_ref().map(|held| held.pid.as_raw_nonzero().get())
    }

    /// Looks at the process, or for it.
    ///
    /// # Errors
    ///
    /// If this user may not look there.
    pub fn look(&mut self, now: Instant) -> Result<Seen, ProcessError> {
        if let Some(held) = &mut self.held {
            let activity = Activity::of(held.pid);
            if activity != held.activity {
                (held.activity, held.active_at) = (activity, now);
            }
            let idle = now.saturating_duration_since(held.active_at);
            let stalled = activity.is_stopped() || (activity.is_measured() && idle >= STALLED_AFTER);
            return Ok(Seen::Process(if stalled { ProcessState::Stalled } else { ProcessState::Running }));
        }
        self.held = self.place.find()?.and_then(|pid| hold(pid, now));
        self.found_before |= self.held.is_some();
        Ok(match (&self.held, self.found_before) {
            (Some(_), _) => Seen::Process(ProcessState::Running),
            (None, true) => Seen::Process(ProcessState::Ended),
            (None, false) => Seen::NeverFound,
        })
    }

    /// Waits until the process ends. If there is none, for ever.
    pub async fn ended(&mut self) {
        match &mut self.held {
            Some(held) => drop((&mut held.end).await),
            None => std::future::pending().await,
        }
        self.held = None;
    }
}

/// Holds on to a process: a thread of its own waits for its end, for as long as it lasts.
fn hold(pid: Pid, now: Instant) -> Option<Held> {
    // It may have ended since it was found. From here on, another process that gets the same number is not mistaken for it.
    let fd = pidfd_open(pid, PidfdFlags::empty()).ok()?;
    let (still_there, end) = oneshot::channel();
    let wait = move || {
        while let Err(Errno::INTR) = poll(&mut [PollFd::new(&fd, PollFlags::IN)], None) {}
        drop(still_there);
    };
    std::thread::Builder::new().name("process".to_owned()).spawn(wait).ok()?;
    Some(Held { pid, end, activity: Activity::of(pid), active_at: now })
}

#[cfg(test)]
mod tests;
