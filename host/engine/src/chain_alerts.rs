//! Alerts about a chain as a whole: blindness above all.

use std::time::Duration;

use dogwatch_chain::{Head, Time};

use crate::alert::{Alert, AlertKey, Severity, Subject};
use crate::book::{AlertBook, Notice};
use crate::situation::Agreement;
use crate::tracker::{Standstill, Tracker, WallClock};

/// How long answers may be missing before that is blindness: three slots, but time enough for one retry.
const GRACE_SLOTS: u32 = 3;

/// What may be wrong with the chain as a whole, one at a time.
const KINDS: [&str; 5] = ["blind", "halted", "thin", "split", "clock"];

/// The open alerts of one chain.
#[derive(Clone, Debug)]
pub struct ChainAlerts {
    book: AlertBook,
    repeat: Duration,
    /// When the chain was last seen well; before the first time, blindness has no grace.
    last_well: Option<Time>,
    doubts_since: Option<Time>,
    behind_since: Option<Time>,
}

impl ChainAlerts {
    /// Goes on from the alerts that were open.
    pub fn new(book: AlertBook, repeat: Duration) -> Self {
        Self { book, repeat, last_well: None, doubts_since: None, behind_since: None }
    }

    /// The open alerts, to be stored.
    pub fn book(&self) -> &AlertBook {
        &self.book
    }

    /// Whether there is a chain to go by.
    pub fn is_well(&self, tracker: &Tracker) -> bool {
        matches!(tracker.agreement(), Agreement::Agreed | Agreement::Single)
    }

    /// Looks at the tracker after a round of answers, or after too long a wait for one.
    pub fn observe(&mut self, now: Time, tracker: &Tracker) -> Vec<Alert> {
        let mut said = Vec::new();
        let chain = tracker.config().chain.clone();
        let grace = tracker.config().block_interval.saturating_mul(GRACE_SLOTS);
        let key = |kind: &str| AlertKey(format!("chain/{chain}/{kind}"));
        let well = self.is_well(tracker);
        if well {
            self.last_well = Some(now);
            for kind in KINDS {
                said.extend(self.book.resolve(now, &key(kind), "The endpoints show a fresh, agreed chain again."));
            }
        } else if self.last_well.is_none_or(|at| now.since(at) >= grace || now < at) {
            // A clock that was set back is no reason for patience either.
            let kind = match (tracker.agreement(), tracker.standstill(), tracker.wall_clock()) {
                (Agreement::Blind, Standstill::AllAtTheSameBlock, _) => "halted",
                (Agreement::Blind, _, WallClock::Ahead(_) | WallClock::Behind(_)) => "clock",
                (Agreement::Thin, ..) => "thin",
                (Agreement::Disagreed, ..) => "split",
                _ => "blind",
            };
            for other in KINDS.into_iter().filter(|other| *other != kind) {
                said.extend(self.book.resolve(now, &key(other), "It has turned into something else."));
            }
            let notice = notice(tracker, key(kind), kind, self.last_well);
            said.extend(self.book.raise(now, &chain, self.repeat, notice));
        }
        said.extend(self.blocks(now, tracker, well));
        said.extend(self.doubts(now, tracker, well));
        said.extend(self.one_voice(now, tracker));
        said
    }

    /// Endpoints that were written `http://` and are asked by https, with the reason. Each is worth one word.
    pub fn upgraded(&mut self, now: Time, chain: &str, endpoints: &[(String, String)]) -> Vec<Alert> {
        let prefix = format!("chain/{chain}/upgraded/");
        let key = |name: &str| AlertKey(format!("{prefix}{name}"));
        let keep: Vec<AlertKey> = endpoints.iter().map(|(name, _)| key(name)).collect();
        let mut said =
            self.book.resolve_others(now, &prefix, &keep, "It is no longer asked so: see the configuration.");
        for (name, why) in endpoints {
            let notice = Notice {
                key: key(name),
                severity: Severity::Warning,
                subject: Subject::Endpoint(chain.to_owned(), name.clone()),
                summary: format!("{chain}: endpoint {name} is asked by https, although http:// is written"),
                details: format!("Reason: {why}. It goes on by https, as a POST with its body, also after a restart."),
                remedy: "Write https:// in the configuration.".to_owned(),
                command: "dogwatch check".to_owned(),
            };
            said.extend(self.book.raise(now, chain, self.repeat, notice));
        }
        said
    }

