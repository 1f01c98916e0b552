//! The journal of starts: counts failed starts and crashes across restarts.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use dogwatch_chain::Time;
use serde::{Deserialize, Serialize};

/// Failures are counted over this window.
const WINDOW: Duration = Duration::from_hours(1);

/// This many failures within the window are a crash loop.
const LOOP: usize = 3;

/// A failure noticed within this time of another one is the same failure.
const SAME: Duration = Duration::from_secs(60);

/// The most failures that are remembered.
const REMEMBERED: usize = 50;

/// The file always has this size, in bytes: overwritten in place, it can be written even when the disk is full.
const SIZE: usize = 4096;

/// What to tell the operator about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announce {
    /// It is the first failure.
    First,
    /// It is the third failure, or an hour has passed since the last such message.
    Loop,
    /// Nothing: the operator knows.
    Nothing,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Entries {
    /// Since when a daemon has been running that has not stopped cleanly.
    running: Option<Time>,
    /// When it failed or crashed.
    failures: Vec<Time>,
    /// When a channel last delivered the message that Dogwatch does not start.
    told: Option<Time>,
    /// When a channel last delivered the message about a crash loop.
    told_loop: Option<Time>,
    /// Whether the alert that the state cannot be stored is open.
    told_store: bool,
}

/// The journal of starts. It is in the state directory or, if that cannot be written, in the runtime directory: a full
/// or read-only disk is one of the failures that it counts. If neither can be written, every failure is reported.
///
/// Other processes may write at the same time, so every change locks the file and reads it again.
#[derive(Debug)]
pub struct Journal {
    path: Option<PathBuf>,
}

impl Journal {
    /// Opens the journal in the state directory, creating both if necessary.
    pub fn open(state_dir: &Path) -> Self {
        // systemd separates several directories by colons.
        let runtime = std::env::var("RUNTIME_DIRECTORY").ok();
        let runtime = runtime.and_then(|all| all.split(':').next().map(PathBuf::from));
        Self::open_in([Some(state_dir.to_owned()), runtime].into_iter().flatten())
    }

    fn open_in(places: impl Iterator<Item = PathBuf>) -> Self {
        let writable = |place: PathBuf| {
            let _ = DirBuilder::new().recursive(true).mode(0o700).create(&place);
            let journal = Self { path: Some(place.join("starts.json")) };
            journal.change(|_| ()).is_some().then_some(journal)
        };
        places.into_iter().find_map(writable).unwrap_or(Self { path: None })
    }

    /// Reads, changes and writes the journal in one step.
    fn change<T>(&self, work: impl FnOnce(&mut Entries) -> T) -> Option<T> {
        let path = self.path.as_ref()?;
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).ok()?;
        // Released when the file is closed.
        file.lock().ok()?;
        let mut text = String::new();
        let _ = file.read_to_string(&mut text);
        let mut entries: Entries = serde_json::from_str(text.trim()).unwrap_or_default();
        let done = work(&mut entries);
        let mut text = serde_json::to_string(&entries).ok()?;
        text.extend(std::iter::repeat_n(' ', SIZE.saturating_sub(text.len())));
        file.rewind().and_then(|()| file.write_all(text.as_bytes())).and_then(|()| file.sync_data()).ok()?;
        Some(done)
    }

    /// A daemon starts. One that was running before and has not stopped cleanly has crashed.
    pub fn started(&self, now: Time) {
        self.change(|entries| {
            if entries.running.replace(now).is_some() {
                entries.count(now);
            }
        });
    }

    /// The daemon is running, although somebody may have removed the journal that said so.
    pub fn goes_on(&self, now: Time) {
        self.change(|entries| entries.running.get_or_insert(now).to_owned());
    }

    /// The daemon stops cleanly.
    pub fn stopped(&self) {
        self.change(|entries| entries.running = None);
    }

    /// The daemon failed to start, or ended unexpectedly. Returns what to tell the operator.
    pub fn failed(&self, now: Time) -> Announce {
        let said = self.change(|entries| {
            entries.running = None;
            entries.count(now);
            entries.say(now)
        });
        said.unwrap_or(Announce::First)
    }

    /// Another process noticed that the daemon failed. The daemon may have counted the failure itself already. A crash
    /// is counted here instead of at the next start. A daemon that crashed was running and will be again, so it is
    /// reported only once it becomes a loop.
    pub fn noticed(&self, now: Time) -> Announce {
        let said = self.change(|entries| {
            let counted = entries.failures.last().is_some_and(|last| now.since(*last) < SAME && *last <= now);
            let died = entries.running.take().is_some();
            if died || !counted {
                entries.count(now);
            }
            match entries.say(now) {
                Announce::First if died => Announce::Nothing,
                say => say,
            }
        });
        said.unwrap_or(Announce::First)
    }

    /// Whether there were enough recent failures for a crash loop, although the daemon runs now.
    pub fn is_loop(&self, now: Time) -> bool {
        self.change(|entries| entries.lately(now) >= LOOP).unwrap_or(false)
    }

    /// Whether to report a crash loop now. If so, it counts as reported.
    pub fn take_loop(&self, now: Time) -> bool {
        let said = self.change(|entries| {
            let say = entries.lately(now) >= LOOP && entries.say(now) == Announce::Loop;
            if say {
                entries.told_loop = Some(now);
            }
            say
        });
        said.unwrap_or(false)
    }

    /// Whether a channel delivered the message that Dogwatch does not start, now that it has. Clears that mark.
    pub fn take_told(&self) -> bool {
        self.change(|entries| entries.told.take().is_some()).unwrap_or(false)
    }

    /// A channel delivered the message.
    pub fn told(&self, now: Time, say: Announce) {
        self.change(|entries| {
            entries.told = Some(now);
            if say == Announce::Loop {
                entries.told_loop = Some(now);
            }
        });
    }

    /// The alert that the state cannot be stored was raised.
    pub fn told_store(&self) {
        self.change(|entries| entries.told_store = true);
    }

    /// Whether that alert was raised, now that it is over. Clears that mark.
    pub fn take_told_store(&self) -> bool {
        self.change(|entries| std::mem::take(&mut entries.told_store)).unwrap_or(false)
    }

    /// How many failures there were within the window.
    pub fn failures(&self, now: Time) -> usize {
        self.change(|entries| entries.lately(now)).unwrap_or(0)
    }
}

