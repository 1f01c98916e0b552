//! The result of the demo: a table, and the invariants that must have held.

use std::fmt;

use dogwatch_chain::Time;
use dogwatch_devnet::{DevnetSlotOutcome, Snapshot};

use crate::picture::producer;
use crate::scenario::{Breakdown, Scenario};
use crate::sink::Received;
use crate::stage::{NODES, WITNESS};

/// A node that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crash {
    pub(super) node: &'static str,
    pub(super) breakdown: Breakdown,
    pub(super) successor: &'static str,
    pub(super) at: Time,
}

#[derive(Debug)]
struct CrashRow {
    crash: Crash,
    lost: usize,
    seconds: Option<f64>,
    alerts: usize,
}

#[derive(Debug)]
pub(super) struct Report {
    rows: Vec<CrashRow>,
    broken: Vec<String>,
}

impl Report {
    pub(super) fn new(scenario: Scenario, snapshot: &Snapshot, crashes: &[Crash], alerts: &[Received]) -> Self {
        let mut broken = Vec::new();
        if scenario == Scenario::Incident2018 && !alerts.iter().any(|alert| alert.key.contains("/upgraded/")) {
            broken.push("no alert said that the endpoint is configured as http:// but demands https".to_owned());
        }
        let mut rows = Vec::new();
        let ends = crashes.iter().skip(1).map(|crash| crash.at).chain([Time::from_millis(i64::MAX)]);
        for (crash, end) in crashes.iter().zip(ends) {
            rows.push(row(snapshot, *crash, end, alerts));
        }
        for row in &rows {
            if row.alerts == 0 {
                broken.push(format!("no alert about the crash of {} was delivered", row.crash.node));
            }
        }
        changes(snapshot, crashes, &mut broken);
        let last = snapshot.slots.iter().rev().find(|slot| slot.witness.as_str() == WITNESS);
        if last.and_then(producer) != crashes.last().map(|crash| crash.successor) {
            broken.push("the block of alice's last slot was not produced by the last successor".to_owned());
        }
        Self { rows, broken }
    }

    pub(super) fn holds(&self) -> bool {
        self.broken.is_empty()
    }
}

fn row(snapshot: &Snapshot, crash: Crash, end: Time, alerts: &[Received]) -> CrashRow {
    let slots: Vec<_> = snapshot
        .slots
        .iter()
        .filter(|slot| slot.witness.as_str() == WITNESS && slot.time > crash.at && slot.time <= end)
        .collect();
    let missed: Vec<Time> =
        slots.iter().filter(|slot| slot.outcome == DevnetSlotOutcome::Missed).map(|slot| slot.time).collect();
    let switched = snapshot.key_changes.iter().find_map(|change| {
        let block = snapshot.slots.iter().find(|slot| match slot.outcome {
            DevnetSlotOutcome::Produced { block, .. } => block == change.block,
            DevnetSlotOutcome::Missed => false,
        })?;
        (block.time > crash.at).then_some(block.time)
    });
    let seconds = missed.first().zip(switched).map(|(first, switched)| switched.since(*first).as_secs_f64());
    let during = |alert: &&Received| {
        let at = Time::from_millis(alert.at_ms);
        at > crash.at && at <= end
    };
    CrashRow { crash, lost: missed.len(), seconds, alerts: alerts.iter().filter(during).count() }
}

/// Exactly one key change per crash, each from the dead node to the next.
fn changes(snapshot: &Snapshot, crashes: &[Crash], broken: &mut Vec<String>) {
    if snapshot.key_changes.len() != crashes.len() {
        broken.push(format!("{} key changes for {} crashes", snapshot.key_changes.len(), crashes.len()));
    }
    let Some(witness) = snapshot.witnesses.iter().find(|(name, _)| name.as_str() == WITNESS).map(|(_, w)| w) else {
        return broken.push("the devnet no longer has the witness".to_owned());
    };
    let name = |key| NODES.into_iter().find(|node| witness.nodes.get(*node).is_some_and(|known| known.key == key));
    for (change, crash) in snapshot.key_changes.iter().zip(crashes) {
        if name(change.from) != Some(crash.node) || name(change.to) != Some(crash.successor) {
            broken.push(format!("the key did not move from {} to {}", crash.node, crash.successor));
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "node                     taken over by  blocks lost  first missed slot to new key on chain  alerts delivered"
        )?;
        for CrashRow { crash, lost, seconds, alerts } in &self.rows {
            let seconds = seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1} s"));
            let Crash { node, breakdown, successor, .. } = crash;
            writeln!(f, "{node:<12} {breakdown:<11} {successor:<14} {lost:>11}  {seconds:>38}  {alerts:>16}")?;
        }
        match self.broken.as_slice() {
            [] => write!(f, "Exactly one key change per crash, each to a fit standby, each reported."),
            broken => {
                for line in broken {
                    writeln!(f, "BROKEN: {line}")?;
                }
                Ok(())
            }
        }
    }
}