    /// Endpoints that answered by https once, and now only by plain HTTP, which is allowed for them.
    pub fn downgraded(&mut self, now: Time, chain: &str, endpoints: &[String]) -> Vec<Alert> {
        let prefix = format!("chain/{chain}/downgraded/");
        let key = |name: &str| AlertKey(format!("{prefix}{name}"));
        let keep: Vec<AlertKey> = endpoints.iter().map(|name| key(name)).collect();
        let mut said = self.book.resolve_others(now, &prefix, &keep, "It answers by https again, or is gone.");
        for name in endpoints {
            let notice = Notice {
                key: key(name),
                severity: Severity::Warning,
                subject: Subject::Endpoint(chain.to_owned(), name.clone()),
                summary: format!("{chain}: endpoint {name} answered by https before, and now only by plain http"),
                details: "Plain http is allowed for it, and it is asked so. Somebody may be in the way.".to_owned(),
                remedy: "Repair its TLS, and write https:// in the configuration.".to_owned(),
                command: "dogwatch endpoints --ask".to_owned(),
            };
            said.extend(self.book.raise(now, chain, self.repeat, notice));
        }
        said
    }

    /// What keeps the gateway from serving, or that nothing does.
    pub fn gateway(&mut self, now: Time, chain: &str, trouble: Option<&str>) -> Option<Alert> {
        let key = AlertKey(format!("chain/{chain}/gateway"));
        let Some(trouble) = trouble else { return self.book.resolve(now, &key, "The gateway serves.") };
        let notice = Notice {
            key,
            severity: Severity::Page,
            subject: Subject::Daemon,
            summary: "the gateway cannot serve".to_owned(),
            details: format!("{trouble}\nIt is tried again every few seconds. The watch does not depend on it."),
            remedy: "End what holds its port, or mend its certificate.".to_owned(),
            command: "dogwatch check".to_owned(),
        };
        self.book.raise(now, chain, self.repeat, notice)
    }

    /// With endpoints of one operator nothing can be checked. It works, and stays a warning.
    fn one_voice(&mut self, now: Time, tracker: &Tracker) -> Vec<Alert> {
        let chain = &tracker.config().chain;
        let key = AlertKey(format!("chain/{chain}/one-voice"));
        match tracker.agreement() {
            Agreement::Single => {}
            // Whether there are others does not depend on whether they answer.
            Agreement::Blind => return Vec::new(),
            _ => {
                let how = "There are endpoints of several operators.";
                return self.book.resolve(now, &key, how).into_iter().collect();
            }
        }
        let notice = Notice {
            key,
            severity: Severity::Warning,
            subject: Subject::Chain(chain.clone()),
            summary: format!("{chain}: all that is known comes from one operator"),
            details: "Nothing it says can be checked, and without it Dogwatch is blind.".to_owned(),
            remedy: "Add endpoints of other operators.".to_owned(),
            command: "dogwatch endpoints".to_owned(),
        };
        self.book.raise(now, chain, self.repeat, notice).into_iter().collect()
    }

