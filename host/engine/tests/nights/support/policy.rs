//! Policies in a few lines each.

use dogwatch_engine::{Action, Decision, Holder, NodeIndex, PolicyFailure, Situation, SlotOutcome, Verdict};
use rand::Rng as _;
use rand::rngs::SmallRng;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// So many own misses in a row by the present holder: on to the next node that is eligible.
    Threshold(usize),
    /// Does not work.
    Broken,
    /// Always wants that, whatever it is told.
    Stubborn(Action),
    /// Wants anything.
    Wild,
}

impl Policy {
    pub(crate) fn decide(self, situation: &Situation, rng: &mut SmallRng) -> Result<Decision, PolicyFailure> {
        let act = |action| Ok(Decision { action, ..Decision::stay("the test says so", Vec::new()) });
        match self {
            Self::Broken => Err(PolicyFailure::new("unreachable executed")),
            Self::Stubborn(action) => act(action),
            Self::Wild => match rng.random_range(0..12) {
                0..6 => act(Action::SwitchTo(NodeIndex(rng.random_range(0..5)))),
                6 => act(Action::Disable),
                7 => Err(PolicyFailure::new("a wild error")),
                _ => act(Action::Stay),
            },
            Self::Threshold(needed) => act(threshold(situation, needed)),
        }
    }
}

fn threshold(situation: &Situation, needed: usize) -> Action {
    if situation.verdict != Verdict::Me || situation.switching {
        return Action::Stay;
    }
    let since = situation.holder_since.unwrap_or_default();
    let evidence = situation.slots.iter().rev().filter(|own| own.outcome != SlotOutcome::ChainWide);
    let misses = evidence
        .take_while(|own| own.outcome == SlotOutcome::Missed && own.holder == situation.holder && own.slot >= since)
        .count();
    if misses < needed {
        return Action::Stay;
    }
    let mut nodes = situation.nodes.iter().enumerate();
    let next = nodes.find(|(index, node)| node.eligible && situation.holder != Holder::Node(NodeIndex(*index)));
    next.map_or(Action::Stay, |(index, _)| Action::SwitchTo(NodeIndex(index)))
}
