//! When alerts about a chain are said.

use dogwatch_alerts::Change;

use super::*;
use crate::testing::{head, in_turn, key, says, silent, time, tracking};

struct Scene {
    tracker: Tracker,
    alerts: ChainAlerts,
    /// Whether the endpoints give their blocks.
    blocks: bool,
}

impl Scene {
    fn new() -> Self {
        Self { tracker: Tracker::new(tracking()), alerts: ChainAlerts::new(AlertBook::default()), blocks: true }
    }

    /// Three endpoints, so many of which answer.
    fn observe(&mut self, slot: u64, answer: usize) -> Vec<(Change, String)> {
        let read = |n: usize| {
            let name = n.to_string();
            if n < answer { says(&name, head(u32::try_from(slot).unwrap(), slot), key(1)) } else { silent(&name) }
        };
        self.tracker.observe(time(slot), &[read(0), read(1), read(2)]);
        if answer > 0 && self.blocks {
            self.tracker.learn(vec![in_turn(u32::try_from(slot).unwrap(), slot)]);
        }
        let said = self.alerts.observe(time(slot), &self.tracker);
        said.into_iter().map(|report| (report.change, report.notice.key.to_string())).collect()
    }
}

fn said(event: Change, kind: &str) -> Vec<(Change, String)> {
    vec![(event, format!("chain/hive/{kind}"))]
}

#[test]
fn blindness_is_said_at_once_at_the_start_and_after_a_grace_later() {
    let mut scene = Scene::new();
    assert_eq!(scene.observe(100, 0), said(Change::Raised, "blind"));
    assert_eq!(scene.observe(101, 3), said(Change::Over, "blind"));
    assert_eq!(scene.observe(102, 0), []);
    assert_eq!(scene.observe(103, 1), []);
    assert_eq!(scene.observe(104, 1), said(Change::Raised, "thin"));
    assert_eq!(scene.observe(204, 1), said(Change::Refreshed, "thin"), "after five minutes");
    for slot in 205..208 {
        assert_eq!(scene.observe(slot, 0), [], "another reason must last");
    }
    let turned = [said(Change::Over, "thin"), said(Change::Raised, "blind")].concat();
    assert_eq!(scene.observe(208, 0), turned);
}

/// The endpoints agree, and deliver no block; then one does not answer, then they agree again. Each poll has another
/// reason, and in none of them can the witness be judged.
#[test]
fn reasons_that_take_turns_are_one_trouble() {
    let mut scene = Scene::new();
    assert_eq!(scene.observe(100, 3), []);
    scene.blocks = false;
    let mut heard = Vec::new();
    for slot in 101..140 {
        let said = scene.observe(slot, if slot % 3 == 0 { 3 } else { 1 });
        assert!(slot < 104 || !heard.is_empty() || !said.is_empty(), "no page in slot {slot}");
        heard.extend(said);
    }
    let openings = heard.iter().filter(|(change, _)| *change == Change::Raised).count();
    assert_eq!(openings, 1, "{heard:?}");
    assert!(scene.alerts.is_blind(&scene.tracker));
    scene.blocks = true;
    assert_eq!(scene.observe(140, 3).len(), 1, "and it is over");
    assert!(!scene.alerts.is_blind(&scene.tracker));
}

#[test]
fn ones_own_sleep_is_no_blindness() {
    let mut scene = Scene::new();
    assert_eq!(scene.observe(100, 3), []);
    // Frozen for 45 s, and the answers that were awaited then have timed out.
    scene.alerts.woke_up(time(115), &scene.tracker);
    for slot in 115..118 {
        assert_eq!(scene.observe(slot, 0), [], "slot {slot}");
    }
    assert_eq!(scene.observe(118, 0), said(Change::Raised, "blind"), "then it is");
    // Blind before and after a sleep: that is no excuse.
    scene.alerts.woke_up(time(130), &scene.tracker);
    assert_eq!(scene.observe(130, 0), []);
    assert!(scene.alerts.is_blind(&scene.tracker));
    // On a machine that is held up again and again only the first time is one.
    let mut scene = Scene::new();
    assert_eq!(scene.observe(100, 3), []);
    scene.alerts.woke_up(time(105), &scene.tracker);
    assert_eq!(scene.observe(105, 0), []);
    scene.alerts.woke_up(time(110), &scene.tracker);
    assert_eq!(scene.observe(110, 0), said(Change::Raised, "blind"));
    let mut scene = Scene::new();
    scene.alerts.woke_up(time(100), &scene.tracker);
    assert_eq!(scene.observe(100, 0), said(Change::Raised, "blind"), "nothing was ever seen");
}

#[test]
fn a_clock_set_back_gives_no_grace() {
    let mut scene = Scene::new();
    assert_eq!(scene.observe(1000, 3), []);
    assert_eq!(scene.observe(10, 0), said(Change::Raised, "blind"));
}

#[test]
fn one_bad_endpoint_is_worth_a_word_after_a_while() {
    let mut scene = Scene::new();
    for slot in 100..120 {
        assert_eq!(scene.observe(slot, 2), [], "slot {slot}");
    }
    assert_eq!(scene.observe(120, 2), said(Change::Raised, "doubts"));
    assert_eq!(scene.observe(121, 2), []);
    assert_eq!(scene.observe(122, 3), said(Change::Over, "doubts"));
}

#[test]
fn heads_without_blocks_are_blindness_too() {
    let mut scene = Scene::new();
    scene.blocks = false;
    for slot in 100..103 {
        assert_eq!(scene.observe(slot, 3), [], "slot {slot}");
    }
    assert_eq!(scene.observe(103, 3), said(Change::Raised, "no-blocks"));
    scene.blocks = true;
    assert_eq!(scene.observe(104, 3), said(Change::Over, "no-blocks"));
}
