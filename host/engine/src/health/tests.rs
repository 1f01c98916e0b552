//! What probes and proofs make of a node's health.

use super::*;
use crate::chain::Fit;
use crate::failure::ProbeFault;
use crate::testing::{block, head, id, time};

const STALE: Duration = Duration::from_secs(15);

fn chain(n: u8) -> ChainId {
    ChainId::from_bytes([n; 32])
}

fn probe(head: Head) -> Probe {
    Probe { head, chain_id: Some(chain(1)), version: "1".to_owned() }
}

#[test]
fn several_probes_change_the_health() {
    let mut node = NodeHealth::new(time(0));
    let damping = Damping { rise: Streak::of(3), fall: Streak::of(2) };
    let story = [
        (true, Health::Unknown),
        (true, Health::Unknown),
        (true, Health::Healthy),
        (false, Health::Healthy),
        (true, Health::Healthy),
        (false, Health::Healthy),
        (false, Health::Unhealthy),
        (true, Health::Unhealthy),
        (true, Health::Unhealthy),
        (false, Health::Unhealthy),
        (true, Health::Unhealthy),
        (true, Health::Unhealthy),
        (true, Health::Healthy),
    ];
    for (slot, (good, health)) in (1..).zip(story) {
        let before = node.health();
        let assessed = if good {
            Ok(probe(head(5, slot)))
        } else {
            Err(Unfit::Probe(ProbeFailure::new(ProbeFault::Unusable, "no")))
        };
        assert_eq!(node.note(time(slot), damping, assessed), before != health, "probe {slot}");
        assert_eq!(node.health(), health, "probe {slot}");
        assert_eq!(node.unfit().is_none(), good);
    }
    assert_eq!((node.since(), node.last_good()), (time(13), Some(time(13))));
}

#[test]
fn a_process_that_has_ended_is_unhealthy_at_once() {
    let mut node = NodeHealth::new(time(0));
    let damping = Damping { rise: Streak::of(2), fall: Streak::of(3) };
    let good = |slot| Ok(probe(head(5, slot)));
    node.note(time(1), damping, good(1));
    assert!(node.note(time(2), damping, good(2)));
    assert!(node.note_gone(time(3)));
    assert_eq!((node.health(), node.unfit(), node.since()), (Health::Unhealthy, Some(&Unfit::Gone), time(3)));
    assert!(!node.note_gone(time(4)), "that is known");
    assert!(!node.note(time(5), damping, good(5)), "one good probe is not enough");
    assert!(node.note(time(6), damping, good(6)));
    assert_eq!((node.health(), node.unfit()), (Health::Healthy, None));
}

#[test]
fn only_what_it_showed_since_its_last_bad_probe_tells_its_branch() {
    let mut log = BlockLog::default();
    assert_eq!(log.extend([block(100, 200, "a"), block(101, 201, "b")]), Fit::Linked);
    let damping = Damping { rise: Streak::of(1), fall: Streak::of(2) };
    let mut node = NodeHealth::new(time(0));
    let mut show = |slot, shown: Head, fit: bool| {
        node.note_shown(shown.clone());
        node.note(
            time(slot),
            damping,
            if fit { Ok(probe(shown)) } else { Err(Unfit::Probe(ProbeFailure::new(ProbeFault::Unusable, "no"))) },
        );
        node.compare(&log);
        node.is_on_their_branch()
    };
    assert!(!show(202, head(100, 200), false), "a bad probe");
    assert!(!show(203, head(103, 203), true), "a head above the endpoints'");
    assert!(show(204, head(101, 201), true));
    assert!(show(205, head(104, 205), true), "it follows them, ahead of them");
    assert!(!show(206, head(101, 201), false));
    assert!(!show(207, head(105, 207), true), "it may have changed to another branch since");
}

