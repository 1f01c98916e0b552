//! Situations, alerts and responses to test with.

use crate::channel_types::{Alert, Event, Response, ResponseHeader, Severity};
use crate::policy::{
    Agreement, ChainView, Evidence, Grade, Health, Holder, Mode, Node, Outcome, OwnSlot, Situation, Source, Verdict,
};

/// The block interval of [`situation`], in milliseconds.
const INTERVAL: u64 = 3000;
/// When slot 0 of [`situation`] was, in milliseconds since 1970.
const GENESIS: i64 = 1_700_000_000_000;

/// A quiet night: every node is fit, the first holds the key, nothing is missed, and the head is at slot 10000.
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
        next_slots: Vec::new(),
        suspected_miss: None,
        unscheduled: None,
        lands: None,
        nodes: nodes.into_iter().map(node).collect(),
        switches: Vec::new(),
        switching: false,
        paused_until: None,
    }
}

fn node(name: &str) -> Node {
    Node {
        name: name.to_owned(),
        health: Health::Healthy,
        health_for: 600_000,
        head_age: Some(0),
        eligible: true,
        evidence: vec![Evidence { source: Source::Probe, grade: Grade::Good, lasts: 600_000 }],
        missed_for_others: None,
    }
}

/// When a slot of [`situation`] was, in milliseconds since 1970.
pub fn time_of(slot: u64) -> i64 {
    GENESIS.saturating_add(i64::try_from(slot.saturating_mul(INTERVAL)).unwrap_or(i64::MAX))
}

/// An own slot of [`situation`].
pub fn own_slot(slot: u64, outcome: Outcome, holder: Holder) -> OwnSlot {
    OwnSlot { slot, time: time_of(slot), outcome, holder }
}

/// An alert: `alice` misses blocks.
pub fn alert() -> Alert {
    Alert {
        key: "hive/alice/missing".into(),
        message_id: "hive/alice/missing/1".into(),
        event: Event::Opened,
        severity: Severity::Critical,
        subject: "witness alice".into(),
        cause: "missing".into(),
        site: "home".into(),
        chain: "hive".into(),
        witness: "alice".into(),
        summary: "alice misses blocks".into(),
        details: "2 own slots in a row".into(),
        remedy: "look at node one".into(),
        command: "dogwatch status".into(),
        acknowledged_by: String::new(),
        opened_at: time_of(9_979),
        at: time_of(10_000),
    }
}

/// Alerts that every channel must handle, by name: one of each event, and one with hostile texts.
pub fn alerts() -> Vec<(&'static str, Alert)> {
    let with = |change: fn(&mut Alert)| {
        let mut alert = alert();
        change(&mut alert);
        alert
    };
    vec![
        ("opened", with(|alert| alert.severity = Severity::Page)),
        ("updated", with(|alert| alert.event = Event::Updated)),
        (
            "escalated",
            with(|alert| {
                alert.event = Event::Escalated;
                alert.severity = Severity::Page;
            }),
        ),
        (
            "acknowledged",
            with(|alert| {
                alert.event = Event::Acknowledged;
                alert.acknowledged_by = "bob".into();
            }),
        ),
        (
            "resolved",
            with(|alert| {
                alert.event = Event::Resolved;
                alert.summary = format!("resolved: {}", alert.summary);
                alert.remedy = "Nothing to do.".into();
                alert.command = String::new();
            }),
        ),
        (
            "report",
            with(|alert| {
                alert.event = Event::Report;
                alert.severity = Severity::Info;
                alert.summary = "all would work".into();
            }),
        ),
        (
            "hostile",
            with(|alert| {
                alert.summary = HOSTILE.into();
                alert.details = format!("{HOSTILE}\n```\n</pre></b>\n{HOSTILE}");
                alert.remedy = HOSTILE.into();
            }),
        ),
    ]
}

/// Markup of every service, JSON and form syntax, marks that reorder text, control characters and emoji.
pub const HOSTILE: &str = "<b>*_`~|>#[x](https://evil.example)&amp;<!channel> @everyone <@1> \"'\\ %0A+& \u{202e}drawkcab\u{2066} \
                           \u{7}\u{1b}[31m שלום 🐕\u{200d}🦺 {{ .Labels }} ${x}";

/// An alert whose texts are a megabyte each.
pub fn overlong() -> Alert {
    let long = "<&*_🐕é".repeat(100_000);
    Alert { summary: long.clone(), details: long.clone(), remedy: long.clone(), ..alert() }
}

/// A response without a body; header names in lower case.
pub fn response(status: u16, headers: &[(&str, &str)]) -> Response {
    let headers = headers
        .iter()
        .map(|(name, value)| ResponseHeader { name: (*name).to_owned(), value: (*value).to_owned() })
        .collect();
    Response { status, headers, body: Vec::new() }
}

/// A response with a body.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    Response { body: body.as_bytes().to_vec(), ..response(status, headers) }
}
