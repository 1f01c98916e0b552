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

/// A node takes in a block each three seconds, and talks to its peers all the time. One that uses no processor time for so
/// long stands still,
const STALLED_AFTER: Duration = Duration::from_secs(2);

/// if it never did so before, for this long: other processes rest now and then, such as a script around the node.
const STEADY_FOR: Duration = Duration::from_secs(30);

/// A folder of control groups that goes with its last process may never come back: so much later its absence says nothing.
const ENDED_FOR: Duration = Duration::from_secs(10);

/// Watches a node's process across its restarts.
#[derive(Debug)]
pub struct ProcessWatch {
    place: Place,
    held: Option<Held>,
    /// Whether there ever was one: without that nobody knows that it is looked for in the right place.
    found_before: bool,
    /// Since when there is none.
    ended_at: Option<Instant>,
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
    since: Instant,
    activity: Activity,
    rest: Rest,
}

/// How long a process rests between two looks at which it has done something.
#[derive(Clone, Copy, Debug)]
struct Rest {
    /// When it was last seen to do something.
    active_at: Instant,
    /// Since when it has never rested for long.
    steady_since: Instant,
}

impl Rest {
    fn new(now: Instant) -> Self {
        Self { active_at: now, steady_since: now }
    }

    /// Notes whether it has done something since the last look, and says whether it stands still.
    fn stands_still(&mut self, now: Instant, is_active: bool) -> bool {
        let too_long = now.saturating_duration_since(self.active_at) >= STALLED_AFTER;
        if is_active {
            if too_long {
                self.steady_since = now;
            }
            self.active_at = now;
            return false;
        }
        too_long && self.active_at.saturating_duration_since(self.steady_since) >= STEADY_FOR
    }
}

impl ProcessWatch {
    /// A watch over the process at that place.
    pub fn new(place: Place) -> Self {
        Self { place, held: None, found_before: false, ended_at: None }
    }

    /// Where the process is looked for.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The number of the process, while it is there.
    pub fn pid(&self) -> Option<i32> {
        self.held.as_ref().map(|held| held.pid.as_raw_nonzero().get())
    }

    /// How long the process has been watched.
    pub fn watched(&self, now: Instant) -> Duration {
        self.held.as_ref().map_or(Duration::ZERO, |held| now.saturating_duration_since(held.since))
    }

    /// Looks at the process, or for it.
    ///
    /// # Errors
    ///
    /// If this user may not look there.
    pub fn look(&mut self, now: Instant) -> Result<Seen, ProcessError> {
        if let Some(held) = &mut self.held {
            let activity = Activity::of(held.pid);
            let is_active = activity != held.activity;
            held.activity = activity;
            let rests = held.rest.stands_still(now, is_active) && activity.is_measured();
            let state = match activity.has_crashed() {
                true => ProcessState::Ended,
                false if rests || activity.is_stopped() => ProcessState::Stalled,
                false => ProcessState::Running,
            };
            return Ok(Seen::Process(state));
        }
        self.held = match self.place.find()? {
            Some(pid) => hold(pid, now)?,
            None => None,
        };
        if self.held.is_some() {
            self.ended_at = None;
            self.found_before = true;
            return Ok(Seen::Process(ProcessState::Running));
        }
        let ended_at = *self.ended_at.get_or_insert(now);
        let is_over = self.place.is_gone() && now.saturating_duration_since(ended_at) >= ENDED_FOR;
        let known = self.found_before && !is_over;
        Ok(if known { Seen::Process(ProcessState::Ended) } else { Seen::NeverFound })
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

/// Holds on to a process: a thread of its own waits for its end, for as long as it lasts. None if it has ended meanwhile.
fn hold(pid: Pid, now: Instant) -> Result<Option<Held>, ProcessError> {
    let failed = |error| ProcessError::new(format!("/proc/{}", pid.as_raw_nonzero()).into(), error);
    // From here on, another process that gets the same number is not mistaken for it.
    let fd = match pidfd_open(pid, PidfdFlags::empty()) {
        Err(Errno::SRCH) => return Ok(None),
        opened => opened.map_err(|error| failed(error.into()))?,
    };
    let (still_there, end) = oneshot::channel();
    let wait = move || {
        while let Err(Errno::INTR) = poll(&mut [PollFd::new(&fd, PollFlags::IN)], None) {}
        drop(still_there);
    };
    std::thread::Builder::new().name("process".to_owned()).spawn(wait).map_err(failed)?;
    Ok(Some(Held { pid, end, since: now, activity: Activity::of(pid), rest: Rest::new(now) }))
}

#[cfg(test)]
mod tests;
