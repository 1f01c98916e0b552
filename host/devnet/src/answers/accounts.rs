//! Accounts. Only witnesses have one.

use dogwatch_chain::{AccountName, Symbol};
use serde_json::{Value, json};

use super::amounts::{amount, vests};
use super::context::{AnswerContext, JsonForm};
use crate::seed::derive_key;

/// `condenser_api.get_accounts`: leaves out unknown accounts.
pub(crate) fn accounts(context: AnswerContext<'_>, names: &[&str]) -> Value {
    names.iter().filter_map(|name| account(context, name)).collect()
}

fn account(context: AnswerContext<'_>, name: &str) -> Option<Value> {
    let profile = &context.setup.profile;
    let witness = context.state.witnesses.get(&AccountName::new(name).ok()?)?;
    let auth = |key: String| json!({ "weight_threshold": 1, "account_auths": [], "key_auths": [[key, 1]] });
    let derived = |role: &str| derive_key(&format!("{name}/{role}")).public_key().display(&profile.prefix).to_string();
    let liquid = |millis| amount(millis, Symbol::Liquid, profile, JsonForm::Legacy);
    Some(json!({
        "id": witness.rank,
        "name": name,
        "owner": auth(derived("owner")),
        "active": auth(witness.active_key.display(&profile.prefix).to_string()),
        "posting": auth(derived("posting")),
        "memo_key": derived("memo"),
        "json_metadata": "",
        "posting_json_metadata": "",
        "proxy": "",
        "created": context.setup.genesis.to_string(),
        "mined": false,
        "recovery_account": "initminer",
        "reset_account": "null",
        "post_count": 0,
        "can_vote": true,
        "balance": liquid(1_000_000_000),
        "savings_balance": liquid(0),
        "hbd_balance": amount(0, Symbol::Debt, profile, JsonForm::Legacy),
        "vesting_shares": vests(1_800_012_133, JsonForm::Legacy),
        "witnesses_voted_for": 0,
        "witness_votes": [],
    }))
}
