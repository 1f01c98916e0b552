//! When a transaction is valid: its reference block and its expiration.

use std::time::Duration;

use dogwatch_chain::Transaction;
use serde_json::json;

use crate::error_reply::{ErrorReply, Exception};
use crate::lineage::Lineage;
use crate::setup::Setup;
use crate::state::{ChainState, StoredBlocks};

/// Checks that the transaction refers to a block of this chain.
pub(super) fn check_reference(
    blocks: &StoredBlocks,
    state: &ChainState,
    transaction: &Transaction,
) -> Result<(), ErrorReply> {
    let expected = blocks.reference(transaction.ref_block_num, state).ref_block_prefix();
    // Before the first block there is nothing to refer to.
    if state.head.num().0 == 0 || transaction.ref_block_prefix == expected {
        return Ok(());
    }
    let data = json!({ "trx.ref_block_prefix": transaction.ref_block_prefix, "tapos_block_summary": expected });
    let place = ("database.cpp", 2537, "validate_transaction");
    let expression = "trx.ref_block_prefix == tapos_block_summary.block_id._hash[1]";
    Err(ErrorReply::check(Exception::Tapos, expression, "", place, data))
}

/// Checks that the transaction has not expired, and does not expire too late.
pub(super) fn check_expiration(setup: &Setup, state: &ChainState, transaction: &Transaction) -> Result<(), ErrorReply> {
    let (now, until) = (state.time, transaction.expiration);
    let place = ("database.cpp", 2554, "validate_transaction");
    let (limit, too_far, expired) = match setup.lineage {
        Lineage::Hive => (
            86_400,
            "trx.expiration <= now + HIVE_MAX_TIME_UNTIL_SIGNATURE_EXPIRATION",
            "now < full_transaction->get_runtime_expiration()",
        ),
        Lineage::Steem => {
            (3_600, "trx.expiration <= now + fc::seconds(STEEM_MAX_TIME_UNTIL_EXPIRATION)", "now < trx.expiration")
        }
    };
    let refuse = |expression, data| Err(ErrorReply::check(Exception::Expiration, expression, "", place, data));
    if until > now.plus(Duration::from_secs(limit)) {
        let data = json!({ "trx.expiration": until.to_string(), "now": now.to_string(), "max_til_exp": limit });
        return refuse(too_far, data);
    }
    if until <= now {
        let data = json!({ "now": now.to_string(), "full_transaction->get_runtime_expiration()": until.to_string() });
        return refuse(expired, data);
    }
    Ok(())
}
