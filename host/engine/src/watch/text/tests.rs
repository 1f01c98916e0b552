//! Every alert about a witness, word for word.

use std::time::Duration;

use dogwatch_alerts::{Cause, Severity};
use dogwatch_chain::PublicKey;

use super::line::{SUMMARY, one_line};
use crate::answer::PolicyAnswer;
use crate::beat::{Beat, MachineTrouble, NodeProcess};
use crate::config::Beats;
use crate::config::Disable;
use crate::config::Signing;
use crate::decision::{Action, Decision, PolicyAlert};
use crate::failure::PolicyFailure;
use crate::holder::Holder;
use crate::rails::Refusal;
use crate::rails::examples;
use crate::situation::Mode;
use crate::situation::NodeIndex;
use crate::testing::{CauseTexts, key};
use crate::watch::event::{Event, Force, SendReport};
use crate::watch::node_alerts::tests::Pair;
use crate::watch::scene::{Scene, file};

const SECOND: Action = Action::SwitchTo(NodeIndex(1));
const REASON: &str = "primary missed 2 slots in a row (110 to 115); second is the next fit node";

/// Node primary misses two blocks in a row.
fn down(mode: Mode) -> Scene {
    let mut scene = Scene::new(mode);
    scene.fails = true;
    scene.run(12);
    scene
}

/// The policy has just switched to node second, and no block holds that yet.
fn switching() -> Scene {
    let mut scene = down(Mode::Armed);
    scene.decide(SECOND, REASON);
    scene
}

#[test]
fn summaries_are_one_line() {
    assert_eq!(one_line("a: did not switch\r\n  to b:\tno"), "a: did not switch to b: no");
    let long = one_line(&"ä".repeat(SUMMARY + 1));
    assert_eq!((long.chars().count(), long.chars().last()), (SUMMARY, Some('…')));
    assert_eq!(one_line(&"ä".repeat(SUMMARY)).chars().last(), Some('ä'));
}

#[test]
fn alerts_about_the_key() {
    let mut texts = CauseTexts::default();

    let mut scene = Scene::new(Mode::Armed);
    scene.unknown = true;
    scene.run(1);
    scene.unknown = false;
    scene.run(1);
    texts.add("a witness that is not one, until it is", Cause::NoSuchWitness, scene.take());

    scene.announce(key(2));
    scene.run(8);
    texts.add("another site is first", Cause::KeyChanged, scene.take());
    scene.announce(key(3));
    scene.run(1);
    scene.announce(key(9));
    scene.run(1);
    let said = scene.take();
    texts.add("the key moves on before a block is produced", Cause::KeyChanged, said.clone());
    scene.announce(PublicKey::NULL);
    scene.run(1);
    let disabled = scene.take();
    texts.add("a key of nobody, then the null key", Cause::ForeignKey, [said, disabled.clone()].concat());
    scene.announce(key(9));
    scene.run(1);
    let foreign = scene.take();
    texts.add("disabled, then a key of nobody", Cause::Disabled, [disabled, foreign.clone()].concat());
    scene.announce(key(1));
    scene.run(1);
    let undone = Holder::Node("second".to_owned());
    let notice = scene.watch.undone_by_fork(&undone, &Holder::Node("primary".to_owned()));
    texts.add_notice("a fork undid a proven switch", Cause::KeyChanged, scene.now(), notice);
    texts.add("a key of nobody, then a node's", Cause::ForeignKey, [foreign, scene.take()].concat());
    scene.unfit = ["primary", "second", "third"].into();
    scene.run(4);
    scene.announce(PublicKey::NULL);
    scene.run(1);
    scene.announce(key(1));
    scene.run(1);
    texts.add("disabled while no standby is ready, then enabled", Cause::Disabled, scene.take());

    let mut scene = Scene::new(Mode::Armed);
    scene.wallet(key(2));
    scene.run(1);
    scene.take();
    scene.wallet(key(1));
    scene.run(1);
    texts.add("a move that no block holds", Cause::KeyChanged, scene.take());
    texts.check();
}

