//! Each rail by itself: what it lets through, and what it refuses.

use std::collections::BTreeSet;

use dogwatch_chain::ChainVersion;

use super::*;
use crate::rails::refusal::tests::{KINDS, place};
use crate::switch::SwitchPlan;
use crate::testing::{id, key, name, time};

const LIMITS: Rails = Rails {
    budget: 2,
    budget_window: Duration::from_secs(300),
    cool_down: Duration::from_secs(60),
    own_slot_guard: Duration::from_secs(3),
    min_participation: 85,
    candidate_fresh: Duration::from_secs(30),
    disable: Disable::Never,
};

fn node(name: &str) -> Holder {
    Holder::Node(name.to_owned())
}

fn candidate(health: Health, last_good: Option<u64>, unprobed: Unprobed) -> Candidate<'static> {
    Candidate {
        node: "two",
        health,
        unfit: None,
        on_their_branch: true,
        head_was: Duration::from_secs(3),
        short: Shortfall::default(),
        last_good_probe: last_good.map(time),
        unprobed,
    }
}

/// The policy wants node two, which is fit, since node one misses blocks.
fn clear(target: &Holder) -> Facts<'_> {
    Facts {
        now: time(200),
        limits: &LIMITS,
        mode: Mode::Armed,
        origin: Origin::Policy,
        target,
        candidate: matches!(target, Holder::Node(_)).then(|| candidate(Health::Healthy, Some(199), Unprobed::Refused)),
        paused_until: None,
        in_flight: None,
        verdict: Verdict::Me,
        agreement: Agreement::Agreed,
        head_age: Duration::from_secs(2),
        stale_after: Duration::from_secs(15),
        key_split_for: None,
        expiration: Duration::from_secs(30),
        holder: Some(node("one")),
        signing: Signing::Available,
        switches: Vec::new(),
        history_lost: None,
        next_slot: UpcomingSlot::In(Duration::from_secs(60)),
        duty: Duty::Able,
    }
}

fn version(text: &str) -> ChainVersion {
    text.parse().unwrap()
}

fn past(slots: &[u64], cause: MoveCause) -> Vec<PastMove> {
    slots.iter().map(|slot| PastMove { at: time(*slot), cause }).collect()
}

fn failures(slots: &[u64]) -> Vec<PastMove> {
    past(slots, MoveCause::Failure)
}

fn planned(slots: &[u64]) -> Vec<PastMove> {
    past(slots, MoveCause::Planned)
}

fn in_flight() -> InFlight {
    let plan = SwitchPlan {
        witness: name("a"),
        at: time(199),
        from: node("one"),
        from_key: key(1),
        to: node("two"),
        to_key: key(2),
        reference: id(1, 0),
        expiration: time(209),
        origin: Origin::Policy,
        reason: String::new(),
        first_missed: None,
    };
    InFlight { plan, last_sent: None, sends: 0 }
}

