//! The daemon's state as operators and scripts see it.

use dogwatch_alerts::{Alert, Severity};
use dogwatch_engine::{Agreement, Health, Mode, Origin, SwitchOutcome, SwitchRecord, Verdict};
use serde::{Deserialize, Serialize};

use crate::rehearsal::SlotCounts;

/// The whole daemon. The JSON of `dogwatch status --json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// The name of the place where it runs.
    pub site: String,
    /// Its version.
    pub version: String,
    /// When it started, UTC.
    pub started_at: String,
    /// The current time, UTC.
    pub now: String,
    /// Its chains.
    pub chains: Vec<ChainStatus>,
    /// The deliveries in its outbox.
    pub outbox: DeliveryCounts,
    /// Pages that no channel has delivered in time: their keys, and what the channels say.
    pub undelivered_pages: Vec<(String, String)>,
    /// The end of the maintenance that holds alerts back, UTC.
    pub maintenance_until: Option<String>,
    /// Open alerts about the daemon itself.
    pub alerts: Vec<AlertStatus>,
}

/// How many deliveries are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryCounts {
    /// Still to be delivered.
    pub pending: u64,
    /// The channel has confirmed them.
    pub delivered: u64,
    /// The channel has refused them for good.
    pub failed: u64,
}

/// A chain.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChainStatus {
    /// Its name.
    pub name: String,
    /// How well its endpoints agree.
    pub agreement: Agreement,
    /// The same in words, from their last answers alone.
    pub verdict: String,
    /// The head block.
    pub head: Option<u32>,
    /// The head's age, in milliseconds.
    pub head_age_ms: Option<u64>,
    /// The last irreversible block.
    pub irreversible: Option<u32>,
    /// How far this machine's clock is ahead of the endpoints' clocks, in milliseconds; behind them if negative. 0 if it is
    /// right, or not known. Dogwatch corrects for it.
    pub clock_offset_ms: i64,
    /// How many of the last 128 slots were filled, in percent.
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
    /// Who runs it, judging by its address. Endpoints of one operator count as one voice.
    pub operator: String,
    /// Its rank among the endpoints: the first is asked first.
    pub rank: usize,
    /// `well`, `untried`, `resting`, `throttled …`, `wrong chain`.
    pub health: String,
    /// How its last answer compares with those of the others.
    pub standing: Option<String>,
    /// Its head block.
    pub head: Option<u32>,
    /// That head's age, in milliseconds.
    pub head_age_ms: Option<u64>,
    /// How many blocks it is behind.
    pub lag: Option<u32>,
    /// Half of its answers came within this time, in milliseconds.
    pub latency_p50_ms: Option<u64>,
    /// Nine in ten of its answers came within this time, in milliseconds.
    pub latency_p90_ms: Option<u64>,
    /// Failed requests since the last good one.
    pub failures: u32,
    /// Why the last of them failed.
    pub last_error: Option<String>,
    /// Methods that failed the last time, and how.
    pub methods: Vec<(String, String)>,
    /// Why it is asked over https although the configuration says `http://`, if it is.
    pub upgrade: Option<String>,
    /// How many requests are left in its budget.
    pub budget_left: u32,
    /// Why its answers do not count, if they do not.
    pub trouble: Option<String>,
}