#[test]
fn alerts_about_misses() {
    let mut texts = CauseTexts::default();

    let mut scene = Scene::new(Mode::Armed);
    scene.participation = 80;
    scene.run(1);
    scene.participation = 100;
    scene.run(1);
    texts.add("the chain runs thin", Cause::LowParticipation, scene.take());

    let mut scene = down(Mode::Armed);
    scene.fails = false;
    scene.run(5);
    texts.add("armed; the node comes back", Cause::Missing, scene.take());
    let mut scene = down(Mode::Observe);
    scene.announce(key(2));
    scene.run(6);
    texts.add("in observe mode; the operator switches", Cause::Missing, scene.take());
    let mut scene = down(Mode::Observe);
    scene.announce(PublicKey::NULL);
    scene.run(6);
    let end = scene.take().split_off(2);
    texts.add("the operator disables the witness", Cause::Missing, end);

    let mut variant = |heading, scene: &Scene| {
        texts.add_notice(heading, Cause::Missing, scene.now(), scene.watch.missing(scene.now(), &scene.tracker));
    };
    let mut scene = Scene::new(Mode::Armed);
    (scene.fails, scene.silent) = (true, true);
    scene.run(22);
    (scene.silent, scene.final_after) = (false, 1000);
    scene.run(2);
    variant("most witnesses have not built on the last one yet, and nobody saw the others", &scene);
    scene.run(1);
    variant("and then they have", &scene);
    let mut scene = Scene::new(Mode::Armed);
    scene.watch.state.missed_unseen = 2;
    variant("nobody saw any of them", &scene);
    let mut scene = down(Mode::Armed);
    scene.participation = 40;
    scene.run(1);
    variant("while producers stop by themselves", &scene);
    let mut scene = Scene::new(Mode::Armed);
    (scene.fails, scene.final_after) = (true, 1000);
    scene.absent = ["bob", "carol"].into();
    scene.run(26);
    variant("on a minority fork", &scene);
    let mut scene = down(Mode::Armed);
    scene.unscheduled = true;
    scene.run(6);
    variant("without a schedule", &scene);
    let mut scene = down(Mode::Armed);
    scene.unfit = ["second", "third"].into();
    scene.run(3);
    variant("no standby is ready", &scene);
    let mut scene = down(Mode::Armed);
    scene.handle(Event::Pause(Duration::from_secs(3600)));
    variant("paused", &scene);
    let mut scene = down(Mode::Armed);
    scene.watch.config.nodes[0].signing = Signing::Missing;
    variant("the private key is not loaded", &scene);
    variant("a switch is on its way", &switching());
    let mut scene = down(Mode::Armed);
    scene.handle(Event::Decided(PolicyAnswer::Failed(PolicyFailure::new("it took longer than 1 s"))));
    variant("the policy does not work", &scene);
    let mut scene = Scene::new(Mode::Armed);
    scene.participation = 80;
    scene.fails = true;
    scene.run(12);
    variant("while the chain runs thin", &scene);
    let mut scene = Scene::new(Mode::Armed);
    scene.announce(key(9));
    scene.run(5);
    scene.fails = true;
    scene.run(12);
    variant("with a key of nobody", &scene);
    texts.check();
}

#[test]
fn alerts_about_a_minority_fork() {
    let mut texts = CauseTexts::default();

    let mut scene = Scene::new(Mode::Armed);
    scene.ahead = Some(("second", 9));
    scene.run(4);
    scene.ahead = None;
    scene.run(6);
    texts.add("a node is above the endpoints, until it is not", Cause::MinorityFork, scene.take());
    scene.stand_still(true);
    scene.run(10);
    scene.ahead = Some(("second", 12));
    scene.run(4);
    scene.stand_still(false);
    scene.ahead = None;
    scene.run(7);
    texts.add("all endpoints stand still, and a node goes on", Cause::MinorityFork, scene.take());
    scene.final_after = 1000;
    scene.absent = ["bob", "carol", "dave"].into();
    scene.run(16);
    scene.absent.clear();
    scene.run(8);
    texts.add("half of the witnesses are elsewhere, and come back", Cause::MinorityFork, scene.take());
    texts.check();
}

