//! Who has to sign a transaction, and who did.

use std::collections::BTreeSet;

use dogwatch_chain::{Operation, PublicKey, Signature, SignedTransaction};
use serde_json::json;

use super::unknown_name::unknown_name;
use crate::error_reply::{ErrorReply, Exception};
use crate::lineage::Lineage;
use crate::setup::Setup;
use crate::state::ChainState;

/// Checks that the signatures are those the operations require, as `verify_authority` does.
pub(crate) fn check_authority(setup: &Setup, state: &ChainState, signed: &SignedTransaction) -> Result<(), ErrorReply> {
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
                    return Err(ErrorReply::check(Exception::MissingOther, expression, text, place(259), data));
                }
            }
            other => {
                let owner = other.owner();
                let Some(witness) = state.witnesses.get(owner) else {
                    return Err(unknown_name(owner, "account_authority_object", "by_account"));
                };
                if !signers.contains(&witness.active_key) {
                    let data = json!({ "id": owner, "auth": auth(witness.active_key) });
                    let text = format!("Missing Active Authority {owner}");
                    let expression = "s.check_authority( id )";
                    return Err(ErrorReply::check(Exception::MissingActive, expression, text, place(239), data));
                }
            }
        }
    }
    Ok(())
}

/// The keys that signed the transaction.
fn signers(setup: &Setup, signed: &SignedTransaction) -> Result<BTreeSet<PublicKey>, ErrorReply> {
    let digest = signed.transaction.digest(&setup.profile);
    let mut keys = BTreeSet::new();
    for signature in &signed.signatures {
        if !is_canonical(setup.lineage, signature) {
            let place = ("elliptic_secp256k1.cpp", 166, "public_key");
            return Err(ErrorReply::assert("is_canonical(c)", "signature is not canonical", place, json!({})));
        }
        let key = signature.recover(digest).map_err(|_| {
            let text = "unable to reconstruct public key from signature";
            let place = ("elliptic_secp256k1.cpp", 178, "public_key");
            ErrorReply::thrown(Exception::Unspecified, text, place, json!({}))
        })?;
        if !keys.insert(key) {
            let expression = "new_signature_info.signature_keys.insert(fc::ecc::public_key(signature, \
                              new_signature_info.sig_digest)).second";
            let place = ("full_transaction.cpp", 148, "compute_signature_keys");
            let text = "Duplicate signature detected";
            return Err(ErrorReply::check(Exception::DuplicateSignature, expression, text, place, json!({})));
        }
    }
    Ok(keys)
}

/// Steem requires signatures to be canonical as `fc` defines it. Hive requires a low S, but was seen to refuse only
/// values well above the middle.
fn is_canonical(lineage: Lineage, signature: &Signature) -> bool {
    match lineage {
        Lineage::Steem => signature.is_canonical(),
        Lineage::Hive => {
            let hex = signature.to_hex();
            hex.get(66..68).and_then(|s| u8::from_str_radix(s, 16).ok()).is_some_and(|first| first <= 0xa0)
        }
    }
}
