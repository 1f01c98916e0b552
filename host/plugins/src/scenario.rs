//! Situations in which a policy must not fail: what `dogwatch plugin check` and a swap try it on.

use std::time::Duration;

use dogwatch_chain::{AccountName, BlockNum, Slot, Time};
use dogwatch_engine::{
    Agreement, ChainView, Evidence, Grade, Health, Holder, Mode, NextSlot, NodeIndex, NodeView, Origin, OwnSlot,
    PastSwitch, Situation, SlotOutcome, Source, SwitchOutcome, Verdict,
};

/// A situation with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What it is, in a few words.
    pub name: &'static str,
    /// What the policy is told.
    pub situation: Situation,
}

const SLOT: Duration = Duration::from_secs(3);
/// The head's slot in the situations.
const HEAD: u64 = 10_000;
const ROUND: u64 = 21;
const LONG: Duration = Duration::from_mins(10);

/// What a policy may meet: quiet nights, the ends of nodes, chains in trouble, operators at work, and numbers at their limits.
pub fn scenarios(witness: &AccountName) -> Vec<Scenario> {
    let quiet = quiet(witness.clone());
    let with = |name, change: &dyn Fn(&mut Situation)| {
        let mut situation = quiet.clone();
        change(&mut situation);
        Scenario { name, situation }
    };
    vec![
        with("a quiet night", &|_| {}),
        with("the first minute: no node has been probed, and no slot was seen", &|it| {
            (it.slots, it.next_slots, it.verdict) = (Vec::new(), Vec::new(), Verdict::CannotTell);
            it.nodes.iter_mut().for_each(|node| set(node, Health::Unknown, None));
        }),
        with("the process of the node with the key has ended", &|it| {
            it.verdict = Verdict::Me;
            primary(it, Grade::Gone);
        }),
        with("the node with the key stands still", &|it| {
            it.verdict = Verdict::Me;
            primary(it, Grade::Stalled);
        }),
        with("the node with the key lags behind", &|it| {
            it.verdict = Verdict::Me;
            primary(it, Grade::Behind);
        }),
        with("the node with the key does not answer, and goes on producing", &|it| primary(it, Grade::Silent)),
        with("one slot is missed, and every node is fit", &|it| {
            it.verdict = Verdict::Me;
            missed(it, 1);
        }),
        with("two slots are missed", &|it| {
            it.verdict = Verdict::Me;
            missed(it, 2);
            primary(it, Grade::Silent);
        }),
        with("all slots are missed, and no standby is fit", &|it| {
            it.verdict = Verdict::Me;
            missed(it, usize::MAX);
            it.nodes.iter_mut().for_each(|node| set(node, Health::Unhealthy, Some(Grade::Gone)));
        }),
        with("the chain stands still", &|it| {
            it.verdict = Verdict::Chain;
            (it.view.participation, it.view.head_age) = (12, Duration::from_mins(20));
            it.slots.iter_mut().for_each(|slot| slot.outcome = SlotOutcome::ChainWide);
        }),
        with("no endpoint answers", &|it| {
            it.verdict = Verdict::CannotTell;
            (it.view.agreement, it.view.endpoints_fresh) = (Agreement::Blind, 0);
            (it.next_slots, it.lands) = (Vec::new(), None);
        }),
        with("the endpoints contradict each other", &|it| {
            it.verdict = Verdict::CannotTell;
            it.view.agreement = Agreement::Disagreed;
        }),
        with("a switch is under way", &|it| {
            it.switching = true;
            it.switches.push(switch(it.now, SwitchOutcome::Pending, Origin::Policy));
        }),
        with("three switches in an hour", &|it| {
            for minutes in [50, 30, 10] {
                let at = it.now.minus(Duration::from_mins(minutes));
                it.switches.push(switch(at, SwitchOutcome::Applied, Origin::Policy));
            }
        }),
        with("automatic switches are paused", &|it| it.paused_until = Some(it.now.plus(Duration::from_hours(1)))),
        with("mode observe", &|it| it.mode = Mode::Observe),
        with("the witness is disabled", &|it| it.holder = Holder::Disabled),
        with("the key belongs to no configured node", &|it| it.holder = Holder::Foreign),
        with("one node, and it is dead", &|it| {
            it.verdict = Verdict::Me;
            it.nodes.truncate(1);
            primary(it, Grade::Gone);
        }),
        with("no node", &|it| {
            it.nodes.clear();
            it.holder = Holder::Foreign;
            it.slots.clear();
        }),
        with("64 nodes with names in every script", &|it| {
            let names =
                ["первый", "第一", "أول", "node\u{1f600}", "a-very-long-name-a-very-long-name-a-very-long-name"];
            let Some(node) = it.nodes.first().cloned() else { return };
            it.nodes = names
                .iter()
                .cycle()
                .take(64)
                .map(|name| NodeView { name: (*name).to_owned(), ..node.clone() })
                .collect();
        }),
        with("every number is zero", &|it| {
            it.now = Time::from_millis(0);
            (it.block_interval, it.round_length) = (Duration::ZERO, 0);
            it.view.head = BlockNum(0);
            (it.view.head_slot, it.view.head_age, it.view.irreversible) = (Slot(0), Duration::ZERO, BlockNum(0));
            (it.view.participation, it.view.endpoints_total, it.view.endpoints_fresh) = (0, 0, 0);
        }),
        with("every number is as large as it can be", &|it| {
            it.now = Time::from_millis(i64::MAX);
            (it.block_interval, it.round_length) = (Duration::MAX, u32::MAX);
            it.view.head = BlockNum(u32::MAX);
            (it.view.head_slot, it.view.head_age, it.view.irreversible) =
                (Slot(u64::MAX), Duration::MAX, BlockNum(u32::MAX));
            (it.view.participation, it.view.endpoints_total, it.view.endpoints_fresh) = (u8::MAX, u32::MAX, u32::MAX);
            let far = NextSlot { slot: Slot(u64::MAX), starts_in: Duration::MAX };
            (it.next_slots, it.lands, it.unscheduled) = (vec![far], Some(far), Some(far));
            (it.suspected_miss, it.holder_since) = (Some(Slot(u64::MAX)), Some(Slot(u64::MAX)));
            for node in &mut it.nodes {
                (node.health_for, node.head_age, node.missed_for_others) =
                    (Duration::MAX, Some(Duration::MAX), Some(Slot(u64::MAX)));
            }
        }),
        with("slots and nodes that contradict each other", &|it| {
            it.verdict = Verdict::Me;
            it.slots.reverse();
            it.holder = Holder::Node(NodeIndex(1));
            it.holder_since = Some(Slot(HEAD.saturating_mul(2)));
            it.suspected_miss = Some(Slot(0));
        }),
    ]
}