#[test]
fn alerts_about_nodes_and_policy() {
    let mut texts = CauseTexts::default();

    let mut scene = Scene::new(Mode::Armed);
    scene.unfit = ["second"].into();
    scene.run(4);
    scene.unfit.clear();
    scene.run(4);
    texts.add("a standby, until it is well", Cause::Node, scene.take());
    scene.unfit = ["primary", "third"].into();
    scene.run(3);
    scene.restart(Mode::Armed);
    scene.watch.config.nodes.pop();
    scene.watch.health.pop();
    scene.run(3);
    texts.add("the node on duty, and one that leaves the configuration", Cause::Node, scene.take());

    let mut scene = Scene::new(Mode::Armed);
    let beat = |process, trouble| Event::Beat(NodeIndex(0), Beat { process, trouble });
    scene.watch.config.nodes.iter_mut().for_each(|node| node.beats = Beats::Expected);
    scene.run(2);
    scene.handle(beat(NodeProcess::Stalled, None));
    scene.run(1);
    scene.handle(beat(NodeProcess::Ended, None));
    texts.add("the node on duty has ended, as its machine says", Cause::Node, scene.take());
    let mut pair = Pair::new();
    pair.tell(&Event::Gone(NodeIndex(0)));
    pair.well();
    texts.add("two witnesses share the node, until it is well", Cause::Node, std::mem::take(&mut pair.said));
    let silent = MachineTrouble::Silent(Duration::from_secs(30));
    pair.tell(&beat(NodeProcess::Silent, Some(silent)));
    pair.tell(&beat(NodeProcess::Running(Duration::from_secs(600)), None));
    scene.handle(beat(NodeProcess::Silent, Some(silent)));
    scene.handle(beat(NodeProcess::NotFound, Some(MachineTrouble::NoProcess)));
    let clock = MachineTrouble::Clock(Duration::from_millis(750));
    scene.handle(beat(NodeProcess::Running(Duration::from_secs(600)), Some(clock)));
    scene.handle(beat(
        NodeProcess::Running(Duration::from_secs(600)),
        Some(MachineTrouble::Disk { free: 1_800_000_000 }),
    ));
    scene.handle(beat(NodeProcess::Running(Duration::from_secs(600)), None));
    scene.handle(beat(NodeProcess::Running(Duration::from_secs(600)), Some(clock)));
    scene.watch.config.nodes.iter_mut().for_each(|node| node.beats = Beats::Never);
    scene.run(1);
    texts.add("a node's machine, and beats that are no longer expected", Cause::Beat, scene.take());
    texts.add("the machine of a node that two witnesses share", Cause::Beat, pair.said);

    let mut scene = Scene::new(Mode::Armed);
    scene.handle(Event::Decided(PolicyAnswer::Failed(PolicyFailure::new("it took longer than 1 s"))));
    scene.decide(Action::Stay, "all is well");
    texts.add("it does not answer, until it does", Cause::PolicyFailed, scene.take());
    let replaced = PolicyAnswer::Replaced {
        failure: PolicyFailure::new("plugin night-owl failed in `decide`: it panicked; this is a bug in the plugin"),
        by: "proactive".to_owned(),
        decision: Decision::stay("primary produces", b"not the memory of night-owl".to_vec()),
    };
    scene.handle(Event::Decided(replaced));
    assert_eq!(scene.watch.state().memory.of(&file()), Some(&[][..]), "each policy has its own memory");
    scene.decide(Action::Stay, "all is well");
    texts.add("another policy decides in its place", Cause::PolicyFailed, scene.take());

    let alert = PolicyAlert {
        id: "no-standby".to_owned(),
        severity: Severity::Critical,
        summary: "no healthy standby for alice: 0 of 2; another failure stops it".to_owned(),
    };
    let mut decision = Decision::stay("primary produces", Vec::new());
    decision.alerts.push(alert);
    scene.handle(Event::Decided(PolicyAnswer::Decided(file(), decision)));
    scene.decide(Action::Stay, "all is well");
    texts.add("as long as decisions carry it", Cause::Policy, scene.take());
    let mut decision = Decision::stay("primary produces", Vec::new());
    decision.alerts.push(PolicyAlert {
        id: "webhook".to_owned(),
        severity: Severity::Warning,
        summary: format!("the webhook said: {}", "no ".repeat(60)),
    });
    scene.handle(Event::Decided(PolicyAnswer::Decided(file(), decision)));
    texts.add("one that says too much, and no name", Cause::Policy, scene.take());
    texts.check();
}

