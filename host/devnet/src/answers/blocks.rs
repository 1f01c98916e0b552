//! Blocks.

use dogwatch_chain::BlockNum;
use serde_json::{Value, json};

use super::amounts::transaction;
use super::{Form, Sight};
use crate::ledger::Block;

fn find(sight: Sight<'_>, num: u64) -> Option<&Block> {
    let num = BlockNum(u32::try_from(num).ok()?);
    // A node that stands still has not seen what came after.
    if num > sight.state.head.num() { None } else { sight.ledger.block(num).map(AsRef::as_ref) }
}

fn head_of(block: &Block) -> Value {
    json!({
        "previous": block.previous,
        "timestamp": block.time.to_string(),
        "witness": block.witness,
        "transaction_merkle_root": hex::encode(block.merkle),
        "extensions": [],
    })
}

fn show(sight: Sight<'_>, block: &Block, form: Form) -> Value {
    let profile = &sight.setup.profile;
    let transactions: Vec<Value> = (0u32..)
        .zip(&block.transactions)
        .map(|(index, (id, signed))| {
            let mut json = transaction(signed, profile, form);
            if let (Form::Legacy, Some(members)) = (form, json.as_object_mut()) {
                members.insert("transaction_id".into(), json!(id));
                members.insert("block_num".into(), json!(block.id.num()));
                members.insert("transaction_num".into(), json!(index));
            }
            json
        })
        .collect();
    let ids: Vec<_> = block.transactions.iter().map(|(id, _)| id).collect();
    let mut json = head_of(block);
    if let Some(members) = json.as_object_mut() {
        members.insert("witness_signature".into(), json!(block.signature));
        members.insert("transactions".into(), json!(transactions));
        members.insert("block_id".into(), json!(block.id));
        members.insert("signing_key".into(), json!(block.signing_key.display(&profile.prefix).to_string()));
        members.insert("transaction_ids".into(), json!(ids));
    }
    json
}

/// `condenser_api.get_block`: null for a block that is not there.
pub(crate) fn legacy(sight: Sight<'_>, num: u64) -> Value {
    find(sight, num).map(|block| show(sight, block, Form::Legacy)).unwrap_or_default()
}

/// `condenser_api.get_block_header`.
pub(crate) fn legacy_header(sight: Sight<'_>, num: u64) -> Value {
    find(sight, num).map(head_of).unwrap_or_default()
}

/// `block_api.get_block`: an empty object for a block that is not there.
pub(crate) fn block(sight: Sight<'_>, num: u64) -> Value {
    find(sight, num).map_or_else(|| json!({}), |block| json!({ "block": show(sight, block, Form::Nai) }))
}

/// `block_api.get_block_header`.
pub(crate) fn header(sight: Sight<'_>, num: u64) -> Value {
    find(sight, num).map_or_else(|| json!({}), |block| json!({ "header": head_of(block) }))
}

/// `block_api.get_block_range`: as many as there are.
pub(crate) fn range(sight: Sight<'_>, from: u64, count: u64) -> Value {
    let blocks: Vec<Value> = (from..from.saturating_add(count))
        .map_while(|num| find(sight, num))
        .map(|block| show(sight, block, Form::Nai))
        .collect();
    json!({ "blocks": blocks })
}
