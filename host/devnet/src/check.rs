//! What a node checks before it takes a transaction, in a node's order and with a node's answers.

use std::collections::BTreeSet;
use std::time::Duration;

use dogwatch_chain::{
    AccountName, Operation, PublicKey, Signature, SignedTransaction, Transaction, TransactionId, WitnessSetProperties,
    transaction_to_json,
};
use serde_json::{Value, json};

use crate::error::{Lineage, NodeError, Thrown};
use crate::ledger::Ledger;
use crate::setup::Setup;
use crate::state::State;
use crate::validate;

/// A signing key that a transaction changed.
#[derive(Clone, Debug)]
pub(crate) struct KeyChange {
    pub(crate) witness: AccountName,
    pub(crate) from: PublicKey,
    pub(crate) to: PublicKey,
    pub(crate) trx: TransactionId,
}

/// Checks a transaction against `state` (a head with what is pending on it) and applies it there.
pub(crate) fn admit(
    setup: &Setup,
    ledger: &Ledger,
    state: &mut State,
    signed: &SignedTransaction,
    id: TransactionId,
    known: bool,
) -> Result<Vec<KeyChange>, NodeError> {
    let echo = |error: NodeError| error.echoing(transaction_to_json(signed, &setup.profile));
    run(setup, ledger, state, signed, id, known).map_err(echo)
}

fn run(
    setup: &Setup,
    ledger: &Ledger,
    state: &mut State,
    signed: &SignedTransaction,
    id: TransactionId,
    known: bool,
) -> Result<Vec<KeyChange>, NodeError> {
    let transaction = &signed.transaction;
    let duplicate = || {
        let place = ("database.cpp", 621, "_push_transaction");
        let data = json!({ "trx_id": id });
        NodeError::assert("!is_known_transaction( trx_id )", "Duplicate transaction check failed", place, data)
    };
    match setup.lineage {
        Lineage::Hive => {
            if known {
                return Err(duplicate());
            }
            validate::transaction(transaction)?;
            tapos(ledger, state, transaction)?;
            expiration(setup, state, transaction)?;
            authority(setup, state, signed).map_err(|error| error.both_encodings(setup.lineage))?;
        }
        Lineage::Steem => {
            validate::transaction(transaction)?;
            if known {
                return Err(duplicate());
            }
            authority(setup, state, signed)?;
            tapos(ledger, state, transaction)?;
            expiration(setup, state, transaction)?;
        }
    }
    // All or nothing.
    let mut witnesses = state.witnesses.clone();
    let mut changes = Vec::new();
    for operation in &transaction.operations {
        let owner = operation.owner();
        let Some(witness) = witnesses.get_mut(owner) else {
            return Err(unknown(owner, "witness_object", "by_name"));
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
                if let Some(url) = validate::url_prop(op) {
                    witness.url = url;
                }
            }
            Operation::WitnessUpdate(op) => {
                witness.signing_key = op.block_signing_key;
                witness.url.clone_from(&op.url);
                witness.props = op.props.clone();
            }
            _ => return Err(NodeError::assert("false", "unknown operation", ("database.cpp", 2690, ""), json!({}))),
        }
        let to = witness.signing_key;
        if from != to {
            changes.push(KeyChange { witness: owner.clone(), from, to, trx: id });
        }
    }
    state.witnesses = witnesses;
    Ok(changes)
}

fn stale_key(setup: &Setup, op: &WitnessSetProperties, current: PublicKey) -> NodeError {
    let shown = |key: PublicKey| key.display(&setup.profile.prefix).to_string();
    let claimed = shown(op.current_key().unwrap_or(PublicKey::NULL));
    let data = json!({
        "key": claimed, "signing_key": shown(current),
        "category": "chain", "subject_type": "state", "subject": claimed,
    });
    let place = ("hive_evaluator.cpp", 133, "do_apply");
    NodeError::assert("signing_key == witness.signing_key", "'key' does not match witness signing key.", place, data)
}

fn tapos(ledger: &Ledger, state: &State, transaction: &Transaction) -> Result<(), NodeError> {
    let expected = ledger.reference(transaction.ref_block_num, state).ref_block_prefix();
    // Before the first block there is nothing to refer to.
    if state.head.num().0 == 0 || transaction.ref_block_prefix == expected {
        return Ok(());
    }
    let data = json!({ "trx.ref_block_prefix": transaction.ref_block_prefix, "tapos_block_summary": expected });
    let place = ("database.cpp", 2537, "validate_transaction");
    let expression = "trx.ref_block_prefix == tapos_block_summary.block_id._hash[1]";
    Err(NodeError::check(Thrown::Tapos, expression, "", place, data))
}

