//! How often it did not start, or died: counted across restarts.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use dogwatch_chain::Time;
use serde::{Deserialize, Serialize};

/// Failures are counted over this time.
const WINDOW: Duration = Duration::from_hours(1);

/// So many failures within it are a crash loop.
const LOOP: usize = 3;

/// What is noticed so soon after a failure is that failure.
const SAME: Duration = Duration::from_secs(60);

/// As many failures as are remembered.
const REMEMBERED: usize = 50;

/// The file has this size from its first day: written over in place, it can still be written when the disk is full.
const SIZE: usize = 4096;

/// What is to be said of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// It is the first.
    First,
    /// It is the third, or an hour has passed since that was said.
    Loop,
    /// It was said.
    Nothing,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Entries {
    /// Since when a daemon runs that has not said good-bye.
    running: Option<Time>,
    /// When it failed.
    failures: Vec<Time>,
    /// When a channel took the message that it does not start.
    told: Option<Time>,
    /// When a channel took the message that it is a loop.
    told_loop: Option<Time>,
}

/// The journal of starts. Where it cannot be written it counts for nothing, and every failure is said.
#[derive(Debug)]
pub struct Journal {
    entries: Entries,
    file: Option<File>,
}

impl Journal {
    /// Opens it in the state directory, making both if need be.
    pub fn open(state_dir: &Path) -> Self {
        let _ = DirBuilder::new().recursive(true).mode(0o700).create(state_dir);
        let path = state_dir.join("starts.json");
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let mut file = opened.ok();
        let mut text = String::new();
        if let Some(file) = &mut file {
            let _ = file.read_to_string(&mut text);
        }
        Self { entries: serde_json::from_str(text.trim()).unwrap_or_default(), file }
    }

    /// It starts. Whoever ran before without a good-bye has died.
    pub fn started(&mut self, now: Time) {
        if self.entries.running.is_some() {
            self.count(now);
        }
        self.entries.running = Some(now);
        self.write();
    }

    /// It ends as it was told to.
    pub fn stopped(&mut self) {
        self.entries.running = None;
        self.write();
    }

    /// It did not start, or ended when it should not.
    pub fn failed(&mut self, now: Time) {
        self.entries.running = None;
        self.count(now);
        self.write();
    }

    /// Somebody else noticed that it failed, and may not be the first: whoever ran counts its own failures, and one that
    /// died is counted here instead of at the next start.
    pub fn noticed(&mut self, now: Time) {
        let counted = self.entries.failures.last().is_some_and(|last| now.since(*last) < SAME && *last <= now);
        if self.entries.running.take().is_some() || !counted {
            self.count(now);
        }
        self.write();
    }

    /// It has run for long enough: what was is over.
    pub fn settled(&mut self) {
        self.entries = Entries { running: self.entries.running, ..Entries::default() };
        self.write();
    }

    /// Whether a channel took the message that it does not start, which is over now.
    pub fn take_told(&mut self) -> bool {
        let told = self.entries.told.take().is_some();
        self.write();
        told
    }

    /// A channel took the message.
    pub fn told(&mut self, now: Time, say: Say) {
        self.entries.told = Some(now);
        if say == Say::Loop {
            self.entries.told_loop = Some(now);
        }
        self.write();
    }

    /// What is to be said of the last failure.
    pub fn say(&self, now: Time) -> Say {
        let lately = |told: Option<Time>| told.is_some_and(|told| now.since(told) < WINDOW && told <= now);
        if self.failures(now) >= LOOP {
            return if lately(self.entries.told_loop) { Say::Nothing } else { Say::Loop };
        }
        if lately(self.entries.told) { Say::Nothing } else { Say::First }
    }

    /// How often it failed lately.
    pub fn failures(&self, now: Time) -> usize {
        self.entries.failures.iter().filter(|at| now.since(**at) < WINDOW && **at <= now).count()
    }

    fn count(&mut self, now: Time) {
        self.entries.failures.push(now);
        let surplus = self.entries.failures.len().saturating_sub(REMEMBERED);
        self.entries.failures.drain(..surplus);
    }

    fn write(&mut self) {
        let Some(file) = &mut self.file else { return };
        let Ok(mut text) = serde_json::to_string(&self.entries) else { return };
        text.extend(std::iter::repeat_n(' ', SIZE.saturating_sub(text.len())));
        let _ = file.rewind().and_then(|()| file.write_all(text.as_bytes())).and_then(|()| file.sync_data());
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "test code")]
mod tests {
    use super::*;

    fn at(minute: u32) -> Time {
        Time::from_secs(1_000_000 + 60 * minute)
    }

    #[test]
    fn the_first_and_the_third_failure_are_said_and_then_one_in_an_hour() {
        let dir = tempfile::TempDir::new().unwrap();
        let mut said = Vec::new();
        for minute in 0..130 {
            let mut journal = Journal::open(dir.path());
            journal.failed(at(minute));
            let say = journal.say(at(minute));
            if say != Say::Nothing {
                said.push((minute, say));
                journal.told(at(minute), say);
            }
        }
        assert_eq!(said, [(0, Say::First), (2, Say::Loop), (62, Say::Loop), (122, Say::Loop)]);
    }

    #[test]
    fn what_no_channel_took_is_said_at_the_next_start() {
        let dir = tempfile::TempDir::new().unwrap();
        for minute in 0..2 {
            let mut journal = Journal::open(dir.path());
            journal.failed(at(minute));
            assert_eq!(journal.say(at(minute)), Say::First);
        }
    }

    #[test]
    fn whoever_dies_is_counted_and_whoever_stops_is_not() {
        let dir = tempfile::TempDir::new().unwrap();
        for minute in 0..4 {
            Journal::open(dir.path()).started(at(minute));
        }
        let mut journal = Journal::open(dir.path());
        assert_eq!(journal.failures(at(4)), 3, "the last one may still run");
        assert_eq!(journal.failures(at(100)), 0);
        journal.stopped();
        journal.started(at(5));
        assert_eq!(journal.failures(at(5)), 3);
        journal.settled();
        assert_eq!(Journal::open(dir.path()).failures(at(5)), 0);
    }

    #[test]
    fn a_failure_that_others_notice_too_is_one() {
        let dir = tempfile::TempDir::new().unwrap();
        let open = || Journal::open(dir.path());
        let second = |second: u32| Time::from_secs(1_000_000 + second);
        open().failed(second(0));
        open().noticed(second(1));
        assert_eq!(open().failures(second(2)), 1);
        open().started(second(5));
        open().noticed(second(6));
        open().started(second(11));
        assert_eq!(open().failures(second(11)), 2, "it died once, and was counted once");
        open().stopped();
        open().noticed(second(200));
        assert_eq!(open().failures(second(200)), 3, "it was not even started");
    }

    #[test]
    fn it_never_grows_and_a_torn_one_is_empty() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("starts.json");
        for minute in 0..200 {
            Journal::open(dir.path()).failed(at(minute));
            assert_eq!(std::fs::metadata(&path).unwrap().len(), 4096);
        }
        std::fs::write(&path, "{\"running\": tor").unwrap();
        assert_eq!(Journal::open(dir.path()).failures(at(200)), 0);
    }
}
