//! Situations as the daemon's own programs write them, in JSON.

use serde_json::Value as Json;

use crate::policy::{
    Agreement, ChainView, Evidence, Grade, Health, Holder, Mode, NextSlot, Node, Origin, Outcome, OwnSlot, PastSwitch,
    Situation, Source, SwitchOutcome, Verdict,
};

/// What can be read from JSON. An error names the place.
pub(super) trait FromJson: Sized {
    fn from_json(json: &Json) -> Result<Self, String>;
}

fn odd(json: &Json) -> String {
    format!("{json} is not what it should be")
}

macro_rules! numbers {
    ($($number:ty),+) => {$(
        impl FromJson for $number {
            fn from_json(json: &Json) -> Result<Self, String> {
                json.as_i64().and_then(|number| Self::try_from(number).ok()).ok_or_else(|| odd(json))
            }
        }
    )+};
}
numbers!(u8, u32, i64);

/// A number, or a duration in milliseconds.
impl FromJson for u64 {
    fn from_json(json: &Json) -> Result<Self, String> {
        let part = |name: &str| json.get(name).and_then(Json::as_u64);
        let millis = || Some(part("secs")?.saturating_mul(1000).saturating_add(part("nanos")?.div_euclid(1_000_000)));
        json.as_u64().or_else(millis).ok_or_else(|| odd(json))
    }
}

impl FromJson for bool {
    fn from_json(json: &Json) -> Result<Self, String> {
        json.as_bool().ok_or_else(|| odd(json))
    }
}

impl FromJson for String {
    fn from_json(json: &Json) -> Result<Self, String> {
        json.as_str().map(str::to_owned).ok_or_else(|| odd(json))
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(json: &Json) -> Result<Self, String> {
        if json.is_null() { Ok(None) } else { T::from_json(json).map(Some) }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: &Json) -> Result<Self, String> {
        json.as_array().ok_or_else(|| odd(json))?.iter().map(T::from_json).collect()
    }
}

macro_rules! records {
    ($($record:ident { $($field:ident: $name:literal),+ $(,)? })+) => {$(
        impl FromJson for $record {
            fn from_json(json: &Json) -> Result<Self, String> {
                Ok(Self {$(
                    $field: FromJson::from_json(json.get($name).unwrap_or(&Json::Null))
                        .map_err(|why| format!("{}: {why}", $name))?,
                )+})
            }
        }
    )+};
}

macro_rules! enums {
    ($($name:ident { $($text:literal => $case:ident),+ $(,)? })+) => {$(
        impl FromJson for $name {
            fn from_json(json: &Json) -> Result<Self, String> {
                match json.as_str() {
                    $(Some($text) => Ok(Self::$case),)+
                    _ => Err(odd(json)),
                }
            }
        }
    )+};
}

impl FromJson for Holder {
    fn from_json(json: &Json) -> Result<Self, String> {
        match (json.as_str(), json.get("node")) {
            (Some("disabled"), _) => Ok(Self::Disabled),
            (Some("foreign"), _) => Ok(Self::Foreign),
            (_, Some(node)) => FromJson::from_json(node).map(Self::Node),
            _ => Err(odd(json)),
        }
    }
}

enums! {
    Mode { "observe" => Observe, "armed" => Armed }
    Verdict { "fine" => Fine, "me" => Me, "chain" => Chain, "cannot-tell" => CannotTell }
    Agreement {
        "agreed" => Agreed, "single" => Single, "thin" => Thin, "disagreed" => Disagreed, "blind" => Blind,
    }
    Outcome { "produced" => Produced, "missed" => Missed, "chain-wide" => ChainWide }
    Health { "healthy" => Healthy, "unhealthy" => Unhealthy, "unknown" => Unknown }
    Source { "tripwire" => Tripwire, "probe" => Probe, "beat" => Beat }
    Grade {
        "good" => Good, "silent" => Silent, "refused" => Refused, "unfit" => Unfit, "behind" => Behind,
        "stalled" => Stalled, "gone" => Gone,
    }
    SwitchOutcome { "pending" => Pending, "applied" => Applied, "failed" => Failed, "overtaken" => Overtaken }
    Origin {
        "policy" => Policy, "operator" => Operator, "planned" => Operator, "failback" => Operator,
        "elsewhere" => Elsewhere,
    }
}

records! {
    ChainView {
        head_block: "head", head_slot: "head_slot", head_age: "head_age", irreversible_block: "irreversible",
        participation: "participation", agreement: "agreement", endpoints_fresh: "endpoints_fresh",
        endpoints_total: "endpoints_total",
    }
    OwnSlot { slot: "slot", time: "time", outcome: "outcome", holder: "holder" }
    NextSlot { slot: "slot", starts_in: "starts_in" }
    Evidence { source: "source", grade: "grade", lasts: "lasts" }
    Node {
        name: "name", health: "health", health_for: "health_for", head_age: "head_age", eligible: "eligible",
        evidence: "evidence", missed_for_others: "missed_for_others",
    }
    PastSwitch { at: "at", from: "from", to: "to", outcome: "outcome", origin: "origin" }
    Situation {
        now: "now", mode: "mode", site: "site", chain: "chain", witness: "witness", block_interval: "block_interval",
        round_length: "round_length", verdict: "verdict", view: "view", holder: "holder", holder_since: "holder_since",
        slots: "slots", suspected_miss: "suspected_miss", next_slots: "next_slots", unscheduled: "unscheduled",
        lands: "lands", nodes: "nodes", switches: "switches", switching: "switching", paused_until: "paused_until",
    }
}