    /// Heads alone show nothing of the witness: without the blocks below them Dogwatch is as good as blind.
    fn blocks(&mut self, now: Time, tracker: &Tracker, well: bool) -> Option<Alert> {
        let chain = &tracker.config().chain;
        let key = AlertKey(format!("chain/{chain}/no-blocks"));
        let tip = tracker.log().tip().map(|tip| tip.num());
        let head = tracker.head().map(Head::num);
        if !well || tip >= head {
            self.behind_since = None;
            return self.book.resolve(now, &key, "The blocks up to the head are known.");
        }
        let since = *self.behind_since.get_or_insert(now);
        if now.since(since) < tracker.config().block_interval.saturating_mul(GRACE_SLOTS) {
            return None;
        }
        let notice = Notice {
            key,
            severity: Severity::Page,
            subject: Subject::Chain(chain.clone()),
            summary: format!("{chain}: no endpoint gives the blocks up to its head"),
            details: format!(
                "So it is since {since} UTC. Who produced and who missed cannot be told, and nothing is switched."
            ),
            remedy: "Replace the endpoints, or wait for them.".to_owned(),
            command: "dogwatch endpoints --ask".to_owned(),
        };
        self.book.raise(now, chain, self.repeat, notice)
    }

    /// While the chain as a whole is well, endpoints that are not are worth a word.
    fn doubts(&mut self, now: Time, tracker: &Tracker, well: bool) -> Vec<Alert> {
        let chain = &tracker.config().chain;
        let key = AlertKey(format!("chain/{chain}/doubts"));
        if !well || tracker.doubts().is_empty() {
            self.doubts_since = None;
            return self.book.resolve(now, &key, "All endpoints answer well.").into_iter().collect();
        }
        // One bad answer is nothing; a minute of them is.
        let since = *self.doubts_since.get_or_insert(now);
        if now.since(since) < tracker.config().block_interval.saturating_mul(20) {
            return Vec::new();
        }
        let notice = Notice {
            key,
            severity: Severity::Warning,
            subject: Subject::Chain(chain.clone()),
            summary: format!("{chain}: {} endpoints cannot be used", tracker.doubts().len()),
            details: reasons(tracker),
            remedy: "Replace them, or wait for them.".to_owned(),
            command: "dogwatch endpoints --ask".to_owned(),
        };
        self.book.raise(now, chain, self.repeat, notice).into_iter().collect()
    }
}

fn reasons(tracker: &Tracker) -> String {
    let lines: Vec<String> = tracker.doubts().iter().map(|(name, doubt)| format!("{name}: {doubt}")).collect();
    lines.join("\n")
}

