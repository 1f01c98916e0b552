//! The chain's head, version and constants.

use dogwatch_chain::{Asset, Symbol, Time, WitnessProps};
use serde_json::{Value, json};

use super::amounts::{amount, nai, props, vests};
use super::context::{AnswerContext, JsonForm};
use crate::lineage::Lineage;

/// `get_dynamic_global_properties`.
pub(crate) fn dynamic(context: AnswerContext<'_>, form: JsonForm) -> Value {
    let (state, profile) = (context.state, &context.setup.profile);
    let liquid = |millis| amount(millis, Symbol::Liquid, profile, form);
    let debt = |millis| amount(millis, Symbol::Debt, profile, form);
    let genesis = Time::from_secs(context.setup.genesis.as_secs()).to_string();
    let mut json = json!({
        "head_block_number": state.head.num(),
        "head_block_id": state.head,
        "time": state.time.to_string(),
        "current_witness": state.producer.as_ref().map_or("", |name| name.as_str()),
        "total_pow": u64::MAX.to_string(),
        "num_pow_witnesses": 0,
        "virtual_supply": liquid(528_003_070_867),
        "current_supply": liquid(500_002_158_183),
        "init_hbd_supply": debt(7_000_000_000),
        "current_hbd_supply": debt(7_000_228_171),
        "total_vesting_fund_hive": liquid(103_008_623_016),
        "total_vesting_shares": vests(185_414_883_757, form),
        "total_reward_fund_hive": liquid(0),
        "total_reward_shares2": "0",
        "pending_rewarded_vesting_shares": vests(0, form),
        "pending_rewarded_vesting_hive": liquid(0),
        "hbd_interest_rate": 1000,
        "hbd_print_rate": 10_000,
        "maximum_block_size": 131_072,
        "current_aslot": state.slot,
        "recent_slots_filled": state.recent_slots.to_string(),
        "participation_count": state.recent_slots.count_ones(),
        "last_irreversible_block_num": state.irreversible,
        "vote_power_reserve_rate": 10,
        "delegation_return_period": 432_000,
        "reverse_auction_seconds": 0,
        "available_account_subsidies": 398_246,
        "hbd_stop_percent": 2000,
        "hbd_start_percent": 2000,
        "next_maintenance_time": genesis,
        "last_budget_time": genesis,
        "next_daily_maintenance_time": genesis,
        "content_reward_percent": 6500,
        "vesting_reward_percent": 1500,
        "downvote_pool_percent": 2500,
        "current_remove_threshold": 20,
        "early_voting_seconds": 600,
        "mid_voting_seconds": 1200,
        "max_consecutive_recurrent_transfer_failures": 10,
        "max_recurrent_transfer_end_date": 730,
        "min_recurrent_transfers_recurrence": 24,
        "max_open_recurrent_transfers": 255,
    });
    if let (JsonForm::Nai, Some(members)) = (form, json.as_object_mut()) {
        members.insert("id".into(), json!(0));
    }
    json
}

/// The version that a node reports.
pub(crate) fn running_version(lineage: Lineage) -> &'static str {
    match lineage {
        Lineage::Hive => "1.28.6",
        Lineage::Steem => "0.23.1",
    }
}

/// `get_version`.
pub(crate) fn version(context: AnswerContext<'_>) -> Value {
    let revision = "0".repeat(40);
    let mut json = json!({
        "blockchain_version": context.version.unwrap_or(running_version(context.setup.lineage)),
        "hive_revision": revision,
        "fc_revision": revision,
        "chain_id": context.setup.profile.chain_id,
    });
    if let (Lineage::Hive, Some(members)) = (context.setup.lineage, json.as_object_mut()) {
        members.insert("node_type".into(), json!("testnet"));
    }
    json
}

/// `get_hardfork_version`.
pub(crate) fn hardfork(context: AnswerContext<'_>) -> Value {
    json!(match context.setup.lineage {
        Lineage::Hive => "1.28.0",
        Lineage::Steem => "0.23.0",
    })
}

/// `get_config`, with the constants that clients read.
pub(crate) fn config(context: AnswerContext<'_>, form: JsonForm) -> Value {
    let profile = &context.setup.profile;
    let symbol = |symbol: Symbol, text: &str| match form {
        JsonForm::Legacy => json!(text),
        JsonForm::Nai => json!({ "nai": nai(symbol), "decimals": 3 }),
    };
    let millis = profile.block_interval.as_millis();
    // Whole seconds as on real chains. Only a devnet has fractions.
    let interval = match (millis.checked_div(1000), millis.checked_rem(1000)) {
        (Some(secs), Some(0)) => json!(u64::try_from(secs).unwrap_or(u64::MAX)),
        _ => json!(profile.block_interval.as_secs_f64()),
    };
    let hardfork = hardfork(context);
    json!({
        "HIVE_CHAIN_ID": profile.chain_id,
        "HIVE_SYMBOL": symbol(Symbol::Liquid, &profile.liquid),
        "HBD_SYMBOL": symbol(Symbol::Debt, &profile.debt),
        "IS_TEST_NET": true,
        "HIVE_BLOCK_INTERVAL": interval,
        "HIVE_MAX_WITNESSES": profile.round_length,
        "HIVE_BLOCKCHAIN_VERSION": running_version(context.setup.lineage),
        "HIVE_BLOCKCHAIN_HARDFORK_VERSION": hardfork,
        "HIVE_GENESIS_TIME": context.setup.genesis.to_string(),
        "HIVE_ADDRESS_PREFIX": profile.prefix.as_str(),
        "HIVE_MIN_ACCOUNT_CREATION_FEE": 0,
        "HIVE_HARDFORK_REQUIRED_WITNESSES": 17,
        "HIVE_MAX_TIME_UNTIL_EXPIRATION": 3600,
        "HIVE_MAX_TIME_UNTIL_SIGNATURE_EXPIRATION": 86_400,
        "HIVE_MAX_WITNESS_URL_LENGTH": 2048,
        "HIVE_IRREVERSIBLE_THRESHOLD": 7500,
    })
}

/// `get_chain_properties`.
pub(crate) fn chain_properties(context: AnswerContext<'_>, form: JsonForm) -> Value {
    let fee = Asset { millis: 0, symbol: Symbol::Liquid };
    let median = WitnessProps { account_creation_fee: fee, maximum_block_size: 131_072, interest_rate: 1000 };
    props(&median, &context.setup.profile, form)
}

/// The answer with the lineage's own names: `HIVE_…` and `hbd_…`, or `STEEM_…` and `sbd_…`.
pub(crate) fn renamed(value: Value, lineage: Lineage) -> Value {
    match (lineage, value) {
        (Lineage::Hive, value) => value,
        (_, Value::Object(members)) => members
            .into_iter()
            .map(|(name, value)| {
                let name = name.replace("HIVE", "STEEM").replace("HBD", "SBD");
                (name.replace("hive", "steem").replace("hbd", "sbd"), renamed(value, lineage))
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        (_, Value::Array(items)) => items.into_iter().map(|item| renamed(item, lineage)).collect(),
        (_, value) => value,
    }
}