/// For each refusal the facts that give it, and no other.
#[test]
fn every_refusal_has_a_rail() {
    let (two, null, stranger) = (node("two"), Holder::Disabled, Holder::Foreign);
    let allowed = Rails { disable: Disable::Allowed, ..LIMITS };
    let flight = in_flight();
    assert_eq!(check(&clear(&two)), []);
    assert_eq!(check(&Facts { limits: &allowed, ..clear(&null) }), []);
    // A dead node loses its next slot in any case.
    let near = UpcomingSlot::In(Duration::from_secs(1));
    assert_eq!(check(&Facts { next_slot: near, duty: Duty::Dead, ..clear(&two) }), []);
    let second = Duration::from_secs(1);
    let cases = [
        (Facts { in_flight: Some(&flight), ..clear(&two) }, Refusal::UnderWay),
        (Facts { mode: Mode::Observe, ..clear(&two) }, Refusal::Observing),
        (Facts { paused_until: Some(time(201)), ..clear(&two) }, Refusal::Paused { until: time(201) }),
        (Facts { verdict: Verdict::Fine, ..clear(&two) }, Refusal::Verdict(Verdict::Fine)),
        (Facts { verdict: Verdict::Chain, ..clear(&two) }, Refusal::Verdict(Verdict::Chain)),
        (Facts { verdict: Verdict::CannotTell, ..clear(&two) }, Refusal::Verdict(Verdict::CannotTell)),
        (Facts { agreement: Agreement::Thin, ..clear(&two) }, Refusal::NotAgreed(Agreement::Thin)),
        (Facts { agreement: Agreement::Disagreed, ..clear(&two) }, Refusal::NotAgreed(Agreement::Disagreed)),
        (Facts { agreement: Agreement::Blind, ..clear(&two) }, Refusal::NotAgreed(Agreement::Blind)),
        (Facts { head_age: second * 16, ..clear(&two) }, Refusal::StaleView(second * 16)),
        (Facts { key_split_for: Some(Duration::ZERO), ..clear(&two) }, Refusal::KeySplit),
        (Facts { key_split_for: Some(second * 30), ..clear(&two) }, Refusal::KeySplit),
        (Facts { key_split_for: Some(second * 31), ..clear(&two) }, Refusal::LastingKeySplit),
        (Facts { holder: None, ..clear(&two) }, Refusal::ForeignKey),
        (Facts { holder: Some(Holder::Foreign), ..clear(&two) }, Refusal::ForeignKey),
        (Facts { holder: Some(Holder::Disabled), ..clear(&two) }, Refusal::NullKey),
        (Facts { holder: Some(node("two")), ..clear(&two) }, Refusal::AlreadyThere("two".to_owned())),
        (Facts { signing: Signing::Missing, ..clear(&two) }, Refusal::NoSigningKey("one".to_owned())),
        (Facts { candidate: None, ..clear(&two) }, Refusal::NoNodeNamed("two".to_owned())),
        (clear(&stranger), Refusal::NoNodeNamed("an unknown key".to_owned())),
        (clear(&null), Refusal::DisableNotAllowed),
        (
            Facts { candidate: Some(candidate(Health::Unhealthy, Some(199), Unprobed::Allowed)), ..clear(&two) },
            Refusal::Unfit { node: "two".to_owned(), why: "it has had too few good probes since it failed".to_owned() },
        ),
        (
            Facts { candidate: Some(candidate(Health::Unknown, None, Unprobed::Refused)), ..clear(&two) },
            Refusal::Unproven("two".to_owned()),
        ),
        (
            Facts { candidate: Some(candidate(Health::Healthy, Some(180), Unprobed::Refused)), ..clear(&two) },
            Refusal::ProbeStale { node: "two".to_owned(), age: second * 60 },
        ),
        (
            Facts { switches: failures(&[120, 130]), ..clear(&two) },
            Refusal::Budget { spent: 2, allowed: 2, window: second * 300 },
        ),
        // The window is 300 s: a hundred slots.
        (Facts { history_lost: Some(time(150)), ..clear(&two) }, Refusal::HistoryLost { until: time(250) }),
        (Facts { switches: failures(&[190]), ..clear(&two) }, Refusal::CoolDown { left: second * 30 }),
        (Facts { switches: planned(&[190]), ..clear(&two) }, Refusal::CoolDown { left: second * 30 }),
        (Facts { next_slot: UpcomingSlot::In(second), ..clear(&two) }, Refusal::OwnSlotNear { starts_in: second }),
        (
            Facts { next_slot: UpcomingSlot::UnknownFrom(second), ..clear(&two) },
            Refusal::NextRoundNear { starts_in: second },
        ),
        (
            Facts {
                candidate: Some(Candidate {
                    unfit: Some("the probe failed".to_owned()),
                    ..candidate(Health::Healthy, Some(199), Unprobed::Refused)
                }),
                ..clear(&two)
            },
            Refusal::Unfit { node: "two".to_owned(), why: "the probe failed".to_owned() },
        ),
        (
            Facts {
                candidate: Some(Candidate {
                    on_their_branch: false,
                    ..candidate(Health::Healthy, Some(199), Unprobed::Refused)
                }),
                ..clear(&two)
            },
            Refusal::Unfit {
                node: "two".to_owned(),
                why: "it has shown none of the endpoints' blocks since its last bad probe".to_owned(),
            },
        ),
        // The chain stood still when it was probed, and goes on.
        (
            Facts {
                candidate: Some(Candidate {
                    head_was: Duration::from_secs(93),
                    ..candidate(Health::Healthy, Some(199), Unprobed::Refused)
                }),
                ..clear(&two)
            },
            Refusal::Unfit {
                node: "two".to_owned(),
                why: "its last good probe showed a head that was 93 s old".to_owned(),
            },
        ),
        (
            Facts {
                candidate: Some(Candidate {
                    short: Shortfall { blocks: 3, version: None },
                    ..candidate(Health::Healthy, Some(199), Unprobed::Refused)
                }),
                ..clear(&two)
            },
            Refusal::Unfit { node: "two".to_owned(), why: "it is 3 blocks behind the endpoints".to_owned() },
        ),
        (
            Facts {
                candidate: Some(Candidate {
                    short: Shortfall { blocks: 0, version: Some((version("1.27.11"), version("1.28.6"))) },
                    ..candidate(Health::Healthy, Some(199), Unprobed::Refused)
                }),
                ..clear(&two)
            },
            Refusal::Unfit {
                node: "two".to_owned(),
                why: "it runs version 1.27.11 and most witnesses run 1.28.6: it may not know the chain's rules"
                    .to_owned(),
            },
        ),
    ];
    let mut found = BTreeSet::new();
    for (facts, refusal) in cases {
        assert_eq!(check(&facts), std::slice::from_ref(&refusal));
        found.insert(place(&refusal));
    }
    let no_such = named_node(&[], NodeIndex(7)).unwrap_err();
    assert_eq!(no_such, Refusal::NoSuchNode(7));
    found.insert(place(&no_such));
    assert_eq!(found, (0..KINDS).collect(), "a refusal that no rail gives");
}

