//! Who produces in which round.

use std::collections::BTreeMap;

use dogwatch_chain::AccountName;
use rand::seq::SliceRandom as _;

use crate::seed::draw;
use crate::state::Witness;

/// Draws a round: the most voted of the enabled witnesses, one backup from the rest in turn, in random order.
pub(crate) fn draw_round(
    witnesses: &BTreeMap<AccountName, Witness>,
    length: u32,
    seed: u64,
    round: u64,
) -> Vec<AccountName> {
    let mut ranked: Vec<(&AccountName, &Witness)> =
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
