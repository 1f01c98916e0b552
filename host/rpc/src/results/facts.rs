//! Results of `condenser_api`, parsed into the facts of `dogwatch-chain`.

use dogwatch_chain::{
    AccountName, Block, BlockId, BlockNum, ChainId, Head, KeyChange, Profile, PublicKey, Schedule, Slot, Time,
    WitnessState, key_change_from_json,
};
use serde_json::Value;

use crate::error::RpcError;
use crate::results::shape::Shape;

pub(crate) const PROPERTIES: &str = "condenser_api.get_dynamic_global_properties";
pub(crate) const SCHEDULE: &str = "condenser_api.get_witness_schedule";
pub(crate) const ACTIVE: &str = "condenser_api.get_active_witnesses";
pub(crate) const WITNESS: &str = "condenser_api.get_witness_by_account";
pub(crate) const BLOCK: &str = "condenser_api.get_block";
pub(crate) const HEADER: &str = "condenser_api.get_block_header";
pub(crate) const VERSION: &str = "condenser_api.get_version";
pub(crate) const CONFIG: &str = "condenser_api.get_config";

/// The number of slots that `participation_count` covers.
const PARTICIPATION_WINDOW: u8 = 128;

pub(crate) fn head(method: &'static str, result: &Value) -> Result<Head, RpcError> {
    let result = Shape::of(method, result);
    let id: BlockId = result.get("head_block_id")?.parse()?;
    let num = result.get("head_block_number")?;
    if BlockNum(num.number()?) != id.num() {
        return Err(num.wrong("is not the one in head_block_id"));
    }
    let participation = result.get("participation_count")?;
    let irreversible = result.get("last_irreversible_block_num")?;
    let head = Head {
        id,
        time: result.get("time")?.parse_with(Time::parse)?,
        slot: Slot(result.get("current_aslot")?.number()?),
        irreversible: BlockNum(irreversible.number()?),
        participation: participation.number()?,
    };
    if head.participation > PARTICIPATION_WINDOW {
        return Err(participation.wrong("is above 128"));
    }
    if head.irreversible > head.num() {
        return Err(irreversible.wrong("is above the head"));
    }
    Ok(head)
}

pub(crate) fn schedule(result: &Value) -> Result<Schedule, RpcError> {
    let result = Shape::of(SCHEDULE, result);
    let scheduled: usize = result.get("num_scheduled_witnesses")?.number::<u32>()?.try_into().unwrap_or(usize::MAX);
    let shuffled = result.get("current_shuffled_witnesses")?;
    // Steem pads the list with empty names to a fixed length; only the first `scheduled` ones count.
    let current = shuffled.list()?.take(scheduled).map(Shape::parse).collect::<Result<Vec<AccountName>, _>>()?;
    if current.is_empty() || current.len() != scheduled {
        return Err(shuffled.wrong("holds fewer witnesses than num_scheduled_witnesses says"));
    }
    Ok(Schedule {
        next_shuffle: BlockNum(result.get("next_shuffle_block_num")?.number()?),
        current,
        future: None,
        // No reason to do without the schedule.
        majority_version: result.get("majority_version").ok().and_then(|version| version.text().ok()?.parse().ok()),
    })
}

/// The next round from `get_active_witnesses [true]`, whose list is this round, an empty name, the next round.
///
/// `None` if the list begins with a round other than `current`: a shuffle happened between the two answers.
pub(crate) fn future(result: &Value, current: &[AccountName]) -> Result<Option<Vec<AccountName>>, RpcError> {
    let list = Shape::of(ACTIVE, result);
    let names = list.list()?.map(Shape::text).collect::<Result<Vec<_>, _>>()?;
    let mut halves = names.splitn(2, |name| name.is_empty());
    let (now, next) = (halves.next().unwrap_or_default(), halves.next());
    let Some(next) = next.filter(|next| !next.is_empty()) else { return Ok(None) };
    let next = next
        .iter()
        .filter(|name| !name.is_empty())
        .map(|name| AccountName::new(*name))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| list.wrong(&format!("is wrong: {error}")))?;
    Ok(now.iter().copied().eq(current.iter().map(AccountName::as_str)).then_some(next))
}

