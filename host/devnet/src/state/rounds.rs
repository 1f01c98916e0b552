//! Rounds: who produces in which slot.

use std::collections::BTreeMap;
use std::sync::Arc;

use dogwatch_chain::{AccountName, BlockNum, FutureSchedule};
use rand::seq::SliceRandom as _;

use super::chain_state::{ChainState, Rounds, WitnessObject};
use crate::seed::draw;
use crate::setup::Setup;

/// Draws the `round`-th round, from 0, from the enabled witnesses: those with the most votes, and one of the rest in turn,
/// in random order.
pub(crate) fn draw_round(
    witnesses: &BTreeMap<AccountName, WitnessObject>,
    length: u32,
    seed: u64,
    round: u64,
) -> Vec<AccountName> {
    let mut ranked: Vec<(&AccountName, &WitnessObject)> =
        witnesses.iter().filter(|(_, witness)| !witness.signing_key.is_null()).collect();
    ranked.sort_by_key(|(_, witness)| witness.rank);
    let elected = usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(1).min(ranked.len());
    let backups = ranked.split_off(elected);
    let turn = u64::try_from(backups.len())
        .ok()
        .and_then(|count| round.checked_rem(count))
        .and_then(|turn| usize::try_from(turn).ok());
    ranked.extend(turn.and_then(|turn| backups.get(turn)));
    let mut names: Vec<AccountName> = ranked.into_iter().map(|(name, _)| name.clone()).collect();
    names.shuffle(&mut draw(seed, "round", round));
    names
}

/// Replaces the schedule if `num` is the last block of a round.
pub(crate) fn shuffle(setup: &Setup, state: &mut ChainState, num: BlockNum) {
    let length = setup.profile.round_length;
    if num.0.checked_rem(length) != Some(0) {
        return;
    }
    let begins = u64::from(num.0).checked_div(u64::from(length)).unwrap_or(0);
    let round = match setup.profile.future_schedule {
        FutureSchedule::Published => begins.saturating_add(1),
        FutureSchedule::Unknown => begins,
    };
    let drawn = draw_round(&state.witnesses, length, setup.seed, round);
    let old = &state.rounds;
    // With every witness disabled a chain stops for good; a devnet keeps its last schedule.
    let drawn = if drawn.is_empty() { old.current.clone() } else { drawn };
    let (current, future) = match (setup.profile.future_schedule, &old.future) {
        (FutureSchedule::Published, Some(next)) => (next.clone(), Some(drawn)),
        _ => (drawn, None),
    };
    state.rounds = Arc::new(Rounds { current, future, next_shuffle: BlockNum(num.0.saturating_add(length)) });
}