#[test]
fn alerts_about_refusals() {
    let mut texts = CauseTexts::default();

    let mut scene = down(Mode::Observe);
    scene.decide(SECOND, REASON);
    scene.decide(Action::Stay, "primary produces");
    texts.add("in observe mode, until the policy changes its mind", Cause::Refused, scene.take());

    let mut scene = down(Mode::Armed);
    scene.handle(Event::Pause(Duration::from_secs(3600)));
    scene.decide(SECOND, REASON);
    scene.handle(Event::Resume);
    scene.decide(SECOND, REASON);
    texts.add("paused, until the pause ends", Cause::Refused, scene.take());

    let mut scene = down(Mode::Armed);
    scene.watch.config.nodes[0].signing = Signing::Missing;
    scene.decide(SECOND, REASON);
    scene.watch.config.nodes[0].signing = Signing::Available;
    scene.handle(Event::Pause(Duration::from_secs(3600)));
    scene.decide(SECOND, REASON);
    texts.add("something else stands in the way", Cause::Refused, scene.take());

    let mut scene = down(Mode::Armed);
    scene.shown = Some(key(2));
    for _ in 0..14 {
        scene.run(1);
        scene.decide(SECOND, REASON);
    }
    texts.add("the endpoints show another key for longer than any switch is pending", Cause::Refused, scene.take());

    let (scene, mut limping) = (down(Mode::Armed), down(Mode::Armed));
    limping.unfit = ["second"].into();
    limping.run(3);
    let (now, second) = (scene.now(), Holder::Node("second".to_owned()));
    for refusal in examples(now) {
        let target = match &refusal {
            Refusal::NoSuchNode(_) => None,
            Refusal::NoNodeNamed(name) | Refusal::AlreadyThere(name) => Some(Holder::Node(name.clone())),
            Refusal::DisableNotAllowed => Some(Holder::Disabled),
            _ => Some(second.clone()),
        };
        let unfit = matches!(refusal, Refusal::Unfit { .. } | Refusal::Unproven(_) | Refusal::ProbeStale { .. });
        let scene = if unfit { &limping } else { &scene };
        let notice = scene.watch.refusal_notice(scene.now(), target.as_ref(), &refusal, REASON);
        texts.add_notice(refusal.code(), Cause::Refused, scene.now(), notice);
    }

    let mut scene = down(Mode::Armed);
    scene.unfit = ["second", "third"].into();
    scene.run(3);
    let bare = [
        Refusal::Observing,
        Refusal::Unproven("second".to_owned()),
        Refusal::Unfit { node: "second".to_owned(), why: "its probes failed".to_owned() },
        Refusal::Budget { spent: 3, allowed: 3, window: Duration::from_secs(21_600) },
    ];
    for refusal in bare {
        let notice = scene.watch.refusal_notice(scene.now(), Some(&second), &refusal, REASON);
        let heading = format!("no standby is ready; {}", refusal.code());
        texts.add_notice(&heading, Cause::Refused, scene.now(), notice);
    }
    texts.check();
}

