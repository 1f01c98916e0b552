//! Every alert about a chain, word for word.

use dogwatch_alerts::Alert;
use dogwatch_chain::{Block, Head};

use super::*;
use crate::chain::{EndpointReading, ServerDate, TrackerConfig};
use crate::failure::ReadFailure;
use crate::testing::{CauseTexts, INTERVAL, Messages, head, id, in_turn, key, says, schedule, silent, time, tracking};

const ENDPOINTS: [&str; 3] = ["api.example.com", "rpc.example.org", "node.example.net"];

/// How far the chain is ahead of its slots: a real chain has tens of millions of blocks.
const HEIGHT: u32 = 98_765_400;

struct Scene {
    tracker: Tracker,
    alerts: ChainAlerts,
    said: Vec<Alert>,
    messages: Messages,
    slot: u64,
    /// Slots by which this machine's clock is ahead, or behind.
    clock_off: i64,
    /// Milliseconds by which it is ahead, or behind, of the endpoints' clocks, if their answers have a `Date`.
    dated: Option<i64>,
    /// Whether the endpoints give no blocks.
    heads_only: bool,
    /// Whether they give only headers.
    headers_only: bool,
}

fn at(slot: u64) -> Head {
    head(HEIGHT + u32::try_from(slot).unwrap(), slot)
}

impl Scene {
    fn new(endpoints: usize) -> Self {
        let config = tracking();
        let mut scene = Self {
            tracker: Tracker::new(config),
            alerts: ChainAlerts::new(AlertBook::default()),
            said: Vec::new(),
            messages: Messages::default(),
            slot: 100,
            clock_off: 0,
            dated: None,
            heads_only: false,
            headers_only: false,
        };
        scene.run(2, |name, slot| Some(answer(name, at(slot))).filter(|_| ENDPOINTS[..endpoints].contains(&name)));
        scene
    }

    /// Slots pass in which each endpoint answers so, or is not configured.
    fn run(&mut self, slots: u64, answers: impl Fn(&str, u64) -> Option<EndpointReading>) {
        for _ in 0..slots {
            self.slot += 1;
            let slot = self.slot;
            let mut readings: Vec<EndpointReading> =
                ENDPOINTS.into_iter().filter_map(|name| answers(name, slot)).collect();
            for (reading, ahead) in readings.iter_mut().zip(self.dated.into_iter().cycle()) {
                // Polls come at three moments of a second.
                let right = time(slot).as_millis() + 1000 + [750, 0, 250][usize::try_from(slot % 3).unwrap()];
                let received = Time::from_millis(right + ahead);
                let date = Time::from_millis(right - right.rem_euclid(1000));
                reading.date = Some(ServerDate { date, asked: received, received });
            }
            let local = Time::from_millis(self.now().as_millis() + self.dated.unwrap_or(0));
            self.tracker.observe(local, &readings);
            if let Some((from, to)) = self.tracker.wanted().filter(|_| !self.heads_only) {
                let block = |num| in_turn(num, u64::from(num - HEIGHT));
                let header =
                    |block: Block| Block { signing_key: block.signing_key.filter(|_| !self.headers_only), ..block };
                self.tracker.learn((from.0..=to.0).map(block).map(header).collect());
            }
            let now = self.now();
            let reports = self.alerts.observe(now, &self.tracker);
            self.said.extend(reports.into_iter().map(|report| self.messages.of(report)));
        }
    }

    /// Another run of the daemon, which has seen nothing.
    fn restart(&mut self) {
        self.tracker = Tracker::new(tracking());
        self.alerts = ChainAlerts::new(AlertBook::default());
    }

    /// All endpoints are well again.
    fn recover(&mut self) {
        self.run(1, |name, slot| Some(answer(name, at(slot))));
    }

    fn now(&self) -> Time {
        let off = self.clock_off * i64::try_from(INTERVAL.as_millis()).unwrap();
        Time::from_millis(time(self.slot).as_millis() + 1000 + off)
    }

    fn take(&mut self) -> Vec<Alert> {
        std::mem::take(&mut self.said)
    }
}

/// An endpoint of an operator of its own.
fn answer(name: &str, head: Head) -> EndpointReading {
    EndpointReading { operator: name.to_owned(), ..says(name, head, key(1)) }
}

