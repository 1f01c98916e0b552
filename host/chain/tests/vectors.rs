//! Transactions with the bytes, digests and ids that several independent clients and the C++ code agree on.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use dogwatch_chain::{
    ChainId, KeyPrefix, Profile, PublicKey, SecretKey, Signature, SignedTransaction, Transaction,
    transaction_from_json, transaction_to_json,
};
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/transactions.json")).unwrap()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap()
}

fn profile(vector: &Value) -> Profile {
    let chain_id: ChainId = text(vector, "chain_id").parse().unwrap();
    Profile::NAMES
        .iter()
        .map(|name| Profile::by_name(name).unwrap())
        .find(|profile| profile.chain_id == chain_id)
        .expect("a built-in profile has this chain id")
}

#[test]
fn keys() {
    let vectors = vectors();
    for key in vectors["keys"].as_array().unwrap() {
        let secret = SecretKey::from_wif(text(key, "wif")).unwrap();
        let public = secret.public_key();
        assert_eq!(*secret.to_wif(), text(key, "wif"));
        assert_eq!(hex::encode(public.as_bytes()), text(key, "compressed_hex"));
        for prefix in ["STM", "TST"] {
            let prefix = KeyPrefix::new(prefix).unwrap();
            let shown = text(key, &format!("public_{}", prefix.as_str()));
            assert_eq!(public.display(&prefix).to_string(), shown);
            assert_eq!(PublicKey::parse(shown, &prefix), Ok(public));
        }
    }
    assert_eq!(PublicKey::NULL.display(&KeyPrefix::stm()).to_string(), text(&vectors, "null_key"));
}

#[test]
fn transactions_both_ways() {
    let vectors = vectors();
    let all = vectors["transactions"].as_array().unwrap();
    assert!(all.len() >= 6);
    for vector in all {
        let label = text(vector, "label");
        let profile = profile(vector);
        let SignedTransaction { transaction, .. } = transaction_from_json(&vector["transaction"], &profile).unwrap();

        let bytes = transaction.to_bytes(&profile);
        assert_eq!(hex::encode(&bytes), text(vector, "serialized_hex"), "{label}");
        assert_eq!(hex::encode(transaction.digest(&profile)), text(vector, "sig_digest_hex"), "{label}");
        assert_eq!(transaction.id(&profile).to_string(), text(vector, "transaction_id"), "{label}");

        assert_eq!(Transaction::from_bytes(&bytes, &profile).as_ref(), Ok(&transaction), "{label}");
        for cut in 0..bytes.len() {
            assert!(Transaction::from_bytes(&bytes[..cut], &profile).is_err(), "{label}, cut at {cut}");
        }

        let unsigned = SignedTransaction { transaction: transaction.clone(), signatures: vec![] };
        let mut json = transaction_to_json(&unsigned, &profile);
        json.as_object_mut().unwrap().remove("signatures");
        assert_eq!(json, vector["transaction"], "{label}");
    }
}

#[test]
fn signatures() {
    for vector in vectors()["transactions"].as_array().unwrap() {
        let profile = profile(vector);
        let signer = PublicKey::parse(text(vector, "signer_public"), &profile.prefix).unwrap();
        let transaction = transaction_from_json(&vector["transaction"], &profile).unwrap().transaction;

        let example = Signature::from_hex(text(vector, "example_signature")).unwrap();
        assert_eq!(example.recover(transaction.digest(&profile)), Ok(signer));

        let key = SecretKey::from_wif(text(vector, "signer_wif")).unwrap();
        let ours = transaction.sign(&profile, &key).unwrap();
        assert_eq!(ours.signers(&profile), Ok(vec![signer]));
        assert!(ours.signatures.iter().all(Signature::is_canonical));
    }
}

/// A transaction as a real test network's node encodes it (`get_transaction_hex`), with its own symbols in the bytes. It
/// was signed with the account's active key (`get_accounts`).
#[test]
fn a_test_networks_bytes() {
    let capture: Value = serde_json::from_str(include_str!("vectors/get_transaction_hex.json")).unwrap();
    let profile = Profile::hive_testnet();
    let signed = transaction_from_json(&capture["request"]["params"][0], &profile).unwrap();
    let node = capture["response"]["result"].as_str().unwrap();
    let ours = hex::encode(signed.transaction.to_bytes(&profile));
    // The node appends the signatures: their number, and each of them.
    assert_eq!(node, format!("{ours}01{}", signed.signatures[0].to_hex()));
    let active = "STM7SdNPS9Gz3G2tCXmX1HYY8aF6iJnkA6GAFHXNLyBU9bdoPgL9k";
    let active = PublicKey::parse(active, &profile.prefix).unwrap();
    assert_eq!(signed.signers(&profile), Ok(vec![active]));
}
