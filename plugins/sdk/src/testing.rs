//! For the tests of a plugin, on the machine's own target.

use crate::channel::{self, Channel, Event, Judgement, Request, Response, ResponseHeader};
use crate::export::{channel_config, joined, policy_config};
use crate::policy::{
    Agreement, ChainView, Decision, Health, Holder, Mode, Node, Outcome, OwnSlot, Policy, Situation, Verdict,
};
use crate::settings::{Problem, Settings, Value};

/// The block interval of [`situation`], in milliseconds.
const INTERVAL: u64 = 3000;
/// Its time when slot 0 was.
const GENESIS: i64 = 1_700_000_000_000;

/// A calm night: every node is fit, the first holds the key, nothing is missing, and the head is at slot 10000.
pub fn situation<'a>(nodes: impl IntoIterator<Item = &'a str>) -> Situation {
    let head_slot = 10_000;
    Situation {
        now: time_of(head_slot),
        mode: Mode::Armed,
        site: "home".into(),
        chain: "hive".into(),
        witness: "alice".into(),
        block_interval: INTERVAL,
        round_length: 21,
        verdict: Verdict::Fine,
        view: ChainView {
            head_block: 9_990,
            head_slot,
            head_age: 0,
            irreversible_block: 9_980,
            participation: 128,
            agreement: Agreement::Agreed,
            endpoints_fresh: 3,
            endpoints_total: 3,
        },
        holder: Holder::Node(0),
        holder_since: None,
        slots: Vec::new(),
        next_slot: None,
        nodes: nodes.into_iter().map(node).collect(),
        switches: Vec::new(),
        switching: false,
        paused_until: None,
    }
}

fn node(name: &str) -> Node {
    Node { name: name.to_owned(), health: Health::Healthy, health_for: 600_000, head_age: Some(0), eligible: true }
}

/// When a slot of [`situation`] was.
pub fn time_of(slot: u64) -> i64 {
    GENESIS.saturating_add(i64::try_from(slot.saturating_mul(INTERVAL)).unwrap_or(i64::MAX))
}

/// An own slot of [`situation`].
pub fn own_slot(slot: u64, outcome: Outcome, holder: Holder) -> OwnSlot {
    OwnSlot { slot, time: time_of(slot), outcome, holder }
}

/// Asks a policy that remembers nothing.
pub fn decide<P: Policy>(settings: &[(&str, Value)], situation: &Situation) -> Result<Decision, String> {
    let config = policy_config::<P>(&table(settings)).map_err(|problems| joined(&problems))?;
    P::decide(&config, situation, &[])
}

/// What a policy finds wrong with its settings.
pub fn problems<P: Policy>(settings: &[(&str, Value)]) -> Vec<Problem> {
    policy_config::<P>(&table(settings)).err().unwrap_or_default()
}

/// An alert that says that `alice` misses blocks.
pub fn alert() -> channel::Alert {
    channel::Alert {
        key: "hive/alice/missing".into(),
        message_id: "hive/alice/missing/1".into(),
        event: Event::Opened,
        severity: channel::Severity::Critical,
        subject: "witness alice".into(),
        site: "home".into(),
        chain: "hive".into(),
        witness: "alice".into(),
        summary: "alice misses blocks".into(),
        details: "2 own slots in a row".into(),
        remedy: "look at node one".into(),
        opened_at: time_of(9_979),
        at: time_of(10_000),
    }
}

/// An answer without a body; headers in lower case.
pub fn response(status: u16, headers: &[(&str, &str)]) -> Response {
    let headers = headers
        .iter()
        .map(|(name, value)| ResponseHeader { name: (*name).to_owned(), value: (*value).to_owned() })
        .collect();
    Response { status, headers, body: Vec::new() }
}

/// The requests that a channel makes of an alert.
pub fn compose<C: Channel>(
    settings: &[(&str, Value)],
    secrets: &[&str],
    alert: &channel::Alert,
) -> Result<Vec<Request>, String> {
    let config = channel_config::<C>(&table(settings), &owned(secrets)).map_err(|problems| joined(&problems))?;
    C::compose(&config, alert)
}

/// What a channel finds wrong with its settings and secrets.
pub fn channel_problems<C: Channel>(settings: &[(&str, Value)], secrets: &[&str]) -> Vec<Problem> {
    channel_config::<C>(&table(settings), &owned(secrets)).err().unwrap_or_default()
}

/// How a channel judges an answer to its first request.
pub fn judge<C: Channel>(settings: &[(&str, Value)], answer: &Response) -> Judgement {
    C::judge(&table(settings), &alert(), 0, answer)
}

fn table(settings: &[(&str, Value)]) -> Settings {
    Settings::from_pairs(settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