/// Both nodes are fit, the first one holds the key, and produced in each of the last rounds.
fn quiet(witness: AccountName) -> Situation {
    let own = |round: u64| Slot(HEAD.saturating_sub(round.saturating_mul(ROUND)).saturating_sub(7));
    let next = |slots: u64| NextSlot {
        slot: Slot(HEAD.saturating_add(slots)),
        starts_in: SLOT.saturating_mul(u32::try_from(slots).unwrap_or(u32::MAX)),
    };
    let now = Time::from_millis(1_795_436_256_000);
    let past = |round: u64| {
        let slots = round.saturating_mul(ROUND).saturating_add(7);
        now.minus(SLOT.saturating_mul(u32::try_from(slots).unwrap_or(u32::MAX)))
    };
    Situation {
        now,
        mode: Mode::Armed,
        site: "home".to_owned(),
        chain: "hive".to_owned(),
        witness,
        block_interval: SLOT,
        round_length: 21,
        verdict: Verdict::Fine,
        view: ChainView {
            head: BlockNum(9_990),
            head_slot: Slot(HEAD),
            head_age: Duration::from_secs(1),
            irreversible: BlockNum(9_975),
            participation: 128,
            agreement: Agreement::Agreed,
            endpoints_fresh: 3,
            endpoints_total: 3,
        },
        holder: Holder::Node(NodeIndex(0)),
        holder_since: None,
        slots: (0..5)
            .rev()
            .map(|round| OwnSlot {
                slot: own(round),
                time: past(round),
                outcome: SlotOutcome::Produced,
                holder: Holder::Node(NodeIndex(0)),
            })
            .collect(),
        suspected_miss: None,
        next_slots: vec![next(9)],
        unscheduled: Some(next(14)),
        lands: Some(next(1)),
        nodes: vec![node("berlin"), node("helsinki")],
        switches: Vec::new(),
        switching: false,
        paused_until: None,
    }
}

fn node(name: &str) -> NodeView {
    let evidence = |source| Evidence { source, grade: Grade::Good, lasts: LONG };
    NodeView {
        name: name.to_owned(),
        health: Health::Healthy,
        health_for: LONG,
        head_age: Some(Duration::from_secs(1)),
        eligible: true,
        evidence: [Source::Tripwire, Source::Probe, Source::Beat].map(evidence).to_vec(),
        missed_for_others: None,
    }
}

/// What all sources say of the node with the key.
fn primary(situation: &mut Situation, grade: Grade) {
    if let Some(node) = situation.nodes.first_mut() {
        set(node, Health::Unhealthy, Some(grade));
    }
}

fn set(node: &mut NodeView, health: Health, grade: Option<Grade>) {
    (node.health, node.health_for, node.eligible) = (health, Duration::from_secs(6), health == Health::Healthy);
    node.head_age = None;
    match grade {
        Some(grade) => {
            node.evidence.iter_mut().for_each(|said| (said.grade, said.lasts) = (grade, Duration::from_secs(6)))
        }
        None => node.evidence.clear(),
    }
}

/// The last slots were missed, so many of them.
fn missed(situation: &mut Situation, count: usize) {
    situation.slots.iter_mut().rev().take(count).for_each(|slot| slot.outcome = SlotOutcome::Missed);
}

fn switch(at: Time, outcome: SwitchOutcome, origin: Origin) -> PastSwitch {
    PastSwitch { at, from: Holder::Node(NodeIndex(1)), to: Holder::Node(NodeIndex(0)), outcome, origin }
}
