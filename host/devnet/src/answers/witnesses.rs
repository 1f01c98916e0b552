//! Witnesses as nodes show them: with pending transactions applied.

use dogwatch_chain::{AccountName, Symbol};
use serde_json::{Value, json};

use super::amounts::{amount, props};
use super::context::{AnswerContext, JsonForm};
use super::globals::running_version;
use crate::state::WitnessObject;

fn show(context: AnswerContext<'_>, name: &AccountName, witness: &WitnessObject, form: JsonForm) -> Value {
    let profile = &context.setup.profile;
    let zero = || amount(0, Symbol::Liquid, profile, form);
    let genesis = context.setup.genesis.to_string();
    // Integers above 2^53 are written as strings, smaller ones as numbers.
    let votes = match context.setup.watched.contains_key(name) {
        true => json!(180_000_171_885_432_226u64.saturating_sub(u64::from(witness.rank)).to_string()),
        false => json!(0),
    };
    json!({
        "id": witness.rank,
        "owner": name,
        "created": genesis,
        "url": witness.url,
        "votes": votes,
        "virtual_last_update": "0",
        "virtual_position": "0",
        "virtual_scheduled_time": "1890455788772933912185",
        "total_missed": witness.total_missed,
        "last_aslot": witness.last_slot,
        "last_confirmed_block_num": witness.last_block,
        "pow_worker": 0,
        "signing_key": witness.signing_key.display(&profile.prefix).to_string(),
        "props": props(&witness.props, profile, form),
        "hbd_exchange_rate": { "base": zero(), "quote": zero() },
        "last_hbd_exchange_update": "1970-01-01T00:00:00",
        "last_work": "0".repeat(64),
        "running_version": running_version(context.setup.lineage),
        "hardfork_version_vote": "0.0.0",
        "hardfork_time_vote": genesis,
        "available_witness_account_subsidies": 16_925,
    })
}

/// `get_witness_by_account`: null for an unknown witness.
pub(crate) fn by_account(context: AnswerContext<'_>, name: &str, form: JsonForm) -> Value {
    AccountName::new(name)
        .ok()
        .and_then(|name| context.state.witnesses.get(&name).map(|witness| show(context, &name, witness, form)))
        .unwrap_or_default()
}

/// `find_witnesses`: leaves out unknown witnesses.
pub(crate) fn find(context: AnswerContext<'_>, owners: &[&str]) -> Value {
    let found: Vec<Value> =
        owners.iter().map(|owner| by_account(context, owner, JsonForm::Nai)).filter(|value| !value.is_null()).collect();
    json!({ "witnesses": found })
}

/// `get_witnesses_by_vote`: starts at a witness, or at the highest rank.
pub(crate) fn by_vote(context: AnswerContext<'_>, from: &str, limit: usize) -> Value {
    let mut ranked: Vec<(&AccountName, &WitnessObject)> = context.state.witnesses.iter().collect();
    ranked.sort_by_key(|(_, witness)| witness.rank);
    ranked
        .into_iter()
        .skip_while(|(name, _)| !from.is_empty() && name.as_str() != from)
        .take(limit)
        .map(|(name, witness)| show(context, name, witness, JsonForm::Legacy))
        .collect()
}
