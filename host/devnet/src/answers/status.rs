//! The status of transactions.

use dogwatch_chain::{Time, TransactionId};
use serde_json::{Value, json};

use super::context::AnswerContext;

/// The resource credits that a transaction costs, as reported. Nothing is charged.
pub(crate) const RC_COST: u32 = 21_394_590;

/// `transaction_status_api.find_transaction`.
pub(crate) fn find(context: AnswerContext<'_>, id: &str, expiration: Option<Time>) -> Value {
    let id: Option<TransactionId> = id.parse().ok();
    let state = context.state;
    if let Some(inclusion) = id.and_then(|id| context.blocks.inclusion(&id, state)) {
        let irreversible = inclusion.block <= state.irreversible;
        let status = if irreversible { "within_irreversible_block" } else { "within_reversible_block" };
        return json!({ "status": status, "block_num": inclusion.block, "rc_cost": RC_COST });
    }
    if id.is_some_and(|id| context.mempool.is_some_and(|mempool| mempool.contains(&id))) {
        return json!({ "status": "within_mempool" });
    }
    let irreversible_time = context.blocks.block(state.irreversible).map_or(context.setup.genesis, |block| block.time);
    let status = match expiration {
        Some(at) if at < context.setup.genesis => "too_old",
        Some(at) if at <= irreversible_time => "expired_irreversible",
        Some(at) if at < state.time => "expired_reversible",
        _ => "unknown",
    };
    json!({ "status": status })
}

/// `is_known_transaction`: whether it is pending, or in a block and not yet expired.
pub(crate) fn known(context: AnswerContext<'_>, id: &str) -> bool {
    id.parse().ok().is_some_and(|id| {
        context.blocks.is_known(&id, context.state) || context.mempool.is_some_and(|mempool| mempool.contains(&id))
    })
}
