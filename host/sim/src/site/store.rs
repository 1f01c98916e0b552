//! A site's disk: what is stored there, and what may happen to it.

use std::collections::BTreeMap;

use dogwatch_alerts::{AlertKey, Incident};
use dogwatch_chain::Time;
use dogwatch_engine::WatchState;

use crate::site::desk::NightDesk;

/// How a stored state comes to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The directory is gone: it looks like a first start.
    Gone,
    /// It cannot be read, and is set aside.
    Unreadable,
}

/// What a site has stored.
#[derive(Clone, Debug)]
pub(crate) struct SiteStore {
    states: Vec<WatchState>,
    /// What was stored in earlier slots, oldest first.
    backups: Vec<Backup>,
    pub(crate) desk: NightDesk,
    /// It takes nothing.
    pub(crate) full: bool,
}

/// States and alerts are in one database, and in one backup.
#[derive(Clone, Debug)]
struct Backup {
    slot: u64,
    states: Vec<WatchState>,
    incidents: BTreeMap<AlertKey, Incident>,
}

/// Slots between two backups.
const BACKUP_EVERY: u64 = 50;

impl SiteStore {
    pub(crate) fn new(witnesses: usize) -> Self {
        Self {
            states: vec![WatchState::default(); witnesses],
            backups: Vec::new(),
            desk: NightDesk::new(),
            full: false,
        }
    }

    /// Stores a witness's state.
    pub(crate) fn put(&mut self, slot: u64, witness: usize, state: &WatchState) {
        if self.full {
            return;
        }
        if let Some(stored) = self.states.get_mut(witness)
            && stored != state
        {
            stored.clone_from(state);
        }
        if self.backups.last().is_none_or(|last| last.slot + BACKUP_EVERY <= slot) {
            let (states, incidents) = (self.states.clone(), self.desk.incidents().clone());
            self.backups.push(Backup { slot, states, incidents });
        }
    }

    pub(crate) fn get(&self, witness: usize) -> WatchState {
        self.states.get(witness).cloned().unwrap_or_default()
    }

    /// Loses everything.
    pub(crate) fn lose(&mut self, how: Loss, now: Time) {
        for state in &mut self.states {
            *state = WatchState { history_lost: (how == Loss::Unreadable).then_some(now), ..WatchState::default() };
        }
        self.desk.forget();
    }

    /// Goes back to the oldest backup.
    pub(crate) fn restore(&mut self) {
        if let Some(backup) = self.backups.first() {
            self.states.clone_from(&backup.states);
            self.desk.restore(&backup.incidents);
        }
    }
}
