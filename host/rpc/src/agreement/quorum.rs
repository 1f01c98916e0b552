//! What enough operators say alike.

use std::collections::BTreeSet;

use dogwatch_chain::{BlockNum, Head, PublicKey, Schedule, WitnessState};

use crate::agreement::outcome::WitnessAgreement;
use crate::agreement::reading::EndpointView;
use crate::endpoint::{EndpointIndex, Operator};

/// A voice that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct SoundVoice<'a> {
    pub(super) endpoint: EndpointIndex,
    pub(super) operator: &'a Operator,
    pub(super) reading: &'a EndpointView,
}

pub(super) fn operators<'a>(of: impl Iterator<Item = &'a Operator>) -> usize {
    of.collect::<BTreeSet<_>>().len()
}

/// The highest head that `need` operators have reached.
pub(super) fn highest_reached<'a>(sound: &[SoundVoice<'a>], need: usize) -> Option<&'a Head> {
    let height = reached(sound, need, Head::num)?;
    sound.iter().map(|sound| &sound.reading.head).find(|head| head.num() == height)
}

/// The highest number that `need` operators have reached.
pub(super) fn reached(sound: &[SoundVoice<'_>], need: usize, of: impl Fn(&Head) -> BlockNum) -> Option<BlockNum> {
    let mut numbers: Vec<(BlockNum, &Operator)> =
        sound.iter().map(|sound| (of(&sound.reading.head), sound.operator)).collect();
    numbers.sort_unstable_by(|one, other| other.cmp(one));
    let mut seen = BTreeSet::new();
    numbers.into_iter().find_map(|(number, operator)| {
        seen.insert(operator);
        (seen.len() >= need).then_some(number)
    })
}

/// The schedule, in force at the head, that `need` operators show.
pub(super) fn schedule(sound: &[SoundVoice<'_>], need: usize, head: &Head) -> Option<Schedule> {
    let same =
        |one: &Schedule, other: &Schedule| one.current == other.current && one.next_shuffle == other.next_shuffle;
    let candidates =
        sound.iter().map(|sound| &sound.reading.schedule).filter(|schedule| schedule.is_in_force_at(head.num()));
    let mut best = candidates.filter(|candidate| {
        let showing = sound.iter().filter(|sound| same(&sound.reading.schedule, candidate));
        operators(showing.map(|sound| sound.operator)) >= need
    });
    best.next().cloned()
}

pub(super) fn witness(sound: &[SoundVoice<'_>], need: usize, index: usize) -> WitnessAgreement {
    type Said<'a> = (&'a Operator, Option<&'a WitnessState>);
    let said: Vec<Said<'_>> =
        sound.iter().filter_map(|sound| Some((sound.operator, sound.reading.witnesses.get(index)?.as_ref()))).collect();
    let enough = |holds: &dyn Fn(Option<&WitnessState>) -> bool| {
        let by: Vec<&Said<'_>> = said.iter().filter(|(_, state)| holds(*state)).collect();
        let voices = operators(by.iter().map(|(operator, _)| *operator));
        let others = operators(said.iter().filter(|(_, state)| !holds(*state)).map(|(operator, _)| *operator));
        voices >= need && voices > others
    };
    let mut keys: Vec<PublicKey> = said.iter().filter_map(|(_, state)| Some(state.as_ref()?.signing_key)).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in &keys {
        if enough(&|state| state.is_some_and(|state| state.signing_key == *key)) {
            let of_key = said.iter().filter_map(|(_, state)| *state).filter(|state| state.signing_key == *key);
            if let Some(newest) = of_key.max_by_key(|state| state.last_confirmed_block) {
                return WitnessAgreement::Agreed(newest.clone());
            }
        }
    }
    if enough(&|state| state.is_none()) {
        return WitnessAgreement::NoSuchWitness;
    }
    if keys.len() > 1 { WitnessAgreement::Split(keys) } else { WitnessAgreement::Unknown }
}