/// A duration in whole milliseconds.
pub fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A witness.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WitnessStatus {
    /// Its account.
    pub name: String,
    /// Whether Dogwatch may switch, or only watch.
    pub mode: Mode,
    /// Whether the witness is fine, and if not, whose fault it is.
    pub verdict: Verdict,
    /// Who holds the key on chain.
    pub on_duty: String,
    /// Own slots, oldest first: `+` produced, `x` missed, `-` chain-wide.
    pub slots: String,
    /// The same, counted.
    pub slot_counts: SlotCounts,
    /// The slot of its last block, if that is known.
    pub last_produced: Option<u64>,
    /// The own slot that began half a slot ago or more, and that no endpoint has a block of yet.
    #[serde(default)]
    pub suspected_miss: Option<u64>,
    /// Time to the next own slot in milliseconds, if the schedule is known.
    pub next_slot_in_ms: Option<u64>,
    /// The policy that made the last decision: the configured one, or the fallback policy in its place.
    #[serde(default)]
    pub policy: Option<PolicyStatus>,
    /// Why the configured policy does not work, if it does not.
    pub policy_trouble: Option<String>,
    /// The end of the pause of automatic switches, UTC.
    pub paused_until: Option<String>,
    /// Its nodes, in order of preference.
    pub nodes: Vec<NodeStatus>,
    /// The node that a switch under way moves the key to.
    pub switching_to: Option<String>,
    /// Past switches, oldest first.
    pub switches: Vec<SwitchStatus>,
    /// Open alerts about it.
    pub alerts: Vec<AlertStatus>,
}

/// The policy that made a decision, and what that cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyStatus {
    /// Its name.
    pub name: String,
    /// The SHA-256 of its file, in hexadecimal.
    pub sha256: String,
    /// The fuel that the call used: instructions, roughly.
    pub fuel: u64,
    /// How long the call took, in microseconds.
    pub micros: u64,
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
    /// How long it has been so, in milliseconds.
    pub health_for_ms: u64,
    /// The age of its head at the last good probe, in milliseconds.
    pub head_age_ms: Option<u64>,
    /// The version it runs.
    pub version: Option<String>,
    /// What the last bad probe found.
    pub trouble: Option<String>,
    /// The idle connection that tells when its process ends; `None` without a probe, or before it was tried.
    #[serde(default)]
    pub tripwire: Option<TripwireStatus>,
    /// What its own machine says of it; `None` if no beats are expected, or none has come yet.
    #[serde(default)]
    pub beat: Option<BeatStatus>,
}

/// What a node's own machine says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeatStatus {
    /// The node's process.
    pub state: BeatState,
    /// How long it has been so, in milliseconds.
    pub for_ms: u64,
}

/// A node's process, as its own machine sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BeatState {
    /// It runs.
    Running,
    /// It stands still.
    Stalled,
    /// It has ended.
    Ended,
    /// The machine does not find it.
    NotFound,
    /// The machine has said nothing for a while.
    Silent,
}

/// A connection to a node that is cut at once when the node's process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TripwireStatus {
    /// How it stands.
    pub state: TripwireState,
    /// How long it has been so, in milliseconds.
    pub for_ms: u64,
    /// How often it was cut although the port went on taking connections.
    pub blips: u32,
}

/// How a tripwire stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TripwireState {
    /// It stands.
    Up,
    /// The port refuses connections.
    Refused,
    /// No connection comes about.
    Silent,
    /// The other side closes idle connections so soon that it is of no use.
    GivenUp,
}

/// A past switch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SwitchStatus {
    /// When it was decided, UTC.
    pub at: String,
    /// The node that held the key.
    pub from: String,
    /// The node that the key moved to.
    pub to: String,
    /// The policy's reason.
    pub reason: String,
    /// Its outcome.
    pub outcome: SwitchOutcome,
    /// Who wanted it.
    pub origin: Origin,
    /// The transaction's id; unknown if the switch was made elsewhere.
    pub transaction: Option<String>,
    /// The block that contains the transaction.
    pub block: Option<u32>,
    /// The first block signed with the new key.
    pub proof: Option<u32>,
}

/// An open alert.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AlertStatus {
    /// Its key, which identifies it.
    pub key: String,
    /// How serious it is.
    pub severity: Severity,
    /// What happened.
    pub summary: String,
    /// What to do.
    pub remedy: String,
    /// The one command to type.
    pub command: String,
    /// When it opened, UTC.
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
            origin: record.origin,
            transaction: record.transaction.map(|id| id.to_string()),
            block: record.block.map(|block| block.num().0),
            proof: record.proof.map(|block| block.num().0),
        }
    }
}
