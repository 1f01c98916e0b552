//! The daemon's state as operators and scripts see it.

use dogwatch_alerts::{Alert, Severity};
use dogwatch_engine::{Agreement, Health, Mode, SwitchOutcome, SwitchRecord, Verdict};
use serde::{Deserialize, Serialize};

use crate::rehearsal::SlotCounts;

/// The whole daemon. The JSON of `dogwatch status --json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// Where it runs.
    pub site: String,
    /// Its version.
    pub version: String,
    /// When it started, UTC.
    pub started_at: String,
    /// Now, UTC.
    pub now: String,
    /// Its chains.
    pub chains: Vec<ChainStatus>,
    /// Its outbox.
    pub outbox: DeliveryCounts,
    /// Pages that no channel has delivered within a minute: their keys, and what the channels say.
    pub undelivered_pages: Vec<(String, String)>,
    /// Until when alerts are held back for maintenance, UTC.
    pub maintenance_until: Option<String>,
    /// Open alerts about the daemon itself.
    pub alerts: Vec<AlertStatus>,
}

/// How many deliveries are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryCounts {
    /// Still to be delivered.
    pub pending: u64,
    /// The channel said it has them.
    pub delivered: u64,
    /// The channel said it will never take them.
    pub failed: u64,
}

/// A chain.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChainStatus {
    /// Its name.
    pub name: String,
    /// How well its endpoints agree.
    pub agreement: Agreement,
    /// The same in words, as their last answers alone show it.
    pub verdict: String,
    /// The head block.
    pub head: Option<u32>,
    /// Its age.
    pub head_age_ms: Option<u64>,
    /// The last irreversible block.
    pub irreversible: Option<u32>,
    /// Of the last 128 slots, how many were filled.
    pub participation_percent: u32,
    /// Its endpoints.
    pub endpoints: Vec<EndpointStatus>,
    /// Open alerts about it.
    pub alerts: Vec<AlertStatus>,
    /// Its witnesses.
    pub witnesses: Vec<WitnessStatus>,
}

/// An endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndpointStatus {
    /// Its name, without tokens.
    pub name: String,
    /// Who runs it, as far as its address tells. Endpoints of one operator are one voice.
    pub operator: String,
    /// Its place among the endpoints: the first is asked first.
    pub rank: usize,
    /// `well`, `untried`, `resting`, `throttled …`, `wrong chain`.
    pub health: String,
    /// What its last answer was worth beside those of the others.
    pub standing: Option<String>,
    /// Its head.
    pub head: Option<u32>,
    /// That head's age.
    pub head_age_ms: Option<u64>,
    /// By how many blocks it is behind.
    pub lag: Option<u32>,
    /// Half of its answers came within this.
    pub latency_p50_ms: Option<u64>,
    /// Nine in ten of its answers came within this.
    pub latency_p90_ms: Option<u64>,
    /// Requests that failed since the last good one.
    pub failures: u32,
    /// Why the last of them failed.
    pub last_error: Option<String>,
    /// Methods that failed the last time, and how.
    pub methods: Vec<(String, String)>,
    /// Why it is asked by https although `http://` is written, if it is.
    pub upgrade: Option<String>,
    /// How many requests it is to get before its budget is used up.
    pub budget_left: u32,
    /// Why it does not count, if it does not.
    pub trouble: Option<String>,
}

/// Whole milliseconds.
pub fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A witness.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WitnessStatus {
    /// Its account.
    pub name: String,
    /// Whether Dogwatch may act.
    pub mode: Mode,
    /// Whose fault the misses are.
    pub verdict: Verdict,
    /// Who holds the key on chain.
    pub on_duty: String,
    /// Own slots, oldest first: `+` produced, `x` missed, `-` chain-wide.
    pub slots: String,
    /// The same, counted.
    pub slot_counts: SlotCounts,
    /// Time to the next own slot, where the schedule is known.
    pub next_slot_in_ms: Option<u64>,
    /// Why the policy does not work, if it does not.
    pub policy_trouble: Option<String>,
    /// Until when automatic switches are paused, UTC.
    pub paused_until: Option<String>,
    /// Its nodes, in order of preference.
    pub nodes: Vec<NodeStatus>,
    /// Where the key is moving to.
    pub switching_to: Option<String>,
    /// Past switches, oldest first.
    pub switches: Vec<SwitchStatus>,
    /// Open alerts about it.
    pub alerts: Vec<AlertStatus>,
}

/// A node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Its name.
    pub name: String,
    /// Whether it holds the key on chain.
    pub on_duty: bool,
    /// Its public signing key.
    pub public_key: String,
    /// Its fitness.
    pub health: Health,
    /// For how long it has been so.
    pub health_for_ms: u64,
    /// Age of its head at the last good probe.
    pub head_age_ms: Option<u64>,
    /// What it runs.
    pub version: Option<String>,
    /// What the last bad probe found.
    pub trouble: Option<String>,
}

/// A past switch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SwitchStatus {
    /// When it was decided, UTC.
    pub at: String,
    /// From which node.
    pub from: String,
    /// To which node.
    pub to: String,
    /// Why.
    pub reason: String,
    /// What came of it.
    pub outcome: SwitchOutcome,
    /// The transaction.
    pub transaction: String,
    /// The block that holds it.
    pub block: Option<u32>,
    /// The first block signed with the new key.
    pub proof: Option<u32>,
}

/// An open alert.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AlertStatus {
    /// Its identity.
    pub key: String,
    /// How bad it is.
    pub severity: Severity,
    /// What happened.
    pub summary: String,
    /// What to do.
    pub remedy: String,
    /// The one command to type.
    pub command: String,
    /// Since when, UTC.
    pub opened_at: String,
}

impl From<&Alert> for AlertStatus {
    fn from(alert: &Alert) -> Self {
        Self {
            key: alert.key.to_string(),
            severity: alert.severity,
            summary: alert.summary.clone(),
            remedy: alert.remedy.clone(),
            command: alert.command.clone(),
            opened_at: alert.opened_at.to_string(),
        }
    }
}

impl From<&SwitchRecord> for SwitchStatus {
    fn from(record: &SwitchRecord) -> Self {
        Self {
            at: record.at.to_string(),
            from: record.from.to_string(),
            to: record.to.to_string(),
            reason: record.reason.clone(),
            outcome: record.outcome,
            transaction: record.transaction.to_string(),
            block: record.block.map(|block| block.num().0),
            proof: record.proof.map(|block| block.num().0),
        }
    }
}
