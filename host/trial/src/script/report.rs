//! What came of a script.

use serde::Serialize;

use crate::script::record::{DecisionMade, Wish};

/// How many decisions show what was done instead.
const SHOWN: usize = 6;

/// A script that was played.
#[derive(Clone, Debug, Serialize)]
pub struct Played {
    /// What was expected, and whether it came so.
    pub verdicts: Vec<Verdict>,
    /// Every decision.
    pub decisions: Vec<DecisionMade>,
    /// Own blocks that were lost while the chain went on.
    pub lost: u32,
    /// Switches that a policy made.
    pub switches: u32,
    /// Switches that a rail refused.
    pub refused: u32,
    /// A rule of the simulator that was broken: that is a bug in Dogwatch.
    pub broken: Option<String>,
}

impl Played {
    /// Whether all came as expected.
    pub fn passed(&self) -> bool {
        self.broken.is_none() && self.verdicts.iter().all(|verdict| verdict.wrong.is_none())
    }
}

/// One expectation, and whether it came so.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// What was expected.
    pub expected: String,
    /// What came instead.
    pub wrong: Option<String>,
    /// The decisions of that stretch, where they are not as expected: the first of each row of like ones.
    pub instead: Vec<String>,
}

impl Verdict {
    pub(super) fn new(expected: String, wrong: Option<String>, within: &[&DecisionMade]) -> Self {
        let mut instead: Vec<&DecisionMade> = Vec::new();
        if wrong.is_some() {
            for made in within {
                if instead.last().is_none_or(|last| (&last.wish, &last.reason) != (&made.wish, &made.reason)) {
                    instead.push(made);
                }
            }
        }
        Self { expected, wrong, instead: instead.into_iter().take(SHOWN).map(DecisionMade::line).collect() }
    }

    pub(super) fn at_most(what: &str, most: u32, found: u32) -> Self {
        let wrong = (found > most).then(|| format!("{found}"));
        Self { expected: format!("{what}: at most {most}"), wrong, instead: Vec::new() }
    }

    pub(super) fn exactly(what: &str, count: u32, found: u32) -> Self {
        let wrong = (found != count).then(|| format!("{found}"));
        Self { expected: format!("{what}: {count}"), wrong, instead: Vec::new() }
    }
}

impl DecisionMade {
    /// What it did, in a sentence.
    pub(super) fn in_words(&self) -> String {
        let did = match &self.wish {
            Wish::Stay => "it stayed".to_owned(),
            Wish::Switch(node) => format!("it switched to {node}"),
            Wish::Disable => "it disabled the witness".to_owned(),
            Wish::Nothing => "it failed".to_owned(),
        };
        format!("{did} in slot {}: {}", self.slot, self.reason)
    }

    fn line(&self) -> String {
        format!("{}  {}", self.time, self.in_words())
    }
}
