//! Scenarios as data: what happens, and what must come of it.

use dogwatch_alerts::{Alert, AlertEvent, Severity};
use dogwatch_chain::Profile;
use dogwatch_engine::Holder;

use super::chain::Irreversibility;
use super::night::{Fault, Night};
use super::watcher::Watcher;

pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// How many slots it goes on.
    pub(crate) slots: u64,
    /// Slots after dusk, and what happens then.
    pub(crate) timeline: Vec<(u64, Fault)>,
    /// Changes of the key on chain.
    pub(crate) changes: usize,
    /// Who holds the key in the end.
    pub(crate) holder: &'static str,
    /// Alerts that must have been opened.
    pub(crate) must: &'static [&'static str],
    /// Alerts that must not have been opened.
    pub(crate) never: &'static [&'static str],
    /// Alerts that are open at dawn; all of them.
    pub(crate) left: &'static [&'static str],
}

/// Nothing happens: what other scenarios start from.
pub(crate) const QUIET: Scenario = Scenario {
    name: "nothing happens",
    slots: 250,
    timeline: Vec::new(),
    changes: 0,
    holder: "primary",
    must: &[],
    never: &[
        "switching",
        "missing",
        "blind",
        "halted",
        "thin",
        "split",
        "refused",
        "key-changed",
        "doubts",
        "policy-failed",
        "minority-fork",
        "no-schedule",
        "clock-offset",
    ],
    left: &[],
};

/// The chains that every scenario is played on.
fn chains(seed: u64) -> Vec<(&'static str, Night)> {
    let small = Profile { round_length: 5, ..Profile::hive() };
    vec![
        ("steem", Night::steem(seed)),
        ("hive", Night::hive(seed)),
        ("small rounds", Night::new(small, Irreversibility(0), 3, seed)),
    ]
}

impl Scenario {
    pub(crate) fn play(&self, setup: impl Fn(&mut Watcher)) {
        for seed in 0..2 {
            for (chain, mut night) in chains(seed) {
                let label = format!("{:?} on {chain}, seed {seed}", self.name);
                let _shown = Shown(&label);
                setup(night.watch(&[700, 2200], seed));
                night.run(self.slots, &self.timeline);
                self.judge(&label, &night);
            }
        }
    }

    fn judge(&self, label: &str, night: &Night) {
        let watcher = &night.watchers[0];
        let story = || {
            let said: Vec<String> = watcher
                .desk
                .said
                .iter()
                .map(|a| format!("{} {:?} {} {}: {}", a.at, a.event, a.severity, a.key, a.summary))
                .collect();
            let records: Vec<String> =
                watcher.records.iter().map(|r| format!("{:?} {}: {}", r.verdict, r.evidence, r.outcome)).collect();
            format!("\n{}\n{}", said.join("\n"), records.join("\n"))
        };
        assert_eq!(night.changes(), self.changes, "{label}: key changes; {}", story());
        assert_eq!(night.holder(), self.holder, "{label}: holder; {}", story());
        // Refusals that pass by themselves are no trouble.
        let trouble = |kind: &str, alert: &Alert| kind != "refused" || alert.severity > Severity::Info;
        let opened =
            |kind: &str| watcher.alerts(kind).iter().any(|a| a.event == AlertEvent::Opened && trouble(kind, a));
        for kind in self.must {
            assert!(opened(kind), "{label}: {kind} was never opened; {}", story());
        }
        for kind in self.never {
            assert!(!opened(kind), "{label}: {kind} was opened; {}", story());
        }
        let left: Vec<String> = watcher
            .desk
            .open()
            .filter(|alert| alert.severity > Severity::Info)
            .map(|alert| alert.key.to_string())
            .collect();
        for key in &left {
            assert!(self.left.iter().any(|kind| key.contains(kind)), "{label}: {key} is still open; {}", story());
        }
        for kind in self.left {
            assert!(left.iter().any(|key| key.contains(kind)), "{label}: {kind} is not open; {}", story());
        }
    }
}

/// Says on a panic what was being played.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in {}", self.0);
        }
    }
}

/// The target of a switch, by the node's name.
pub(crate) fn node(name: &str) -> Holder {
    Holder::Node(name.to_owned())
}

/// The seeds to play, and so many times more of them where `NIGHTS` says so.
pub(crate) fn more(seeds: std::ops::Range<u64>) -> impl Iterator<Item = u64> {
    let times = std::env::var("NIGHTS").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    (0..times).flat_map(move |n| seeds.clone().map(move |seed| n * 1000 + seed))
}

/// The seed of the one night to play, where `SEED` names it.
pub(crate) fn chosen() -> Option<u64> {
    std::env::var("SEED").ok().and_then(|seed| seed.parse().ok())
}
