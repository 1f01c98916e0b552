//! What the endpoints agree on: the head's branch, the schedule and the state of a witness.

use dogwatch_chain::{BlockId, BlockNum, PublicKey, Schedule, WitnessState};

use crate::chain::quorum::Quorum;
use crate::chain::reading::{NamedReading, WitnessReading};
use crate::situation::Agreement;

/// Whether more operators have another block at the height of that answer's head.
pub(super) fn outvoted(quorum: &Quorum, (_, reading): &NamedReading<'_>, fresh: &[NamedReading<'_>]) -> bool {
    let votes = |of: BlockId| {
        quorum.voices(fresh.iter().filter(|(_, reading)| reading.head.id == of).map(|(endpoint, _)| *endpoint))
    };
    let id = reading.head.id;
    fresh.iter().any(|(_, rival)| rival.head.num() == id.num() && votes(rival.head.id) > votes(id))
}

/// How well the endpoints agree, given whose answers are trusted and how many contradict them.
pub(super) fn judge(quorum: &Quorum, trusted: &[NamedReading<'_>], doubted: usize) -> Agreement {
    let differ =
        |(_, a): &NamedReading<'_>, (_, b): &NamedReading<'_>| a.head.num() == b.head.num() && a.head.id != b.head.id;
    let same_height_differs = trusted.iter().any(|a| trusted.iter().any(|b| differ(a, b)));
    match (quorum.all(), quorum.voices_of(trusted)) {
        (_, 0) => Agreement::Blind,
        _ if same_height_differs => Agreement::Disagreed,
        (1, _) => Agreement::Single,
        (_, n) if n >= quorum.need() => Agreement::Agreed,
        _ if doubted > 0 => Agreement::Disagreed,
        _ => Agreement::Thin,
    }
}

/// The schedule that the quorum shows, of those that are in force at the head. It tells who missed a slot: one
/// endpoint's word is not enough for that.
pub(super) fn schedule(quorum: &Quorum, trusted: &[NamedReading<'_>], head: BlockNum) -> Option<Schedule> {
    let same =
        |one: &Schedule, other: &Schedule| one.next_shuffle == other.next_shuffle && one.current == other.current;
    let voices = |holds: &dyn Fn(&Schedule) -> bool| {
        let of = trusted.iter().filter(|(_, reading)| holds(&reading.schedule));
        quorum.voices(of.map(|(endpoint, _)| *endpoint))
    };
    let agreed = trusted
        .iter()
        .map(|(_, reading)| &reading.schedule)
        .find(|schedule| schedule.is_in_force_at(head) && voices(&|other| same(schedule, other)) >= quorum.need())?;
    // Not every gateway passes on the method that tells the next round.
    let futures = trusted.iter().map(|(_, reading)| &reading.schedule).filter(|other| same(agreed, other));
    let future = futures
        .filter_map(|schedule| schedule.future.as_ref())
        .max_by_key(|future| voices(&|other| same(agreed, other) && other.future.as_ref() == Some(*future)));
    Some(Schedule { future: future.cloned(), ..agreed.clone() })
}

/// What the endpoints say of the `index`-th watched witness: what the quorum of them says, if it is also more than half.
pub(super) fn witness(quorum: &Quorum, trusted: &[NamedReading<'_>], index: usize) -> WitnessReading {
    let states: Vec<(&str, Option<&WitnessState>)> = trusted
        .iter()
        .filter_map(|(endpoint, reading)| Some((*endpoint, reading.witnesses.get(index)?.as_ref())))
        .collect();
    let mut keys: Vec<PublicKey> = states.iter().filter_map(|(_, state)| Some(state.as_ref()?.signing_key)).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() {
        return if states.is_empty() { WitnessReading::Unread } else { WitnessReading::NoSuchWitness };
    }
    let everybody = quorum.voices(states.iter().map(|(endpoint, _)| *endpoint));
    let agreed = keys.iter().find_map(|key| {
        let says = |state: &Option<&WitnessState>| state.is_some_and(|state| state.signing_key == *key);
        let of_key = || states.iter().filter(|(_, state)| says(state));
        let voices = quorum.voices(of_key().map(|(endpoint, _)| *endpoint));
        let most = voices >= quorum.wanted() && voices.saturating_mul(2) > everybody;
        let all = of_key().count() == states.len();
        let newest = of_key().filter_map(|(_, state)| *state).max_by_key(|state| state.last_confirmed_block);
        newest.filter(|_| most || all)
    });
    agreed.map_or(WitnessReading::Split(keys), |state| WitnessReading::Agreed(state.clone()))
}