#[test]
fn what_a_probe_is_worth() {
    let mut log = BlockLog::default();
    assert_eq!(log.extend([block(100, 200, "a"), block(101, 201, "b")]), Fit::Linked);
    let new = NodeHealth::new(time(0));
    let agreed = AgreedChain { log: &log, newest: log.tip().map(Block::num), majority: None };
    let judge = |slot, probe, agreed| assess(time(slot), Ok(probe), chain(1), STALE, agreed, &new).map(|_| ());
    let forked = Head { id: id(101, 7), ..head(101, 201) };
    assert_eq!(judge(202, probe(head(101, 201)), Some(agreed)), Ok(()));
    assert_eq!(judge(202, probe(head(102, 202)), Some(agreed)), Ok(()), "ahead of the endpoints");
    assert_eq!(judge(202, probe(forked.clone()), Some(agreed)), Err(Unfit::Fork(BlockNum(101))));
    let later = |shown: &Head| {
        let mut health = NodeHealth::new(time(0));
        health.note_shown(shown.clone());
        health.note(time(202), Damping { rise: Streak::of(3), fall: Streak::of(2) }, Ok(probe(shown.clone())));
        health.compare(&log);
        health
    };
    assert_eq!(later(&head(101, 201)).unfit(), None);
    assert!(later(&head(101, 201)).is_on_their_branch());
    assert!(!later(&head(102, 202)).is_on_their_branch(), "nobody has that block yet");
    let mut off = later(&forked);
    let fork = Unfit::Fork(BlockNum(101));
    assert_eq!(off.unfit(), Some(&fork), "the endpoints have come that far");
    assert!(!off.is_on_their_branch());
    let now = |health: &NodeHealth, head, agreed| assess(time(203), Ok(probe(head)), chain(1), STALE, agreed, health);
    assert_eq!(now(&off, head(103, 203), Some(agreed)), Err(fork.clone()), "what it showed before was another one");
    assert_eq!(now(&off, head(103, 203), None), Err(fork), "it holds until they agree again");
    off.note_shown(head(101, 201));
    assert_eq!(now(&off, head(103, 203), Some(agreed)).map(|_| ()), Ok(()));
    assert_eq!(judge(202, probe(forked), None), Ok(()), "without an agreed chain there is no telling");
    let behind = Unfit::Behind { head: BlockNum(90), age: Duration::from_secs(36), missing: 11 };
    assert_eq!(judge(202, probe(head(90, 190)), Some(agreed)), Err(behind));
    assert_eq!(judge(300, probe(head(101, 201)), Some(agreed)), Ok(()), "the chain itself stands still");
    let unread = AgreedChain { newest: Some(BlockNum(150)), ..agreed };
    let behind = Unfit::Behind { head: BlockNum(103), age: Duration::from_secs(141), missing: 47 };
    assert_eq!(judge(250, probe(head(103, 203)), Some(unread)), Err(behind), "blocks that nobody delivers count");
    let ahead = Unfit::Ahead { head: BlockNum(150), ahead: Duration::from_secs(150) };
    assert_eq!(judge(200, probe(head(150, 250)), Some(agreed)), Err(ahead));
    let other = Probe { chain_id: Some(chain(2)), ..probe(head(101, 201)) };
    assert_eq!(judge(202, other, Some(agreed)), Err(Unfit::WrongChain(chain(2))));
    let failed =
        assess(time(1), Err(ProbeFailure::new(ProbeFault::Unusable, "no")), chain(1), STALE, Some(agreed), &new);
    assert_eq!(failed, Err(Unfit::Probe(ProbeFailure::new(ProbeFault::Unusable, "no"))));
}

/// Each good probe tells how far the node is behind the endpoints, and whether it knows the rules that most witnesses follow.
#[test]
fn what_a_node_is_short_of() {
    let log = BlockLog::default();
    let majority: Option<ChainVersion> = "1.28.6".parse().ok();
    let agreed = AgreedChain { log: &log, newest: Some(BlockNum(100)), majority };
    let mut health = NodeHealth::new(time(0));
    for (num, own, blocks, outdated) in [
        (100, "1.28.6", 0, false),
        (98, "1.28.0", 2, false),
        (97, "1.27.11", 3, true),
        (120, "1.29.0", 0, false),
        (100, "a build of my own", 0, false),
    ] {
        let shown = Probe { version: own.to_owned(), ..probe(head(num, u64::from(num))) };
        health.measure(&shown, agreed);
        let version = outdated.then(|| own.parse().ok().zip(majority)).flatten();
        assert_eq!(health.short(), Shortfall { blocks, version }, "{num}, {own}");
    }
    let old = Probe { version: "0.1.0".to_owned(), ..probe(head(100, 100)) };
    health.measure(&old, AgreedChain { majority: None, ..agreed });
    assert_eq!(health.short(), Shortfall::default(), "no endpoint tells what the others run");
}

/// What each source says, and since when.
#[test]
fn evidence_lasts_until_the_source_says_something_else() {
    let damping = Damping { rise: Streak::of(1), fall: Streak::of(3) };
    let mut health = NodeHealth::new(time(0));
    let said = |health: &NodeHealth, now| -> Vec<(Source, Grade, u64)> {
        health.evidence(time(now)).map(|said| (said.source, said.grade, said.lasts.as_secs())).collect()
    };
    let failed = |fault| Err(Unfit::Probe(ProbeFailure::new(fault, "no")));
    assert_eq!(said(&health, 1), []);
    health.note(time(1), damping, Ok(probe(head(1, 1))));
    health.note(time(2), damping, Ok(probe(head(2, 2))));
    assert_eq!(said(&health, 3), [(Source::Probe, Grade::Good, 6)]);
    health.note_gone(time(4));
    health.note(time(4), damping, failed(ProbeFault::Refused));
    health.note(time(6), damping, failed(ProbeFault::Silent));
    assert_eq!(said(&health, 7), [(Source::Tripwire, Grade::Gone, 9), (Source::Probe, Grade::Silent, 3)]);
    // It is back, and catches up.
    let head = BlockNum(3);
    health.note(time(8), damping, Err(Unfit::Behind { head, age: STALE, missing: 2 }));
    assert_eq!(said(&health, 8), [(Source::Probe, Grade::Unfit, 0)]);
}

/// What nobody probes is fit as far as anybody knows, once its process runs again.
#[test]
fn a_node_that_only_beats_is_unknown_again() {
    let mut node = NodeHealth::new(time(0));
    assert!(node.note_beat(time(1), NodeProcess::Ended));
    assert_eq!(node.health(), Health::Unhealthy);
    assert!(node.note_beat(time(2), NodeProcess::Running(Duration::ZERO)));
    assert_eq!((node.health(), node.unfit(), node.out_since()), (Health::Unknown, None, None));
}