fn notice(tracker: &Tracker, key: AlertKey, kind: &str, last_well: Option<Time>) -> Notice {
    let chain = &tracker.config().chain;
    let since = last_well.map_or_else(|| "since the start".to_owned(), |at| format!("since {at} UTC"));
    let (severity, summary, remedy) = match kind {
        "halted" => (
            Severity::Critical,
            format!("{chain} has halted, or every endpoint is cut off from it in the same way"),
            "Nothing, if the chain has halted. Else replace the endpoints.",
        ),
        "clock" => (
            Severity::Page,
            match tracker.wall_clock() {
                WallClock::Behind(by) => format!("this machine's clock is {} s behind {chain}'s", by.as_secs()),
                WallClock::Ahead(by) => format!("this machine's clock is {} s ahead of {chain}'s", by.as_secs()),
                WallClock::Plausible => format!("this machine's clock does not fit {chain}'s"),
            },
            "Set the clock, and have it kept right. Until then nothing is switched.",
        ),
        "thin" => (
            Severity::Page,
            format!("{chain}: fewer endpoints answer than must agree"),
            "Add endpoints, or lower the quorum: without agreement Dogwatch does not act.",
        ),
        "split" => (
            Severity::Page,
            format!("{chain}: the endpoints contradict each other"),
            "Find out which endpoint is wrong and remove it.",
        ),
        _ => (
            Severity::Page,
            format!("Dogwatch is blind: no endpoint shows a fresh head of {chain}"),
            "Give it endpoints that work. Until then nothing is watched and nothing is switched.",
        ),
    };
    Notice {
        key,
        severity,
        subject: Subject::Chain(chain.clone()),
        summary,
        details: format!("So it is {since}. Dogwatch holds, and goes on trying.\n{}", reasons(tracker)),
        remedy: remedy.to_owned(),
        command: match kind {
            "clock" => "timedatectl set-ntp true".to_owned(),
            _ => "dogwatch endpoints --ask".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::AlertEvent;
    use crate::testing::{INTERVAL, block, head, key, says, silent, time};
    use crate::tracker::TrackerConfig;

    struct Scene {
        tracker: Tracker,
        alerts: ChainAlerts,
        /// Whether the endpoints give their blocks.
        blocks: bool,
    }

    impl Scene {
        fn new() -> Self {
            let config = TrackerConfig {
                chain: "hive".to_owned(),
                block_interval: INTERVAL,
                quorum: 2,
                stale_after: INTERVAL * 5,
            };
            Self {
                tracker: Tracker::new(config),
                alerts: ChainAlerts::new(AlertBook::default(), Duration::from_secs(300)),
                blocks: true,
            }
        }

        /// Three endpoints, so many of which answer.
        fn observe(&mut self, slot: u64, answer: usize) -> Vec<(AlertEvent, String)> {
            let read = |n: usize| {
                let name = n.to_string();
                if n < answer { says(&name, head(u32::try_from(slot).unwrap(), slot), key(1)) } else { silent(&name) }
            };
            self.tracker.observe(time(slot), &[read(0), read(1), read(2)]);
            if answer > 0 && self.blocks {
                self.tracker.learn(vec![block(u32::try_from(slot).unwrap(), slot, "a")]);
            }
            let said = self.alerts.observe(time(slot), &self.tracker);
            said.into_iter().map(|alert| (alert.event, alert.key.0)).collect()
        }
    }

    fn said(event: AlertEvent, kind: &str) -> Vec<(AlertEvent, String)> {
        vec![(event, format!("chain/hive/{kind}"))]
    }

    #[test]
    fn blindness_is_said_at_once_at_the_start_and_after_a_grace_later() {
        let mut scene = Scene::new();
        assert_eq!(scene.observe(100, 0), said(AlertEvent::Opened, "blind"));
        assert_eq!(scene.observe(101, 3), said(AlertEvent::Resolved, "blind"));
        assert_eq!(scene.observe(102, 0), []);
        assert_eq!(scene.observe(103, 1), []);
        assert_eq!(scene.observe(104, 1), said(AlertEvent::Opened, "thin"));
        assert_eq!(scene.observe(204, 1), said(AlertEvent::Updated, "thin"), "after five minutes");
        let turned = [said(AlertEvent::Resolved, "thin"), said(AlertEvent::Opened, "blind")].concat();
        assert_eq!(scene.observe(205, 0), turned);
    }

    #[test]
    fn a_clock_set_back_gives_no_grace() {
        let mut scene = Scene::new();
        assert_eq!(scene.observe(1000, 3), []);
        assert_eq!(scene.observe(10, 0), said(AlertEvent::Opened, "blind"));
    }

    #[test]
    fn one_bad_endpoint_is_worth_a_word_after_a_while() {
        let mut scene = Scene::new();
        for slot in 100..120 {
            assert_eq!(scene.observe(slot, 2), [], "slot {slot}");
        }
        assert_eq!(scene.observe(120, 2), said(AlertEvent::Opened, "doubts"));
        assert_eq!(scene.observe(121, 2), []);
        assert_eq!(scene.observe(122, 3), said(AlertEvent::Resolved, "doubts"));
    }

    #[test]
    fn heads_without_blocks_are_blindness_too() {
        let mut scene = Scene::new();
        scene.blocks = false;
        for slot in 100..103 {
            assert_eq!(scene.observe(slot, 3), [], "slot {slot}");
        }
        assert_eq!(scene.observe(103, 3), said(AlertEvent::Opened, "no-blocks"));
        scene.blocks = true;
        assert_eq!(scene.observe(104, 3), said(AlertEvent::Resolved, "no-blocks"));
    }
}