#[test]
fn alerts_about_switches() {
    let mut texts = CauseTexts::default();

    let mut scene = switching();
    scene.include();
    scene.run(5);
    texts.add("from the decision to the proof", Cause::Switching, scene.take());

    let mut scene = switching();
    scene.include();
    scene.unfit = ["primary", "third"].into();
    scene.run(5);
    texts.add("no other standby is left", Cause::Switching, scene.take());

    let mut scene = Scene::new(Mode::Armed);
    scene.handle(Event::Manual(Holder::Node("third".to_owned()), Force::No));
    texts.add("by hand, with no block missed", Cause::Switching, scene.take());

    let mut scene = down(Mode::Armed);
    scene.watch.config.rails.disable = Disable::Allowed;
    scene.decide(Action::Disable, "no node is fit");
    scene.include();
    scene.run(6);
    texts.add("disabled", Cause::Switching, scene.take());

    let mut scene = switching();
    scene.include();
    scene.run(1);
    scene.take();
    scene.fork();
    scene.run(1);
    let forked = scene.take();
    texts.add("a fork takes the switch away", Cause::Switching, forked);
    let mut scene = switching();
    scene.include();
    scene.run(1);
    scene.take();
    scene.restart(Mode::Observe);
    scene.fork();
    scene.run(1);
    let forked = scene.take();
    texts.add("a fork takes the switch away, in observe mode", Cause::Switching, forked);

    let mut scene = switching();
    scene.run(14);
    scene.fails = false;
    scene.run(6);
    texts.add("it gets into no block; the node comes back", Cause::Switching, scene.take());
    let mut scene = switching();
    scene.run(1);
    scene.restart(Mode::Observe);
    scene.run(14);
    let failed = scene.take().split_off(1);
    texts.add("it gets into no block, in observe mode", Cause::Switching, failed);

    let mut scene = switching();
    scene.announce(key(2));
    scene.run(6);
    texts.add("another site is first", Cause::Switching, scene.take());
    let mut scene = switching();
    scene.include();
    scene.run(1);
    scene.announce(key(3));
    scene.run(2);
    texts.add("the key moves on before a block is produced", Cause::Switching, scene.take());

    let scene = switching();
    let plan = scene.plan();
    let notice = scene.watch.switched(&plan, None);
    texts.add_notice("its block was not seen", Cause::Switching, scene.now(), notice);
    texts.check();
}

#[test]
fn alerts_about_switches_that_do_not_get_on() {
    let mut texts = CauseTexts::default();

    let refused = SendReport {
        troubles: vec!["api.example.com: no answer in time".to_owned(), "rpc.example.org: HTTP status 503".to_owned()],
        ..SendReport::default()
    };
    let taken = SendReport { accepted: 1, ..SendReport::default() };
    let mut scene = switching();
    scene.sent(refused.clone());
    scene.sent(taken);
    texts.add("until an endpoint takes it", Cause::NotTaken, scene.take());
    scene.sent(SendReport::default());
    scene.include();
    scene.run(1);
    texts.add("no endpoint to ask; until it is in a block", Cause::NotTaken, scene.take());
    let mut scene = switching();
    scene.sent(refused.clone());
    scene.run(14);
    texts.add("until it expires", Cause::NotTaken, scene.take().split_off(1));
    let mut scene = switching();
    scene.sent(refused);
    scene.announce(key(2));
    scene.run(6);
    texts.add("until somebody else is first", Cause::NotTaken, scene.take());

    let held = || {
        let mut scene = switching();
        scene.run(1);
        scene.restart(Mode::Observe);
        scene.run(1);
        scene
    };
    let mut scene = held();
    scene.include();
    scene.run(1);
    texts.add("until it takes effect", Cause::InFlightHeld, scene.take());
    let mut scene = held();
    scene.run(14);
    texts.add("until it expires", Cause::InFlightHeld, scene.take());
    let mut scene = held();
    scene.restart(Mode::Armed);
    scene.run(1);
    texts.add("until Dogwatch is armed again", Cause::InFlightHeld, scene.take());
    texts.check();
}
