//! Blocks, schedules and readings in short form, and golden files, for the unit tests.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch_alerts::{Alert, AlertEvent, AlertKey, AlertReport, Cause, Change, Notice, Raiser, Severity};
use dogwatch_chain::{
    AccountName, Block, BlockId, BlockNum, Head, PublicKey, Schedule, Slot, Time, TransactionId, WitnessState,
};
use dogwatch_golden::GoldenFiles;

use crate::book::AlertBook;
use crate::chain::{EndpointReading, Reading, TrackerConfig};
use crate::failure::ReadFailure;
use crate::time::utc;

pub(crate) const INTERVAL: Duration = Duration::from_secs(3);

/// A tracker's configuration for these blocks and schedules.
pub(crate) fn tracking() -> TrackerConfig {
    TrackerConfig {
        chain: "hive".to_owned(),
        block_interval: INTERVAL,
        round_length: 5,
        quorum: 2,
        stale_after: INTERVAL * 5,
    }
}

pub(crate) fn name(text: &str) -> AccountName {
    AccountName::new(format!("witness-{text}")).unwrap()
}

pub(crate) fn key(n: u8) -> PublicKey {
    PublicKey::from_bytes([n; 33])
}

/// The id of a block on a branch.
pub(crate) fn id(num: u32, branch: u8) -> BlockId {
    let mut bytes = [branch; 20];
    bytes[..4].copy_from_slice(&num.to_be_bytes());
    BlockId::from_bytes(bytes)
}

pub(crate) fn time(slot: u64) -> Time {
    Time::from_secs(1_700_000_000).plus(INTERVAL * u32::try_from(slot).unwrap())
}

pub(crate) fn block(num: u32, slot: u64, witness: &str) -> Block {
    Block {
        id: id(num, 0),
        previous: id(num - 1, 0),
        time: time(slot),
        witness: name(witness),
        signing_key: Some(key(1)),
        transactions: Vec::<TransactionId>::new(),
        key_changes: Vec::new(),
    }
}

/// A block by the witness that [`says`] schedules for its slot.
pub(crate) fn in_turn(num: u32, slot: u64) -> Block {
    block(num, slot, ["a", "b", "c", "d", "e"][usize::try_from(slot % 5).unwrap()])
}

pub(crate) fn head(num: u32, slot: u64) -> Head {
    Head { id: id(num, 0), time: time(slot), slot: Slot(slot), irreversible: BlockNum(num - 1), participation: 128 }
}

/// A schedule by the first letters of its witnesses: `"abc"`.
pub(crate) fn schedule(next_shuffle: u32, current: &str, future: Option<&str>) -> Schedule {
    let names = |letters: &str| letters.chars().map(|letter| name(&letter.to_string())).collect();
    Schedule {
        next_shuffle: BlockNum(next_shuffle),
        current: names(current),
        future: future.map(names),
        majority_version: None,
    }
}

pub(crate) fn says(endpoint: &str, head: Head, signing_key: PublicKey) -> EndpointReading {
    let witness = WitnessState {
        owner: name("a"),
        signing_key,
        total_missed: 0,
        last_confirmed_block: BlockNum(1),
        running_version: "1".to_owned(),
    };
    let schedule = schedule(head.num().0 / 5 * 5 + 5, "abcde", None);
    EndpointReading {
        endpoint: endpoint.to_owned(),
        operator: operator(endpoint),
        date: None,
        result: Ok(Reading { head, schedule, witnesses: vec![Some(witness)] }),
    }
}

pub(crate) fn silent(endpoint: &str) -> EndpointReading {
    EndpointReading {
        endpoint: endpoint.to_owned(),
        operator: operator(endpoint),
        date: None,
        result: Err(ReadFailure::new("no answer")),
    }
}

/// `a1` and `a2` are both run by `a`.
fn operator(endpoint: &str) -> String {
    endpoint.chars().take(1).collect()
}

/// Turns reports into the messages that a channel would get of them.
#[derive(Default)]
pub(crate) struct Messages {
    open: BTreeMap<AlertKey, (Time, Severity)>,
}

