//! One alert for all witnesses of a node, opened once, and over when none of them sees trouble any more.

use dogwatch_alerts::{Alert, AlertEvent, Cause, Severity};

use super::*;
use crate::beat::{Beat, MachineTrouble, NodeProcess};
use crate::config::{Beats, Sharing};
use crate::situation::{Mode, NodeIndex};
use crate::switch::KeyRecord;
use crate::testing::{Messages, key};
use crate::watch::event::{Command, Event};
use crate::watch::scene::Scene;

const PRIMARY: NodeIndex = NodeIndex(0);

/// Alice and bob, who share their nodes: alice is on the first of them, and bob on the second.
pub(in crate::watch) struct Pair {
    scene: Scene,
    bob: Watch,
    alerts: NodeAlerts,
    messages: Messages,
    pub(in crate::watch) said: Vec<Alert>,
}

impl Pair {
    pub(in crate::watch) fn new() -> Self {
        let mut scene = Scene::new(Mode::Armed);
        for node in &mut scene.watch.config.nodes {
            (node.sharing, node.beats) = (Sharing::Shared, Beats::Expected);
        }
        let mut bob = scene.watch.clone();
        bob.config.witness = AccountName::new("bob").unwrap();
        bob.state.key = Some(KeyRecord { key: key(2), since: None, before: None });
        Self { scene, bob, alerts: NodeAlerts::default(), messages: Messages::default(), said: Vec::new() }
    }

    /// Both hear of it, as when the node is probed.
    pub(in crate::watch) fn tell(&mut self, event: &Event) {
        self.tell_alice(event);
        self.tell_bob(event);
    }

    fn tell_alice(&mut self, event: &Event) {
        let commands = self.scene.watch.handle(self.scene.now(), &self.scene.tracker, event.clone());
        self.take(&self.scene.watch.config.witness.clone(), commands);
    }

    fn tell_bob(&mut self, event: &Event) {
        let commands = self.bob.handle(self.scene.now(), &self.scene.tracker, event.clone());
        self.take(&self.bob.config.witness.clone(), commands);
    }

    fn take(&mut self, witness: &AccountName, commands: Vec<Command>) {
        for command in commands {
            let Command::Report(report) = command else { continue };
            assert!(NodeAlerts::are_about(&report.notice.key), "{report:?}");
            let told = self.alerts.take(witness, *report, [&self.scene.watch, &self.bob].into_iter());
            self.said.extend(told.map(|report| self.messages.of(report)));
        }
    }

    /// Node primary comes back, and is fit again.
    pub(in crate::watch) fn well(&mut self) {
        self.tell(&Event::Back(PRIMARY));
        for _ in 0..3 {
            let probe = Event::Probed(PRIMARY, self.scene.probe("primary"));
            self.tell(&probe);
        }
    }

    fn events(&mut self) -> Vec<(AlertEvent, String)> {
        let said = std::mem::take(&mut self.said);
        said.into_iter().map(|alert| (alert.event, alert.key.to_string())).collect()
    }

    /// Another process goes on with what the desk has open.
    fn restart(&mut self, open: &[Alert]) {
        let now = self.scene.now();
        for watch in [&mut self.scene.watch, &mut self.bob] {
            let state = crate::watch::WatchState { alerts: AlertBook::resume(open), ..watch.state.clone() };
            *watch = Watch::new(watch.config.clone(), state, now);
        }
        self.alerts = NodeAlerts::new(AlertBook::resume(open), [&self.scene.watch, &self.bob].into_iter());
    }
}

fn trouble(trouble: Option<MachineTrouble>) -> Event {
    let process = NodeProcess::Running(std::time::Duration::from_secs(600));
    Event::Beat(PRIMARY, Beat { process, trouble })
}

const KEY: &str = "node/hive/primary/node";

