//! The result of a rehearsal: whether switches and alerts would work now.

use dogwatch_engine::Counts;
use serde::{Deserialize, Serialize};

/// The result of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckResult {
    /// It would work.
    Works,
    /// It would not work.
    Fails,
    /// Only doing it would tell.
    Unknown,
}

/// One check of a rehearsal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was checked.
    pub what: String,
    /// Whether it would work.
    pub result: CheckResult,
    /// The result in words; may be empty.
    pub note: String,
}

/// The results of a rehearsal. The JSON of `dogwatch rehearse --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RehearsalReport {
    /// The checks.
    pub checks: Vec<Check>,
    /// Each witness's own slots of the last 24 h.
    pub slots: Vec<(String, SlotCounts)>,
    /// What `dogwatch check` notes and warns of, each with what to do about it.
    pub notes: Vec<String>,
}

/// How many of a witness's own slots had which outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotCounts {
    /// Slots with its block.
    pub produced: u32,
    /// Slots it missed.
    pub missed: u32,
    /// Slots missed by the chain as a whole.
    pub chain_wide: u32,
}

impl From<Counts> for SlotCounts {
    fn from(counts: Counts) -> Self {
        Self { produced: counts.produced, missed: counts.missed, chain_wide: counts.chain_wide }
    }
}

impl RehearsalReport {
    /// Whether no check has failed.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.result != CheckResult::Fails)
    }

    /// One line per check, failures first; then one per note, and one per witness for its slots.
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
        let notes = self.notes.iter().map(|note| format!("note: {note}"));
        first.chain(others).map(check).chain(notes).chain(self.slots.iter().map(slots)).collect()
    }
}