fn no_answer(name: &str, why: &str) -> EndpointReading {
    EndpointReading { operator: name.to_owned(), result: Err(ReadFailure::new(why)), ..silent(name) }
}

/// One that shows another round.
fn scheduled(name: &str, slot: u64, next_shuffle: u64, round: &str) -> EndpointReading {
    let mut answer = answer(name, at(slot));
    if let Ok(reading) = &mut answer.result {
        reading.schedule = schedule(at(next_shuffle).num().0, round, None);
    }
    answer
}

#[test]
fn alerts_about_this_machines_clock() {
    let mut texts = CauseTexts::default();
    for (heading, ahead) in [("this machine is ahead", 3200), ("this machine is behind", -900)] {
        let mut scene = Scene::new(3);
        scene.dated = Some(0);
        scene.run(24, |name, slot| Some(answer(name, at(slot))));
        assert_eq!(scene.take(), [], "a right clock");
        scene.dated = Some(ahead);
        scene.run(24, |name, slot| Some(answer(name, at(slot))));
        scene.dated = Some(0);
        scene.run(24, |name, slot| Some(answer(name, at(slot))));
        texts.add(heading, Cause::ClockOffset, scene.take());
    }
    texts.check();
}

#[test]
fn alerts_about_a_chain_that_cannot_be_seen() {
    let mut texts = CauseTexts::default();

    let mut scene = Scene::new(3);
    assert_eq!(scene.take(), []);
    scene.run(4, |name, _| Some(no_answer(name, "no answer within 2 s")));
    let blind = scene.take();
    scene.run(4, |name, slot| match name {
        "api.example.com" => Some(answer(name, at(slot))),
        _ => Some(no_answer(name, "no answer within 2 s")),
    });
    texts.add("no endpoint answers any more, then one does", Cause::Blind, [blind, scene.take()].concat());
    let mut scene = Scene::new(3);
    scene.restart();
    scene.run(1, |name, _| Some(no_answer(name, "connection refused")));
    scene.recover();
    texts.add("from the start on", Cause::Blind, scene.take());

    let mut scene = Scene::new(3);
    scene.run(4, |name, slot| match name {
        "api.example.com" => Some(answer(name, at(slot))),
        "rpc.example.org" => Some(answer(name, at(slot - 40))),
        _ => Some(no_answer(name, "HTTP status 503")),
    });
    scene.recover();
    texts.add("one of three is left", Cause::Thin, scene.take());

    let mut scene = Scene::new(3);
    scene.restart();
    // One never shows a block that the other one shows.
    let two = |name: &str, slot: u64| match name {
        "api.example.com" => Some(answer(name, at(slot / 2 * 2))),
        "rpc.example.org" => Some(answer(name, at((slot - 1) / 2 * 2 + 1))),
        _ => Some(no_answer(name, "HTTP status 503")),
    };
    scene.run(3, two);
    assert_eq!(scene.take(), [], "a moment later they may have");
    scene.run(1, two);
    scene.recover();
    texts.add("two are left that never stand at the same block", Cause::Thin, scene.take());

    let mut scene = Scene::new(3);
    scene.run(5, |name, slot| {
        let fork = Head { id: id(at(slot).num().0, 7), ..at(slot) };
        match name {
            "api.example.com" => Some(answer(name, at(slot))),
            "rpc.example.org" => Some(answer(name, fork)),
            _ => Some(no_answer(name, "no answer within 2 s")),
        }
    });
    scene.recover();
    texts.add("two of them, and two branches", Cause::Split, scene.take());

    let mut scene = Scene::new(3);
    scene.run(12, |name, _| Some(answer(name, at(102))));
    scene.recover();
    texts.add("no block comes any more", Cause::Halted, scene.take());

    for (heading, off) in [("this machine is behind", -40), ("this machine is ahead", 40)] {
        let mut scene = Scene::new(3);
        scene.clock_off = off;
        scene.run(5, |name, slot| Some(answer(name, at(slot))));
        scene.clock_off = 0;
        scene.recover();
        texts.add(heading, Cause::Clock, scene.take());
    }

    let mut scene = Scene::new(3);
    scene.heads_only = true;
    scene.run(5, |name, slot| Some(answer(name, at(slot))));
    scene.heads_only = false;
    scene.recover();
    texts.add("heads, and no blocks", Cause::NoBlocks, scene.take());
    scene.heads_only = true;
    scene.run(5, |name, slot| Some(answer(name, at(slot))));
    scene.run(4, |name, _| Some(no_answer(name, "no answer within 2 s")));
    texts.add("then no heads either", Cause::NoBlocks, scene.take());

    let mut scene = Scene::new(3);
    scene.headers_only = true;
    scene.run(5, |name, slot| Some(answer(name, at(slot))));
    scene.headers_only = false;
    scene.recover();
    texts.add("headers, and no blocks", Cause::NoBlocks, scene.take());

    let mut scene = Scene::new(3);
    scene.run(13, |name, slot| Some(scheduled(name, slot, 100, "abcde")));
    scene.recover();
    texts.add("they show one of a round that is over", Cause::NoSchedule, scene.take());
    texts.check();
}