#[test]
fn a_dead_node_is_one_alert() {
    let mut pair = Pair::new();
    pair.tell_alice(&Event::Gone(PRIMARY));
    let opened = pair.said[0].clone();
    assert_eq!(
        (opened.key.cause, opened.details.lines().count()),
        (Cause::Node, 3),
        "both are named at once: {}",
        opened.details
    );
    assert!(opened.details.contains("alice: It is on duty") && opened.details.contains("bob: It is a standby"));
    pair.tell_bob(&Event::Gone(PRIMARY));
    assert_eq!(pair.events(), [(AlertEvent::Opened, KEY.to_owned())]);
    pair.well();
    assert_eq!(pair.events(), [(AlertEvent::Resolved, KEY.to_owned())]);
}

#[test]
fn once_the_second_witness_has_heard_of_it_the_wording_says_so() {
    let mut pair = Pair::new();
    pair.bob.state.key = Some(KeyRecord { key: key(1), since: None, before: None });
    pair.tell(&Event::Gone(PRIMARY));
    let bobs = |alert: &Alert| alert.details.lines().last().unwrap().to_owned();
    let told: Vec<String> = pair.said.iter().map(bobs).collect();
    assert!(
        told[0].starts_with("bob: It is on duty: ") && told[1].starts_with("bob: It is on duty, and misses"),
        "{told:?}"
    );
    assert_eq!(pair.events(), [AlertEvent::Opened, AlertEvent::Updated].map(|event| (event, KEY.to_owned())));
}

#[test]
fn it_is_over_when_no_witness_reports_it() {
    let mut pair = Pair::new();
    let disk = || trouble(Some(MachineTrouble::Disk { free: 1000 }));
    pair.tell(&disk());
    assert_eq!(pair.events().len(), 1);
    pair.tell_alice(&trouble(None));
    assert_eq!(pair.events(), [], "bob has not heard of it yet");
    pair.tell_bob(&trouble(None));
    assert_eq!(pair.events(), [(AlertEvent::Resolved, "node/hive/primary/beat".to_owned())]);
}

#[test]
fn after_a_restart_both_must_call_it_off() {
    let mut pair = Pair::new();
    pair.tell(&Event::Gone(PRIMARY));
    let open = pair.said.clone();
    pair.restart(&open);
    pair.said.clear();
    let again = pair.alerts.refresh(pair.scene.now(), || [&pair.scene.watch, &pair.bob].into_iter());
    assert_eq!(again, [], "its wording is fresh");
    let probe = Event::Probed(PRIMARY, pair.scene.probe("primary"));
    for _ in 0..3 {
        pair.tell_alice(&probe);
    }
    assert_eq!(pair.events(), []);
    for _ in 0..3 {
        pair.tell_bob(&probe);
    }
    assert_eq!(pair.events(), [(AlertEvent::Resolved, KEY.to_owned())]);
}

#[test]
fn the_worst_view_counts_and_keys_that_move_change_the_wording() {
    let mut pair = Pair::new();
    pair.tell_alice(&Event::Gone(PRIMARY));
    let (now, watches) = (pair.scene.now(), [pair.scene.watch.clone(), pair.bob.clone()]);
    let notice = pair.alerts.book.notices().next().unwrap().clone();
    let worse = AlertReport {
        change: Change::Raised,
        notice: Notice { severity: Severity::Page, details: "worse".to_owned(), ..notice },
        at: now,
    };
    let bob = &pair.bob.config.witness;
    let told = pair.alerts.take(bob, worse, watches.iter()).unwrap();
    assert_eq!((told.change, told.notice.severity), (Change::Worse, Severity::Page));
    assert!(told.notice.details.starts_with("worse\nalice: "), "{}", told.notice.details);
    pair.bob.state.key = Some(KeyRecord { key: key(1), since: None, before: None });
    let watches = [pair.scene.watch.clone(), pair.bob.clone()];
    let mut refresh = |at| pair.alerts.refresh(at, || watches.iter());
    assert_eq!(refresh(now), [], "its wording is fresh");
    let fresh = refresh(now.plus(std::time::Duration::from_secs(61)));
    assert!(
        fresh[0].change == Change::Refreshed && fresh[0].notice.details.contains("bob: It is on duty"),
        "{fresh:?}"
    );
}
