//! What enough operators say alike: the schedule, and the state of a witness.

use dogwatch_chain::{BlockNum, PublicKey, Schedule, WitnessState};

use crate::operators;
use crate::voice::SoundVoice;

/// What the endpoints say of a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WitnessAgreement {
    /// The quorum, and more than half of them, say this. Nodes answer from pending state: only blocks prove it.
    Agreed(WitnessState),
    /// They contradict each other: the keys that they name.
    Split(Vec<PublicKey>),
    /// The quorum says that there is no such witness.
    NoSuchWitness,
    /// Too few say anything about it.
    Unknown,
}

/// The schedule that `need` operators show, of those that are in force at the head. It tells who missed a slot: one
/// endpoint's word is not enough for that.
pub(crate) fn schedule(sound: &[SoundVoice<'_>], need: usize, head: BlockNum) -> Option<Schedule> {
    let same =
        |one: &Schedule, other: &Schedule| one.next_shuffle == other.next_shuffle && one.current == other.current;
    let voices = |holds: &dyn Fn(&Schedule) -> bool| {
        operators::count(sound.iter().filter(|voice| holds(voice.reading.schedule)).map(|voice| voice.operator))
    };
    let schedules = || sound.iter().map(|voice| voice.reading.schedule);
    let agreed =
        schedules().find(|schedule| schedule.is_in_force_at(head) && voices(&|other| same(schedule, other)) >= need)?;
    // Not every gateway passes on the method that tells the next round.
    let future = schedules()
        .filter(|other| same(agreed, other))
        .filter_map(|schedule| schedule.future.as_ref())
        .max_by_key(|future| voices(&|other| same(agreed, other) && other.future.as_ref() == Some(*future)));
    Some(Schedule { future: future.cloned(), ..agreed.clone() })
}

/// What the endpoints say of the `index`-th watched witness: what `need` operators say, if they are also more than those
/// who say something else.
pub(crate) fn witness(sound: &[SoundVoice<'_>], need: usize, index: usize) -> WitnessAgreement {
    type Said<'a> = (&'a str, Option<&'a WitnessState>);
    let said: Vec<Said<'_>> =
        sound.iter().filter_map(|voice| Some((voice.operator, voice.reading.witnesses.get(index)?.as_ref()))).collect();
    let enough = |holds: &dyn Fn(Option<&WitnessState>) -> bool| {
        let (by, others): (Vec<&Said<'_>>, Vec<&Said<'_>>) = said.iter().partition(|(_, state)| holds(*state));
        let count = |of: &[&Said<'_>]| operators::count(of.iter().map(|(operator, _)| *operator));
        count(&by) >= need && count(&by) > count(&others)
    };
    let mut keys: Vec<PublicKey> = said.iter().filter_map(|(_, state)| Some(state.as_ref()?.signing_key)).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in &keys {
        if enough(&|state| state.is_some_and(|state| state.signing_key == *key)) {
            let of_key = said.iter().filter_map(|(operator, state)| Some((*operator, (*state)?)));
            if let Some(known) = known(of_key.filter(|(_, state)| state.signing_key == *key), need) {
                return WitnessAgreement::Agreed(known.clone());
            }
        }
    }
    if enough(&|state| state.is_none()) {
        return WitnessAgreement::NoSuchWitness;
    }
    let unknown_to_some = said.iter().any(|(_, state)| state.is_none());
    match keys.len() {
        0 => WitnessAgreement::Unknown,
        1 if !unknown_to_some => WitnessAgreement::Unknown,
        _ => WitnessAgreement::Split(keys),
    }
}

/// The newest state that `need` operators have come to: one alone may be on another branch, where the witness produces.
fn known<'a>(
    states: impl Iterator<Item = (&'a str, &'a WitnessState)> + Clone,
    need: usize,
) -> Option<&'a WitnessState> {
    let progress = |state: &WitnessState| (state.last_confirmed_block, state.total_missed);
    let reached = operators::reached(states.clone().map(|(operator, state)| (progress(state), operator)), need)?;
    states.map(|(_, state)| state).find(|state| progress(state) == reached)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::testing::state;

    #[test]
    fn one_operator_alone_does_not_say_that_the_witness_has_produced() {
        let at = |block: u32, missed| WitnessState {
            last_confirmed_block: BlockNum(block),
            total_missed: missed,
            ..state()
        };
        let said = [("a", at(49, 1)), ("b", at(36, 4)), ("b", at(36, 4)), ("c", at(36, 3)), ("a", at(48, 1))];
        let known = |need| known(said.iter().map(|(operator, state)| (*operator, state)), need).cloned();
        assert_eq!([1, 2, 3, 4].map(known), [Some(at(49, 1)), Some(at(36, 4)), Some(at(36, 3)), None]);
    }
}