impl Entries {
    fn say(&self, now: Time) -> Announce {
        let recent = |told: Option<Time>| told.is_some_and(|told| now.since(told) < WINDOW && told <= now);
        if self.lately(now) >= LOOP {
            return if recent(self.told_loop) { Announce::Nothing } else { Announce::Loop };
        }
        if recent(self.told) { Announce::Nothing } else { Announce::First }
    }

    fn lately(&self, now: Time) -> usize {
        self.failures.iter().filter(|at| now.since(**at) < WINDOW && **at <= now).count()
    }

    fn count(&mut self, now: Time) {
        self.failures.push(now);
        let surplus = self.failures.len().saturating_sub(REMEMBERED);
        self.failures.drain(..surplus);
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
    fn the_first_and_third_failure_are_reported_and_then_one_per_hour() {
        let dir = tempfile::TempDir::new().unwrap();
        let mut said = Vec::new();
        for minute in 0..130 {
            let journal = Journal::open(dir.path());
            let say = journal.failed(at(minute));
            if say != Announce::Nothing {
                said.push((minute, say));
                journal.told(at(minute), say);
            }
        }
        assert_eq!(said, [(0, Announce::First), (2, Announce::Loop), (62, Announce::Loop), (122, Announce::Loop)]);
    }

    #[test]
    fn a_message_that_no_channel_delivered_is_repeated_at_the_next_start() {
        let dir = tempfile::TempDir::new().unwrap();
        for minute in 0..2 {
            assert_eq!(Journal::open(dir.path()).failed(at(minute)), Announce::First);
        }
    }

    #[test]
    fn crashes_are_counted_and_clean_stops_are_not() {
        let dir = tempfile::TempDir::new().unwrap();
        for minute in 0..4 {
            let journal = Journal::open(dir.path());
            journal.started(at(minute));
            assert_eq!(journal.take_loop(at(minute)), minute == 3, "at the third crash");
        }
        let journal = Journal::open(dir.path());
        assert!(!journal.take_loop(at(4)) && journal.is_loop(at(4)), "reported once");
        assert!(!journal.is_loop(at(100)));
        journal.stopped();
        journal.started(at(5));
        assert_eq!(journal.failures(at(5)), 3);
    }

    #[test]
    fn a_failure_that_another_process_notices_too_counts_once() {
        let dir = tempfile::TempDir::new().unwrap();
        let open = || Journal::open(dir.path());
        let second = |second: u32| Time::from_secs(1_000_000 + second);
        open().failed(second(0));
        open().noticed(second(1));
        assert_eq!(open().failures(second(2)), 1);
        open().started(second(5));
        assert_eq!(open().noticed(second(6)), Announce::Nothing, "it crashed and was started again");
        open().started(second(11));
        assert_eq!(open().failures(second(11)), 2, "it crashed once and was counted once");
        open().stopped();
        assert_eq!(open().noticed(second(200)), Announce::Loop, "it did not even start");
        assert_eq!(open().failures(second(200)), 3);
    }

    #[test]
    fn an_unwritable_state_directory_falls_back_to_the_runtime_directory() {
        let (state, runtime) = (tempfile::TempDir::new().unwrap(), tempfile::TempDir::new().unwrap());
        // A file cannot hold other files.
        let no_directory = state.path().join("file");
        std::fs::write(&no_directory, "").unwrap();
        let open = || Journal::open_in([no_directory.clone(), runtime.path().to_owned()].into_iter());
        open().failed(at(0));
        assert_eq!(open().failures(at(0)), 1);
        assert_eq!(Journal::open_in([no_directory.clone()].into_iter()).failed(at(0)), Announce::First);
    }

    #[test]
    fn the_journal_never_grows_and_a_torn_one_counts_as_empty() {
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
