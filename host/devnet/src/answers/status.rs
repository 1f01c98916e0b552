//! What became of a transaction.

use dogwatch_chain::{Time, TransactionId};
use serde_json::{Value, json};

use super::Sight;

/// What a transaction costs its sender here; nothing is charged.
pub(crate) const RC_COST: u32 = 21_394_590;

/// `transaction_status_api.find_transaction`.
pub(crate) fn find(sight: Sight<'_>, id: &str, expiration: Option<Time>) -> Value {
    let id: Option<TransactionId> = id.parse().ok();
    let state = sight.state;
    if let Some(inclusion) = id.and_then(|id| sight.ledger.inclusion(&id, state)) {
        let irreversible = inclusion.block <= state.irreversible;
        let status = if irreversible { "within_irreversible_block" } else { "within_reversible_block" };
        return json!({ "status": status, "block_num": inclusion.block, "rc_cost": RC_COST });
    }
    if id.is_some_and(|id| sight.pool.is_some_and(|pool| pool.contains(&id))) {
        return json!({ "status": "within_mempool" });
    }
    let settled = sight.ledger.block(state.irreversible).map_or(sight.setup.genesis, |block| block.time);
    let status = match expiration {
        Some(at) if at < sight.setup.genesis => "too_old",
        Some(at) if at <= settled => "expired_irreversible",
        Some(at) if at < state.time => "expired_reversible",
        _ => "unknown",
    };
    json!({ "status": status })
}

/// `is_known_transaction`: pending, or in a block and not yet expired.
pub(crate) fn known(sight: Sight<'_>, id: &str) -> bool {
    id.parse()
        .ok()
        .is_some_and(|id| sight.ledger.known(&id, sight.state) || sight.pool.is_some_and(|pool| pool.contains(&id)))
}
