//! Rounds of answers in short form.

use std::time::Duration;

use dogwatch_chain::{AccountName, BlockId, BlockNum, Head, PublicKey, Schedule, Slot, Time, WitnessState};

use super::Judge;
use crate::round::{Conclusion, Round};
use crate::rules::AgreementRules;
use crate::standing::Standing;
use crate::voice::{Heard, Voice};

pub(crate) const RULES: AgreementRules =
    AgreementRules { quorum: 2, stale_after: Duration::from_secs(15), interval: Duration::from_secs(3) };

/// The time of the slot in which block `num` of a chain without misses is made.
pub(crate) fn time(num: u32) -> Time {
    Time::from_secs(1_000_000 + num * 3)
}

/// The id of a block on a branch.
pub(crate) fn id(num: u32, branch: u8) -> BlockId {
    let mut bytes = [branch; 20];
    bytes[..4].copy_from_slice(&num.to_be_bytes());
    BlockId::from_bytes(bytes)
}

pub(crate) fn key(n: u8) -> PublicKey {
    PublicKey::from_bytes([n; 33])
}

pub(crate) fn head(num: u32, branch: u8) -> Head {
    Head {
        id: id(num, branch),
        time: time(num),
        slot: Slot(u64::from(num)),
        irreversible: BlockNum(num),
        participation: 128,
    }
}

/// What an endpoint says.
#[derive(Clone, Debug)]
pub(crate) struct Says {
    pub(crate) name: &'static str,
    pub(crate) reading: Option<(Head, Schedule, Vec<Option<WitnessState>>)>,
}

fn witness(letter: &str) -> AccountName {
    AccountName::new(format!("witness{letter}")).unwrap()
}

/// The witness as every endpoint shows it.
pub(crate) fn state() -> WitnessState {
    WitnessState {
        owner: witness("a"),
        signing_key: key(1),
        total_missed: 0,
        last_confirmed_block: BlockNum(1),
        running_version: "1".to_owned(),
    }
}

/// An endpoint at block `num` of a branch.
pub(crate) fn at(name: &'static str, num: u32, branch: u8) -> Says {
    let schedule = Schedule {
        next_shuffle: BlockNum(num / 5 * 5 + 5),
        current: ["a", "b", "c", "d", "e"].map(witness).to_vec(),
        future: None,
        majority_version: None,
    };
    Says { name, reading: Some((head(num, branch), schedule, vec![Some(state())])) }
}

pub(crate) fn silent(name: &'static str) -> Says {
    Says { name, reading: None }
}

impl Says {
    /// The same, with another key for the witness.
    pub(crate) fn key(mut self, n: u8) -> Self {
        self.reading.as_mut().unwrap().2[0].as_mut().unwrap().signing_key = key(n);
        self
    }

    /// The same, but there is no such witness.
    pub(crate) fn no_witness(mut self) -> Self {
        self.reading.as_mut().unwrap().2[0] = None;
        self
    }

    /// The same, with something else about its head.
    pub(crate) fn head(mut self, change: impl FnOnce(&mut Head)) -> Self {
        change(&mut self.reading.as_mut().unwrap().0);
        self
    }

    /// The same, with something else about its schedule.
    pub(crate) fn schedule(mut self, change: impl FnOnce(&mut Schedule)) -> Self {
        change(&mut self.reading.as_mut().unwrap().1);
        self
    }
}

/// Endpoints whose names begin alike are of one operator: `a1` and `a2` are both run by `a`.
#[derive(Debug)]
pub(crate) struct Scene(Judge<&'static str>);

impl Scene {
    pub(crate) fn new() -> Self {
        Self(Judge::new(RULES))
    }

    pub(crate) fn hear<'a>(&mut self, now: Time, said: &'a [Says]) -> Round<'_, 'a, &'static str> {
        let voice = |says: &'a Says| Voice {
            endpoint: says.name,
            operator: &says.name[..1],
            reading: says.reading.as_ref().map(|(head, schedule, witnesses)| Heard { head, schedule, witnesses }),
        };
        self.0.hear(now, said.iter().map(voice).collect())
    }

    pub(crate) fn conclude(&mut self, now: Time, said: &[Says]) -> Conclusion {
        self.hear(now, said).conclude()
    }
}

pub(crate) fn standings(round: &Round<'_, '_, &'static str>) -> Vec<Standing> {
    round.voices().iter().map(|judged| judged.standing).collect()
}
