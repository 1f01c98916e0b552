//! What was played, in numbers.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use dogwatch_sim::{Night, NightOutcome, Rule};

/// What was played.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) nights: u64,
    pub(crate) elapsed: Duration,
    slots: u64,
    key_changes: u64,
    switches: u64,
    missed: u64,
    pub(crate) sandboxed: u64,
    faults: BTreeMap<String, u64>,
    violations: BTreeMap<Rule, u64>,
}

impl Counts {
    pub(crate) fn add(&mut self, night: &Night, outcome: &NightOutcome) {
        self.nights = self.nights.saturating_add(1);
        self.slots = self.slots.saturating_add(outcome.slots);
        self.key_changes = self.key_changes.saturating_add(outcome.key_changes.into());
        self.switches = self.switches.saturating_add(outcome.switches.into());
        self.missed = self.missed.saturating_add(outcome.missed.into());
        for fault in &night.faults {
            count(&mut self.faults, fault.kind.clone());
        }
        if let Some(violation) = &outcome.violation {
            count(&mut self.violations, violation.rule);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.nights = self.nights.saturating_add(other.nights);
        self.slots = self.slots.saturating_add(other.slots);
        self.key_changes = self.key_changes.saturating_add(other.key_changes);
        self.switches = self.switches.saturating_add(other.switches);
        self.missed = self.missed.saturating_add(other.missed);
        self.sandboxed = self.sandboxed.saturating_add(other.sandboxed);
        for (kind, times) in other.faults {
            let all = self.faults.entry(kind).or_default();
            *all = all.saturating_add(times);
        }
        for (rule, times) in other.violations {
            let all = self.violations.entry(rule).or_default();
            *all = all.saturating_add(times);
        }
    }
}

fn count<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) {
    let times = counts.entry(key).or_default();
    *times = times.saturating_add(1);
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate, to be read")]
        let rate = if seconds > 0.0 { self.nights as f64 / seconds } else { 0.0 };
        for (kind, times) in &self.faults {
            writeln!(f, "{kind:28} {times:>8}")?;
        }
        writeln!(f, "nights                       {:>8}   {rate:.0} a second", self.nights)?;
        writeln!(f, "slots                        {:>8}", self.slots)?;
        writeln!(f, "own slots missed             {:>8}", self.missed)?;
        writeln!(f, "key changes                  {:>8}   {} of them by a policy", self.key_changes, self.switches)?;
        writeln!(f, "decided in the sandbox too   {:>8}   nights", self.sandboxed)?;
        let violations: u64 = self.violations.values().sum();
        writeln!(f, "violations                   {violations:>8}")?;
        for (rule, times) in &self.violations {
            writeln!(f, "  {rule:?}: {times}")?;
        }
        Ok(())
    }
}

/// A seed that nobody has played yet.
#[expect(clippy::disallowed_methods, reason = "any number does that is another one each time")]
pub(crate) fn fresh_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or_default()
}
