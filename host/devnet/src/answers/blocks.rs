//! Blocks and block headers.

use dogwatch_chain::BlockNum;
use serde_json::{Value, json};

use super::amounts::transaction;
use super::context::{AnswerContext, JsonForm};
use crate::state::StoredBlock;

fn find(context: AnswerContext<'_>, num: u64) -> Option<&StoredBlock> {
    let num = BlockNum(u32::try_from(num).ok()?);
    // A node whose head is stuck has not seen later blocks.
    if num > context.state.head.num() { None } else { context.blocks.block(num).map(AsRef::as_ref) }
}

fn header_of(block: &StoredBlock) -> Value {
    json!({
        "previous": block.previous,
        "timestamp": block.time.to_string(),
        "witness": block.witness,
        "transaction_merkle_root": hex::encode(block.merkle),
        "extensions": [],
    })
}

fn show(context: AnswerContext<'_>, block: &StoredBlock, form: JsonForm) -> Value {
    let profile = &context.setup.profile;
    let transactions: Vec<Value> = (0u32..)
        .zip(&block.transactions)
        .map(|(index, (id, signed))| {
            let mut json = transaction(signed, profile, form);
            if let (JsonForm::Legacy, Some(members)) = (form, json.as_object_mut()) {
                members.insert("transaction_id".into(), json!(id));
                members.insert("block_num".into(), json!(block.id.num()));
                members.insert("transaction_num".into(), json!(index));
            }
            json
        })
        .collect();
    let ids: Vec<_> = block.transactions.iter().map(|(id, _)| id).collect();
    let mut json = header_of(block);
    if let Some(members) = json.as_object_mut() {
        members.insert("witness_signature".into(), json!(block.signature));
        members.insert("transactions".into(), json!(transactions));
        members.insert("block_id".into(), json!(block.id));
        members.insert("signing_key".into(), json!(block.signing_key.display(&profile.prefix).to_string()));
        members.insert("transaction_ids".into(), json!(ids));
    }
    json
}

/// `condenser_api.get_block`: null for an unknown block.
pub(crate) fn legacy(context: AnswerContext<'_>, num: u64) -> Value {
    find(context, num).map(|block| show(context, block, JsonForm::Legacy)).unwrap_or_default()
}

/// `condenser_api.get_block_header`.
pub(crate) fn legacy_header(context: AnswerContext<'_>, num: u64) -> Value {
    find(context, num).map(header_of).unwrap_or_default()
}

/// `block_api.get_block`: an empty object for an unknown block.
pub(crate) fn block(context: AnswerContext<'_>, num: u64) -> Value {
    find(context, num).map_or_else(|| json!({}), |block| json!({ "block": show(context, block, JsonForm::Nai) }))
}

/// `block_api.get_block_header`.
pub(crate) fn header(context: AnswerContext<'_>, num: u64) -> Value {
    find(context, num).map_or_else(|| json!({}), |block| json!({ "header": header_of(block) }))
}

/// `block_api.get_block_range`: `count` blocks, or as many as there are.
pub(crate) fn range(context: AnswerContext<'_>, from: u64, count: u64) -> Value {
    let blocks: Vec<Value> = (from..from.saturating_add(count))
        .map_while(|num| find(context, num))
        .map(|block| show(context, block, JsonForm::Nai))
        .collect();
    json!({ "blocks": blocks })
}
