//! What a node checks before it accepts a transaction, in a node's order and with a node's answers.

use dogwatch_chain::{
    AccountName, Operation, PublicKey, SignedTransaction, TransactionId, WitnessSetProperties, transaction_to_json,
};
use serde_json::json;

use super::authority::check_authority;
use super::lifetime::{check_expiration, check_reference};
use super::unknown_name::unknown_name;
use super::validate::{url_prop, validate};
use crate::error_reply::ErrorReply;
use crate::lineage::Lineage;
use crate::setup::Setup;
use crate::state::{ChainState, StoredBlocks};

/// A signing key that a transaction changed.
#[derive(Clone, Debug)]
pub(crate) struct AppliedKeyChange {
    pub(crate) witness: AccountName,
    pub(crate) from: PublicKey,
    pub(crate) to: PublicKey,
    pub(crate) trx: TransactionId,
}

/// Whether a transaction is already known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Never,
    Before,
}

impl Seen {
    pub(crate) fn before(before: bool) -> Self {
        if before { Self::Before } else { Self::Never }
    }
}

/// Checks a transaction against `state` (a head with the pending transactions applied) and applies it there.
pub(crate) fn admit(
    setup: &Setup,
    blocks: &StoredBlocks,
    state: &mut ChainState,
    signed: &SignedTransaction,
    id: TransactionId,
    seen: Seen,
) -> Result<Vec<AppliedKeyChange>, ErrorReply> {
    let echo = |error: ErrorReply| error.echoing(transaction_to_json(signed, &setup.profile));
    check_and_apply(setup, blocks, state, signed, id, seen).map_err(echo)
}

fn check_and_apply(
    setup: &Setup,
    blocks: &StoredBlocks,
    state: &mut ChainState,
    signed: &SignedTransaction,
    id: TransactionId,
    seen: Seen,
) -> Result<Vec<AppliedKeyChange>, ErrorReply> {
    let transaction = &signed.transaction;
    let duplicate = || {
        let place = ("database.cpp", 621, "_push_transaction");
        let data = json!({ "trx_id": id });
        ErrorReply::assert("!is_known_transaction( trx_id )", "Duplicate transaction check failed", place, data)
    };
    match setup.lineage {
        Lineage::Hive => {
            if seen == Seen::Before {
                return Err(duplicate());
            }
            validate(transaction)?;
            check_reference(blocks, state, transaction)?;
            check_expiration(setup, state, transaction)?;
            check_authority(setup, state, signed).map_err(|error| error.both_encodings(setup.lineage))?;
        }
        Lineage::Steem => {
            validate(transaction)?;
            if seen == Seen::Before {
                return Err(duplicate());
            }
            check_authority(setup, state, signed)?;
            check_reference(blocks, state, transaction)?;
            check_expiration(setup, state, transaction)?;
        }
    }
    apply(setup, state, &transaction.operations, id)
}

/// Applies all operations or none.
fn apply(
    setup: &Setup,
    state: &mut ChainState,
    operations: &[Operation],
    id: TransactionId,
) -> Result<Vec<AppliedKeyChange>, ErrorReply> {
    let mut witnesses = state.witnesses.clone();
    let mut changes = Vec::new();
    for operation in operations {
        let owner = operation.owner();
        let Some(witness) = witnesses.get_mut(owner) else {
            return Err(unknown_name(owner, "witness_object", "by_name"));
        };
        let from = witness.signing_key;
        match operation {
            Operation::WitnessSetProperties(op) => {
                if op.current_key() != Some(witness.signing_key) {
                    return Err(stale_key(setup, op, witness.signing_key));
                }
                if let Some(to) = op.new_signing_key() {
                    witness.signing_key = to;
                }
                if let Some(url) = url_prop(op) {
                    witness.url = url;
                }
            }
            Operation::WitnessUpdate(op) => {
                witness.signing_key = op.block_signing_key;
                witness.url.clone_from(&op.url);
                witness.props = op.props.clone();
            }
            _ => return Err(ErrorReply::assert("false", "unknown operation", ("database.cpp", 2690, ""), json!({}))),
        }
        let to = witness.signing_key;
        if from != to {
            changes.push(AppliedKeyChange { witness: owner.clone(), from, to, trx: id });
        }
    }
    state.witnesses = witnesses;
    Ok(changes)
}

fn stale_key(setup: &Setup, op: &WitnessSetProperties, current: PublicKey) -> ErrorReply {
    let shown = |key: PublicKey| key.display(&setup.profile.prefix).to_string();
    let claimed = shown(op.current_key().unwrap_or(PublicKey::NULL));
    let data = json!({
        "key": claimed, "signing_key": shown(current),
        "category": "chain", "subject_type": "state", "subject": claimed,
    });
    let place = ("hive_evaluator.cpp", 133, "do_apply");
    ErrorReply::assert("signing_key == witness.signing_key", "'key' does not match witness signing key.", place, data)
}