fn expiration(setup: &Setup, state: &State, transaction: &Transaction) -> Result<(), NodeError> {
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
    let refuse = |expression, data| Err(NodeError::check(Thrown::Expiration, expression, "", place, data));
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

/// Whether the signatures are those that the operations need: what `verify_authority` asks for.
pub(crate) fn authority(setup: &Setup, state: &State, signed: &SignedTransaction) -> Result<(), NodeError> {
    let signers = signers(setup, signed)?;
    let shown = |key: PublicKey| key.display(&setup.profile.prefix).to_string();
    let auth = |key: PublicKey| json!({ "weight_threshold": 1, "account_auths": [], "key_auths": [[shown(key), 1]] });
    let place = |line| ("transaction_util.cpp", line, "operator()");
    for operation in &signed.transaction.operations {
        match operation {
            Operation::WitnessSetProperties(op) => {
                let key = op.current_key().unwrap_or(PublicKey::NULL);
                if !signers.contains(&key) {
                    let text = "Missing Authority";
                    let expression = "s.check_authority( auth, \"?\", \"?\" )";
                    let data = json!({ "auth": auth(key) });
                    return Err(NodeError::check(Thrown::MissingOther, expression, text, place(259), data));
                }
            }
            other => {
                let owner = other.owner();
                let Some(witness) = state.witnesses.get(owner) else {
                    return Err(unknown(owner, "account_authority_object", "by_account"));
                };
                if !signers.contains(&witness.active_key) {
                    let data = json!({ "id": owner, "auth": auth(witness.active_key) });
                    let text = format!("Missing Active Authority {owner}");
                    let expression = "s.check_authority( id )";
                    return Err(NodeError::check(Thrown::MissingActive, expression, text, place(239), data));
                }
            }
        }
    }
    Ok(())
}

/// The keys that signed, each once.
fn signers(setup: &Setup, signed: &SignedTransaction) -> Result<BTreeSet<PublicKey>, NodeError> {
    let digest = signed.transaction.digest(&setup.profile);
    let mut keys = BTreeSet::new();
    for signature in &signed.signatures {
        if !canonical(setup.lineage, signature) {
            let place = ("elliptic_secp256k1.cpp", 166, "public_key");
            return Err(NodeError::assert("is_canonical(c)", "signature is not canonical", place, json!({})));
        }
        let key = signature.recover(digest).map_err(|_| {
            let text = "unable to reconstruct public key from signature";
            let place = ("elliptic_secp256k1.cpp", 178, "public_key");
            NodeError::thrown(Thrown::Unspecified, text, place, json!({}))
        })?;
        if !keys.insert(key) {
            let expression = "new_signature_info.signature_keys.insert(fc::ecc::public_key(signature, \
                              new_signature_info.sig_digest)).second";
            let place = ("full_transaction.cpp", 148, "compute_signature_keys");
            let text = "Duplicate signature detected";
            return Err(NodeError::check(Thrown::DuplicateSignature, expression, text, place, json!({})));
        }
    }
    Ok(keys)
}

/// Steem wants signatures fc-canonical. Hive's test for a low S was seen to refuse only those well above the middle.
fn canonical(lineage: Lineage, signature: &Signature) -> bool {
    match lineage {
        Lineage::Steem => signature.is_canonical(),
        Lineage::Hive => {
            let hex = signature.to_hex();
            hex.get(66..68).and_then(|s| u8::from_str_radix(s, 16).ok()).is_some_and(|first| first <= 0xa0)
        }
    }
}

/// A name that the state does not have, as the index lookup words it.
fn unknown(name: &AccountName, object: &str, index: &str) -> NodeError {
    let string = "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
    let text = format!(
        "0 exception: unspecified\nunknown key: {name} of type: {string} at multiindex lookup: \
         hive::chain::{object}.index<hive::chain::{index}>\n    \
         {{\"kt\":\"{string}\",\"multiindex\":\"hive::chain::{object}\",\
         \"indexed_by_typename\":\"hive::chain::{index}\",\"key\":\"{name}\"}}\n    chainbase.hpp:1243 get"
    );
    let place = ("transaction_util.cpp", 265, "verify_authority");
    NodeError::thrown(Thrown::OutOfRange, text.clone(), place, json!({ "what": Value::String(text) }))
}
