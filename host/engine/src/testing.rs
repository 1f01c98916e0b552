//! Blocks, schedules and readings in short, for the unit tests.

use std::time::Duration;

use dogwatch_chain::{
    AccountName, Block, BlockId, BlockNum, Head, PublicKey, Schedule, Slot, Time, TransactionId, WitnessState,
};

use crate::tracker::{EndpointReading, Reading};

pub(crate) const INTERVAL: Duration = Duration::from_secs(3);

pub(crate) fn name(text: &str) -> AccountName {
    AccountName::new(format!("witness-{text}")).unwrap()
}

pub(crate) fn key(n: u8) -> PublicKey {
    PublicKey::from_bytes([n; 33])
}

/// The id of a block on a branch.
pub(crate) fn id(num: u32, branch: u8) -> BlockId {
    let mut bytes = [branch; 20];
    bytes[..4].copy_from_slice(&num.to_be_bytes());
    BlockId::from_bytes(bytes)
}

pub(crate) fn time(slot: u64) -> Time {
    Time::from_secs(1_700_000_000).plus(INTERVAL * u32::try_from(slot).unwrap())
}

pub(crate) fn block(num: u32, slot: u64, witness: &str) -> Block {
    Block {
        id: id(num, 0),
        previous: id(num - 1, 0),
        time: time(slot),
        witness: name(witness),
        signing_key: key(1),
        transactions: Vec::<TransactionId>::new(),
    }
}

pub(crate) fn head(num: u32, slot: u64) -> Head {
    Head { id: id(num, 0), time: time(slot), slot: Slot(slot), irreversible: BlockNum(num - 1), participation: 128 }
}

/// A schedule by the first letters of its witnesses: `"abc"`.
pub(crate) fn schedule(next_shuffle: u32, current: &str, future: Option<&str>) -> Schedule {
    let names = |letters: &str| letters.chars().map(|letter| name(&letter.to_string())).collect();
    Schedule { next_shuffle: BlockNum(next_shuffle), current: names(current), future: future.map(names) }
}

pub(crate) fn says(endpoint: &str, head: Head, signing_key: PublicKey) -> EndpointReading {
    let witness = WitnessState {
        owner: name("a"),
        signing_key,
        total_missed: 0,
        last_confirmed_block: BlockNum(1),
        running_version: "1".to_owned(),
    };
    let schedule = schedule(head.num().0 / 5 * 5 + 5, "abcde", None);
    EndpointReading {
        endpoint: endpoint.to_owned(),
        operator: operator(endpoint),
        result: Ok(Reading { head, schedule, witnesses: vec![Some(witness)] }),
    }
}

pub(crate) fn silent(endpoint: &str) -> EndpointReading {
    EndpointReading { endpoint: endpoint.to_owned(), operator: operator(endpoint), result: Err("no answer".to_owned()) }
}

/// `a1` and `a2` are both run by `a`.
fn operator(endpoint: &str) -> String {
    endpoint.chars().take(1).collect()
}
