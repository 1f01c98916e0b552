//! The scheme by which an endpoint is asked, and how it was found out.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The scheme by which an endpoint is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum SchemeChoice {
    /// By https first, and by plain HTTP if that fails.
    Undecided,
    /// By https only.
    Https,
    /// By plain HTTP.
    Plain,
}

/// Why an endpoint that was written `http://` is asked by https.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Upgrade {
    /// Plain HTTP is not allowed beyond this machine.
    Rule,
    /// It also answers by https.
    Found,
    /// It redirects to https.
    Redirected,
    /// It was upgraded when the daemon last ran.
    Remembered,
}

/// The scheme that was found out for an endpoint; clones of the endpoint share it.
#[derive(Debug)]
pub(super) struct FoundScheme {
    choice: AtomicU8,
    upgrade: Mutex<Option<Upgrade>>,
    downgraded: AtomicBool,
}

/// Whether this choice gave up https after the endpoint had answered by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DowngradedNow {
    Yes,
    No,
}

impl FoundScheme {
    pub(super) fn new(choice: SchemeChoice, upgrade: Option<Upgrade>) -> Self {
        Self { choice: AtomicU8::new(choice as u8), upgrade: Mutex::new(upgrade), downgraded: AtomicBool::new(false) }
    }

    pub(super) fn choice(&self) -> SchemeChoice {
        match self.choice.load(Ordering::Relaxed) {
            0 => SchemeChoice::Undecided,
            2 => SchemeChoice::Plain,
            _ => SchemeChoice::Https,
        }
    }

    pub(super) fn choose(&self, choice: SchemeChoice) -> DowngradedNow {
        self.choice.store(choice as u8, Ordering::Relaxed);
        if choice == SchemeChoice::Plain && self.upgrade_slot().take().is_some() {
            self.downgraded.store(true, Ordering::Relaxed);
            return DowngradedNow::Yes;
        }
        DowngradedNow::No
    }

    pub(super) fn note_upgrade(&self, upgrade: Upgrade) {
        self.choose(SchemeChoice::Https);
        self.downgraded.store(false, Ordering::Relaxed);
        self.upgrade_slot().get_or_insert(upgrade);
    }

    pub(super) fn upgrade(&self) -> Option<Upgrade> {
        *self.upgrade_slot()
    }

    pub(super) fn is_downgraded(&self) -> bool {
        self.downgraded.load(Ordering::Relaxed)
    }

    fn upgrade_slot(&self) -> MutexGuard<'_, Option<Upgrade>> {
        self.upgrade.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rule => "plain http is not allowed beyond this machine",
            Self::Found => "it also answers by https",
            Self::Redirected => "it redirects to https",
            Self::Remembered => "it did so before",
        })
    }
}
