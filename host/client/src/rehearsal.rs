//! What a rehearsal found: whether a switch and the alerts would work now.

use dogwatch_engine::Counts;
use serde::{Deserialize, Serialize};

/// Whether something would work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckResult {
    /// It would.
    Works,
    /// It would not.
    Fails,
    /// That cannot be found out without doing it.
    Unknown,
}

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What.
    pub what: String,
    /// Whether it would work.
    pub result: CheckResult,
    /// In words.
    pub note: String,
}

/// A whole rehearsal. The JSON of `dogwatch rehearse --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RehearsalReport {
    /// What was tried.
    pub checks: Vec<Check>,
    /// Own slots of the last 24 h, by witness.
    pub slots: Vec<(String, SlotCounts)>,
}

/// Own slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotCounts {
    /// Blocks.
    pub produced: u32,
    /// Missed.
    pub missed: u32,
    /// Missed by the chain as a whole.
    pub chain_wide: u32,
}

impl From<Counts> for SlotCounts {
    fn from(counts: Counts) -> Self {
        Self { produced: counts.produced, missed: counts.missed, chain_wide: counts.chain_wide }
    }
}

impl RehearsalReport {
    /// Whether nothing was found that would not work.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.result != CheckResult::Fails)
    }

    /// One line for each thing that was tried, first what fails, and for the slots.
    pub fn lines(&self) -> Vec<String> {
        let check = |check: &Check| {
            let mark = match check.result {
                CheckResult::Works => "ok",
                CheckResult::Fails => "FAILS",
                CheckResult::Unknown => "not known",
            };
            format!("{mark}: {}{}{}", check.what, if check.note.is_empty() { "" } else { ": " }, check.note)
        };
        let slots = |(witness, slots): &(String, SlotCounts)| {
            let SlotCounts { produced, missed, chain_wide } = slots;
            format!("{witness}, last 24 h: {produced} blocks, {missed} missed, {chain_wide} missed by the whole chain")
        };
        let fails = |check: &&Check| check.result == CheckResult::Fails;
        let first = self.checks.iter().filter(fails);
        let others = self.checks.iter().filter(|check| !fails(check));
        first.chain(others).map(check).chain(self.slots.iter().map(slots)).collect()
    }
}