pub(crate) fn witness(
    result: &Value,
    asked: &AccountName,
    profile: &Profile,
) -> Result<Option<WitnessState>, RpcError> {
    let result = Shape::of(WITNESS, result);
    if result.is_null() {
        return Ok(None);
    }
    let owner = result.get("owner")?;
    let state = WitnessState {
        owner: owner.parse()?,
        signing_key: key(result, profile)?,
        total_missed: result.get("total_missed")?.number()?,
        last_confirmed_block: BlockNum(result.get("last_confirmed_block_num")?.number()?),
        running_version: crate::text::one_line(result.get("running_version")?.text()?),
    };
    if state.owner != *asked {
        return Err(owner.wrong("is not the witness that was asked for"));
    }
    Ok(Some(state))
}

/// A block, or `None` if the node has none at that height yet.
pub(crate) fn block(whole: &Value, asked: BlockNum, profile: &Profile) -> Result<Option<Block>, RpcError> {
    let result = Shape::of(BLOCK, whole);
    if result.is_null() {
        return Ok(None);
    }
    let (id, previous) = (result.get("block_id")?, result.get("previous")?);
    let block = Block {
        id: id.parse()?,
        previous: previous.parse()?,
        time: result.get("timestamp")?.parse_with(Time::parse)?,
        witness: result.get("witness")?.parse()?,
        signing_key: Some(key(result, profile)?),
        transactions: result.get("transaction_ids")?.list()?.map(Shape::parse).collect::<Result<_, _>>()?,
        key_changes: key_changes(whole, profile),
    };
    if block.num() != asked {
        return Err(id.wrong("is not of the block that was asked for"));
    }
    if block.previous.num().next() != asked {
        return Err(previous.wrong("is not of the block below"));
    }
    Ok(Some(block))
}

fn key_changes(block: &Value, profile: &Profile) -> Vec<KeyChange> {
    let transactions = listed(block, "transactions").iter();
    let operations = transactions.flat_map(|transaction| listed(transaction, "operations"));
    operations.filter_map(|operation| key_change_from_json(operation, profile)).collect()
}

fn listed<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value.get(member).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A block's header, which holds neither its id nor its key.
#[derive(Clone, Debug)]
pub(crate) struct BlockHeader {
    pub(crate) previous: BlockId,
    pub(crate) time: Time,
    pub(crate) witness: AccountName,
}

/// A header, or `None` if the node has none at that height yet.
pub(crate) fn header(result: &Value, asked: BlockNum) -> Result<Option<BlockHeader>, RpcError> {
    let result = Shape::of(HEADER, result);
    if result.is_null() {
        return Ok(None);
    }
    let previous = result.get("previous")?;
    let header = BlockHeader {
        previous: previous.parse()?,
        time: result.get("timestamp")?.parse_with(Time::parse)?,
        witness: result.get("witness")?.parse()?,
    };
    if header.previous.num().next() != asked {
        return Err(previous.wrong("is not of the block below"));
    }
    Ok(Some(header))
}

fn key(result: Shape<'_>, profile: &Profile) -> Result<PublicKey, RpcError> {
    result.get("signing_key")?.parse_with(|text| PublicKey::parse(text, &profile.prefix))
}

/// `chain_id` of `get_version`, which Hive has and Steem lacks.
pub(crate) fn version_chain_id(method: &'static str, result: &Value) -> Result<Option<ChainId>, RpcError> {
    optional(Shape::of(method, result), "chain_id", result)
}

/// The chain id among the constants of `get_config`. Hive had Steem's beside its own for a while, so Hive's name is
/// looked up first.
pub(crate) fn config_chain_id(result: &Value) -> Result<Option<ChainId>, RpcError> {
    for name in ["HIVE_CHAIN_ID", "STEEM_CHAIN_ID", "STEEMIT_CHAIN_ID"] {
        if let Some(id) = optional(Shape::of(CONFIG, result), name, result)? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn optional(shape: Shape<'_>, member: &'static str, result: &Value) -> Result<Option<ChainId>, RpcError> {
    match result.get(member) {
        None => Ok(None),
        Some(_) => shape.get(member)?.parse().map(Some),
    }
}
