//! The evidence on chain against the present node.

use dogwatch_sdk::policy::{Holder, Outcome, OwnSlot, Situation, SwitchOutcome};

/// The first slot that is recent enough to count.
fn window_start(situation: &Situation, window_rounds: u32) -> u64 {
    let length = u64::from(window_rounds).saturating_mul(u64::from(situation.round_length));
    situation.view.head_slot.saturating_sub(length)
}

/// The own slots that the node missed in a row under the present key, newest first, however far apart they are: a backup
/// witness has one in many rounds.
///
/// A slot that the whole chain missed neither counts nor interrupts. A slot of another holder ends the row: before it,
/// the present key was not yet in use, even if its change was not seen.
pub(crate) fn missed_in_a_row(situation: &Situation, node: u32) -> Vec<u64> {
    let start = situation.holder_since.unwrap_or(0);
    situation
        .slots
        .iter()
        .rev()
        .take_while(|own| own.slot >= start && own.holder == Holder::Node(node))
        .filter(|own| own.outcome != Outcome::ChainWide)
        .take_while(|own| own.outcome == Outcome::Missed)
        .map(|own| own.slot)
        .collect()
}

/// Whether the node failed within the window, and may fail again: the key was moved away from it, by whichever site, or
/// it missed a slot and has produced no block since.
pub(crate) fn failed_lately(situation: &Situation, window_rounds: u32, node: u32) -> bool {
    moved_away(situation, window_rounds, node) || missed_last(situation, window_rounds, node)
}

fn missed_last(situation: &Situation, window_rounds: u32, node: u32) -> bool {
    let start = window_start(situation, window_rounds);
    let own = |own: &&OwnSlot| own.holder == Holder::Node(node) && own.outcome != Outcome::ChainWide;
    let last = situation.slots.iter().rev().find(own);
    last.is_some_and(|own| own.slot >= start && own.outcome == Outcome::Missed)
}

fn moved_away(situation: &Situation, window_rounds: u32, node: u32) -> bool {
    let slots = u64::from(window_rounds).saturating_mul(u64::from(situation.round_length));
    let millis = slots.saturating_mul(situation.block_interval);
    let since = situation.now.saturating_sub(i64::try_from(millis).unwrap_or(i64::MAX));
    situation.switches.iter().any(|switch| {
        switch.from == Holder::Node(node) && switch.outcome == SwitchOutcome::Applied && switch.at >= since
    })
}