impl Messages {
    pub(crate) fn of(&mut self, report: AlertReport) -> Alert {
        let change = report.change;
        let alert = report.message();
        let (opened_at, worst) = self.open.get(&alert.key).copied().unwrap_or((alert.at, alert.severity));
        let worst = worst.max(alert.severity);
        match change {
            Change::Over => self.open.remove(&alert.key),
            _ => self.open.insert(alert.key.clone(), (opened_at, worst)),
        };
        Alert { opened_at, severity: worst, ..alert }
    }
}

/// The messages about each cause, to be compared with the golden files.
#[derive(Default)]
pub(crate) struct CauseTexts {
    texts: BTreeMap<String, Vec<(String, Alert)>>,
}

impl CauseTexts {
    /// Adds the messages about that cause, under a heading.
    pub(crate) fn add(&mut self, heading: &str, cause: Cause, alerts: impl IntoIterator<Item = Alert>) {
        let alerts: Vec<Alert> = alerts.into_iter().filter(|alert| alert.key.cause == cause).collect();
        assert!(!alerts.is_empty(), "{heading}: no message about {cause}");
        let texts = self.texts.entry(cause.to_string()).or_default();
        texts.extend(alerts.into_iter().map(|alert| (heading.to_owned(), alert)));
    }

    /// Adds the message about a single notice.
    pub(crate) fn add_notice(&mut self, heading: &str, cause: Cause, now: Time, notice: Notice) {
        let report = AlertBook::default().update(now, notice);
        self.add(heading, cause, [Messages::default().of(report)]);
    }

    /// Compares all of them. Each cause has an opening and an end, and each message has all it needs.
    pub(crate) fn check(&self) {
        for (cause, texts) in &self.texts {
            let has = |event| texts.iter().any(|(_, alert)| alert.event == event);
            assert!(has(AlertEvent::Opened) && has(AlertEvent::Resolved), "{cause} has no beginning or no end");
            let shown: Vec<String> = texts.iter().map(|(heading, alert)| shown(heading, alert)).collect();
            golden_files().compare(cause, &shown.join("\n"));
        }
        for (heading, alert) in self.texts.values().flatten() {
            let over = alert.event == AlertEvent::Resolved;
            assert_eq!(alert.command.is_empty(), over, "{heading}: {alert:?}");
            assert!(over || exists(&alert.command), "{heading}: there is no command {:?}", alert.command);
            assert!(!alert.remedy.is_empty() && alert.details.len() > 10, "{heading}: {alert:?}");
            assert_eq!(alert.summary.lines().count(), 1, "{heading}: {alert:?}");
            let said = format!("{}\n{}\n{}", alert.summary, alert.details, alert.remedy);
            for flaw in ["  ", "..", ". .", ": .", "\n\n", " \n"] {
                assert!(!said.contains(flaw), "{heading}: {flaw:?} in {said}");
            }
        }
    }
}

/// Whether there is such a command.
fn exists(command: &str) -> bool {
    let words: Vec<&str> = command.split(' ').collect();
    matches!(
        words.as_slice(),
        ["dogwatch", "status" | "check" | "endpoints"]
            | ["dogwatch", "check" | "endpoints", "--ask"]
            | ["dogwatch", "resume", "alice"]
            | ["dogwatch", "switch", "alice", "primary" | "second" | "third"]
            | ["dogwatch", "switch", "alice", "primary" | "second" | "third", "--force"]
            | ["timedatectl", "set-ntp", "true"]
    )
}

fn shown(heading: &str, alert: &Alert) -> String {
    let Alert { key, event, severity, subject, details, remedy, command, .. } = alert;
    let (since, summary) = (utc(alert.opened_at), alert.headline());
    format!(
        "# {heading}\nkey: {key}\nevent: {event:?}\nseverity: {severity}\nsubject: {subject}\nsince: {since}\n\
         summary: {summary}\ndetails: {details}\nremedy: {remedy}\ncommand: {command}\n"
    )
}

fn golden_files() -> GoldenFiles {
    GoldenFiles::of(env!("CARGO_MANIFEST_DIR"))
}

/// Whoever adds a cause adds its golden file, and whoever drops one drops it.
#[test]
fn every_cause_has_a_golden_file() {
    golden_files().are(Cause::raised_by(Raiser::Engine));
}
