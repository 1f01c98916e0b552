//! The situation that the policies of the benchmarks are asked about.

use std::time::Duration;

use anyhow::Context as _;
use dogwatch_chain::{AccountName, BlockNum, Slot, Time};
use dogwatch_engine::{
    Agreement, ChainView, Evidence, Grade, Health, Holder, Mode, NextSlot, NodeIndex, NodeView, OwnSlot, Situation,
    SlotOutcome, Source, Verdict,
};
use dogwatch_sdk::{policy as guest, testing};

pub(crate) const NODES: [&str; 3] = ["primary", "standby-1", "standby-2"];
/// The number of own slots, the last of which are missed.
pub(crate) const OWN_SLOTS: u64 = 10;
const HEAD_SLOT: u64 = 10_000;
const ROUND: u64 = 21;
const INTERVAL: Duration = Duration::from_secs(3);

fn own_slots(missed: u64) -> impl Iterator<Item = (u64, bool)> {
    (0..OWN_SLOTS).map(move |own| (HEAD_SLOT - 1 - ROUND * (OWN_SLOTS - 1 - own), own + missed >= OWN_SLOTS))
}

/// The primary has missed that many slots in a row, and both standbys are ready.
pub(crate) fn situation(missed: u64) -> anyhow::Result<Situation> {
    let time = |slot: u64| Time::from_millis(testing::time_of(slot));
    let holder = Holder::Node(NodeIndex(0));
    let slot = |(slot, missed): (u64, bool)| OwnSlot {
        slot: Slot(slot),
        time: time(slot),
        outcome: if missed { SlotOutcome::Missed } else { SlotOutcome::Produced },
        holder,
    };
    let node = |name: &str| NodeView {
        name: name.to_owned(),
        health: Health::Healthy,
        health_for: Duration::from_secs(600),
        head_age: Some(Duration::ZERO),
        eligible: true,
        evidence: vec![Evidence { source: Source::Probe, grade: Grade::Good, lasts: Duration::from_secs(600) }],
        missed_for_others: None,
    };
    let upcoming = |n: u32| NextSlot { slot: Slot(HEAD_SLOT + u64::from(n)), starts_in: INTERVAL * n };
    Ok(Situation {
        now: time(HEAD_SLOT),
        mode: Mode::Armed,
        site: "home".to_owned(),
        chain: "hive".to_owned(),
        witness: AccountName::new("alice").context("a name")?,
        block_interval: INTERVAL,
        round_length: u32::try_from(ROUND)?,
        verdict: Verdict::Me,
        view: ChainView {
            head: BlockNum(9_990),
            head_slot: Slot(HEAD_SLOT),
            head_age: Duration::ZERO,
            irreversible: BlockNum(9_980),
            participation: 128,
            agreement: Agreement::Agreed,
            endpoints_fresh: 3,
            endpoints_total: 3,
        },
        holder,
        holder_since: None,
        slots: own_slots(missed).map(slot).collect(),
        next_slots: vec![upcoming(15), upcoming(32)],
        suspected_miss: None,
        unscheduled: Some(upcoming(42)),
        lands: Some(upcoming(1)),
        nodes: NODES.into_iter().map(node).collect(),
        switches: Vec::new(),
        switching: false,
        paused_until: None,
    })
}

/// The same situation in the types of the policy itself.
pub(crate) fn native_situation(missed: u64) -> guest::Situation {
    let outcome = |missed| if missed { guest::Outcome::Missed } else { guest::Outcome::Produced };
    let slots =
        own_slots(missed).map(|(slot, missed)| testing::own_slot(slot, outcome(missed), guest::Holder::Node(0)));
    guest::Situation { verdict: guest::Verdict::Me, slots: slots.collect(), ..testing::situation(NODES) }
}