#[test]
fn alerts_about_a_chain_that_is_not_the_configured_one() {
    let mut texts = CauseTexts::default();
    let right = Scene::new(3).tracker.config().clone();
    let wrong = [
        ("slots of another length", TrackerConfig { block_interval: INTERVAL / 3, ..right.clone() }),
        ("rounds of another length", TrackerConfig { round_length: 21, ..right.clone() }),
    ];
    for (heading, wrong) in wrong {
        let mut scene = Scene::new(3);
        scene.tracker = Tracker::new(wrong);
        for _ in 0..12 {
            scene.recover();
        }
        // Corrected, and restarted.
        scene.tracker = Tracker::new(right.clone());
        for _ in 0..12 {
            scene.recover();
        }
        texts.add(heading, Cause::WrongProfile, scene.take());
    }
    texts.check();
}

#[test]
fn alerts_about_endpoints() {
    let mut texts = CauseTexts::default();

    let mut scene = Scene::new(3);
    scene.run(28, |name, slot| match name {
        "rpc.example.org" => Some(answer(name, at(102))),
        _ => Some(answer(name, at(slot))),
    });
    scene.recover();
    texts.add("one stays where it is, for a minute", Cause::Doubts, scene.take());
    scene.run(28, |name, slot| match name {
        "rpc.example.org" => Some(no_answer(name, "HTTP status 503")),
        _ => Some(answer(name, at(slot))),
    });
    scene.run(1, |name, _| Some(no_answer(name, "no answer within 2 s")));
    texts.add("then none answers", Cause::Doubts, scene.take());
    let mut scene = Scene::new(3);
    scene.run(40, |name, slot| match name {
        "rpc.example.org" => Some(scheduled(name, slot, slot / 5 * 5 + 5, "bcdea")),
        _ => Some(answer(name, at(slot))),
    });
    scene.run(12, |name, slot| Some(answer(name, at(slot))));
    texts.add("one shows a wrong schedule, for a minute", Cause::Doubts, scene.take());

    let mut scene = Scene::new(1);
    scene.recover();
    texts.add("one endpoint, then three", Cause::OneVoice, scene.take());

    let mut scene = Scene::new(3);
    let now = scene.now();
    let named = [("api.example.com".to_owned(), "it redirects to https".to_owned())];
    let upgraded = messages(&mut scene, |alerts| {
        [alerts.upgraded(now, "hive", &named), alerts.upgraded(now, "hive", &[])].concat()
    });
    texts.add("until it is written so", Cause::Upgraded, upgraded);
    let named = ["api.example.com".to_owned()];
    let downgraded = messages(&mut scene, |alerts| {
        [alerts.downgraded(now, "hive", &named), alerts.downgraded(now, "hive", &[])].concat()
    });
    texts.add("until its TLS works", Cause::Downgraded, downgraded);
    texts.check();
}

fn messages(scene: &mut Scene, reports: impl FnOnce(&mut ChainAlerts) -> Vec<AlertReport>) -> Vec<Alert> {
    reports(&mut scene.alerts).into_iter().map(|report| scene.messages.of(report)).collect()
}