/// What holds back a policy only, and the edges of the limits.
#[test]
fn what_passes_the_rails() {
    let two = node("two");
    let second = Duration::from_secs(1);
    for facts in [
        Facts { origin: Origin::Operator, paused_until: Some(time(201)), ..clear(&two) },
        Facts { origin: Origin::Operator, verdict: Verdict::Fine, ..clear(&two) },
        Facts { agreement: Agreement::Single, ..clear(&two) },
        Facts { head_age: second * 15, ..clear(&two) },
        Facts { next_slot: UpcomingSlot::Unknown, ..clear(&two) },
        Facts { next_slot: UpcomingSlot::In(second * 3), ..clear(&two) },
        Facts { next_slot: UpcomingSlot::UnknownFrom(second * 3), ..clear(&two) },
        Facts { history_lost: Some(time(100)), ..clear(&two) },
        Facts { origin: Origin::Operator, history_lost: Some(time(199)), ..clear(&two) },
        // Three planned ones in the evening leave the budget to the failure at night.
        Facts { switches: planned(&[110, 120, 130]), ..clear(&two) },
    ] {
        assert_eq!(check(&facts), [], "{facts:?}");
    }
}

#[test]
fn refusals_are_listed_in_the_order_of_the_rails() {
    let two = node("two");
    let facts = Facts {
        mode: Mode::Observe,
        verdict: Verdict::Fine,
        switches: failures(&[190, 195]),
        next_slot: UpcomingSlot::In(Duration::ZERO),
        ..clear(&two)
    };
    let codes: Vec<&str> = check(&facts).iter().map(Refusal::code).collect();
    assert_eq!(codes, ["observing", "verdict", "budget", "cool-down", "own-slot-near"]);
}

#[test]
fn who_may_be_switched_to() {
    use Health::{Healthy, Unhealthy, Unknown};
    use Unprobed::{Allowed, Refused};
    let cases = [
        (Healthy, Some(95), Refused, None),
        (Healthy, Some(90), Refused, None),
        (Healthy, Some(89), Refused, Some("probe-stale")),
        (Healthy, None, Allowed, Some("probe-stale")),
        (Unhealthy, Some(99), Allowed, Some("unfit")),
        (Unknown, None, Refused, Some("unproven")),
        (Unknown, None, Allowed, None),
    ];
    for (health, last_good, unprobed, refusal) in cases {
        let candidate = candidate(health, last_good, unprobed);
        let found = candidate.unfit_for_duty(time(100), &LIMITS);
        assert_eq!(found.as_ref().map(Refusal::code), refusal, "{candidate:?}");
    }
}

#[test]
fn how_often() {
    // Slots of three seconds: the window is 100 slots, the cool-down 20.
    let cases: [(&[u64], &[&str]); 6] = [
        (&[], &[]),
        (&[180], &[]),
        (&[181], &["cool-down"]),
        (&[101, 150], &["budget"]),
        (&[100, 150], &[]),
        (&[150, 190], &["budget", "cool-down"]),
    ];
    let two = node("two");
    for (switches, refusals) in cases {
        let facts = Facts { switches: failures(switches), ..clear(&two) };
        assert_eq!(check(&facts).iter().map(Refusal::code).collect::<Vec<_>>(), refusals, "{switches:?}");
    }
}
