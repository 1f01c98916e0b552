//! Everything that a node refuses.

use std::time::Duration;

use dogwatch_chain::{
    ChainId, Operation, Profile, PublicKey, SignedTransaction, Time, WitnessSetProperties, transaction_to_json,
};
use serde_json::json;

use crate::common::{assert_refused, enable, name, resigned, update, world};

#[test]
fn duplicates_are_refused_pending_and_in_a_block() {
    let mut world = world("");
    world.slots(3);
    let trx = world.switch(&world.key("primary"), world.key("standby").public_key());
    world.broadcast(0, &trx).unwrap();
    let text = "!is_known_transaction( trx_id ): Duplicate transaction check failed";
    let again = world.broadcast(0, &trx);
    assert_refused(again, -32003, "assert_exception", text);
    world.slots(2);
    for rpc in 0..3 {
        let again = world.broadcast(rpc, &trx);
        assert_refused(again, -32003, "assert_exception", text);
    }
    // Once expired, it is refused as expired and no longer as known.
    world.slots(30);
    let again = world.broadcast(0, &trx);
    assert_refused(again, -32003, "transaction_expiration_exception", "");
}

#[test]
fn expiration_counts_from_the_heads_time() {
    for (chain, code, most, limit) in [("hive", -32003, 86_400, "SIGNATURE_EXPIRATION"), ("steem", -32000, 3600, "")] {
        let mut world = world(&format!("chain = \"{chain}\""));
        world.slots(5);
        let head = world.net.head().time;
        let at = |time: Time| move |trx: &mut dogwatch_chain::Transaction| trx.expiration = time;
        let refused = "transaction_expiration_exception";
        let expired = resigned(&world, at(head));
        assert_refused(world.broadcast(0, &expired), code, refused, "");
        let far = resigned(&world, at(head.plus(Duration::from_secs(most + 1))));
        assert_refused(world.broadcast(0, &far), code, refused, limit);
        let last = resigned(&world, at(head.plus(Duration::from_secs(most))));
        world.broadcast(0, &last).unwrap();
    }
}

#[test]
fn a_wrong_reference_block_is_refused() {
    let mut world = world("");
    world.slots(5);
    let trx = resigned(&world, |trx| trx.ref_block_prefix ^= 1);
    let expression = "trx.ref_block_prefix == tapos_block_summary.block_id._hash[1]";
    assert_refused(world.broadcast(0, &trx), -32003, "transaction_tapos_exception", expression);
    let trx = resigned(&world, |trx| trx.ref_block_num = 600);
    assert_refused(world.broadcast(0, &trx), -32003, "transaction_tapos_exception", expression);
    let old = world.net.block_id(dogwatch_chain::BlockNum(1)).unwrap();
    let trx = resigned(&world, |trx| (trx.ref_block_num, trx.ref_block_prefix) = (1, old.ref_block_prefix()));
    world.broadcast(0, &trx).unwrap();
}

#[test]
fn authority_is_the_key_that_the_operation_names() {
    let mut world = world("");
    world.slots(5);
    let (primary, standby) = (world.key("primary"), world.key("standby"));
    let good = world.switch(&primary, standby.public_key());
    let missing = "missing required other authority:s.check_authority( auth, \"?\", \"?\" ): Missing Authority";

    let wrong = good.transaction.clone().sign(world.net.profile(), &standby).unwrap();
    assert_refused(world.broadcast(0, &wrong), -32003, "tx_missing_other_auth", missing);
    let unsigned = SignedTransaction { signatures: vec![], ..good.clone() };
    assert_refused(world.broadcast(0, &unsigned), -32003, "tx_missing_other_auth", missing);
    let elsewhere = Profile { chain_id: ChainId::from_bytes([7; 32]), ..world.profile() };
    let foreign = good.transaction.clone().sign(&elsewhere, &primary).unwrap();
    assert_refused(world.broadcast(0, &foreign), -32003, "tx_missing_other_auth", missing);
    let twice = SignedTransaction { signatures: vec![good.signatures[0]; 2], ..good.clone() };
    assert_refused(world.broadcast(0, &twice), -32003, "tx_duplicate_sig", "Duplicate signature detected");

    // Only the authority is verified: a stale key passes.
    let stale = world.switch(&standby, primary.public_key());
    let json = transaction_to_json(&stale, world.net.profile());
    assert_eq!(world.result(0, "condenser_api.verify_authority", json!([json])), true);
    assert_refused(world.broadcast(0, &stale), -32003, "assert_exception", "'key' does not match");
    let json = transaction_to_json(&wrong, world.net.profile());
    let verdict = world.ask(0, "condenser_api.verify_authority", json!([json]));
    assert_eq!(verdict["error"]["message"], missing);
    world.broadcast(0, &good).unwrap();
}

#[test]
fn witness_update_needs_the_active_key_and_a_url() {
    let mut world = world("");
    world.slots(5);
    let standby = world.key("standby").public_key();
    let active = world.net.active_key(&name("alice")).unwrap().clone();
    let missing = "missing required active authority:s.check_authority( id ): Missing Active Authority alice\
                   Transaction failed to validate using both new (hf26) and legacy serialization";
    let with_signing_key = update(&world, standby, "x").sign(world.net.profile(), &world.key("primary")).unwrap();
    assert_refused(world.broadcast(0, &with_signing_key), -32003, "tx_missing_active_auth", missing);
    let empty = update(&world, standby, "").sign(world.net.profile(), &active).unwrap();
    assert_refused(world.broadcast(0, &empty), -32003, "assert_exception", "str.size() > 0: String is empty.");
    let mut nobody = update(&world, standby, "x");
    if let Operation::WitnessUpdate(op) = &mut nobody.operations[0] {
        op.owner = name("nosuchaccount");
    }
    let nobody = nobody.sign(world.net.profile(), &active).unwrap();
    let lookup = "N5boost10wrapexceptISt12out_of_rangeEE";
    assert_refused(world.broadcast(0, &nobody), -32000, lookup, "unknown key: nosuchaccount of type");
    let nothing = dogwatch_chain::Transaction { operations: vec![], ..update(&world, standby, "x") };
    let nothing = nothing.sign(world.net.profile(), &active).unwrap();
    assert_refused(world.broadcast(0, &nothing), -32003, "assert_exception", "operations.size() > 0");

    let good = enable(&world, standby);
    world.broadcast(0, &good).unwrap();
    world.slots(2);
    assert_eq!(world.on_chain(), standby);
}

#[test]
fn nobody_can_sign_for_the_null_key() {
    let mut world = world("");
    world.slots(5);
    let primary = world.key("primary");
    let off = world.switch(&primary, PublicKey::NULL);
    world.broadcast(0, &off).unwrap();
    world.slots(2);
    assert_eq!(world.on_chain(), PublicKey::NULL);
    let on = resigned(&world, |trx| {
        let switch = WitnessSetProperties::switch_signing_key(name("alice"), PublicKey::NULL, primary.public_key());
        trx.operations = vec![Operation::WitnessSetProperties(switch)];
    });
    assert_refused(world.broadcast(0, &on), -32003, "tx_missing_other_auth", "");
}

#[test]
fn malformed_transactions_are_refused_as_a_node_does_it() {
    let mut world = world("");
    world.slots(5);
    let good = world.switch(&world.key("primary"), world.key("standby").public_key());
    let json = transaction_to_json(&good, world.net.profile());
    let mut refused = |pointer: &str, value: &str, code: i32, name: &str, text: &str| {
        let mut json = json.clone();
        *json.pointer_mut(pointer).unwrap() = value.into();
        let answer = world.ask(0, "condenser_api.broadcast_transaction", json!([json]));
        assert_eq!(answer["error"]["code"], code, "{answer}");
        assert_eq!(answer["error"]["data"]["name"], name, "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(text), "{answer}");
    };
    let lexical = "N5boost10wrapexceptINS_16bad_lexical_castEEE";
    refused("/expiration", "2026-11-23T12:01:00Z", -32000, lexical, "unable to convert ISO-formatted string");
    let zeros = format!("1f{}", "0".repeat(128));
    refused("/signatures/0", &zeros, -32000, "exception", "unable to reconstruct public key from signature");
    refused("/signatures/0", "zz", -32000, "exception", "Invalid hex character 'z'");

    // Unknown members are ignored, and extensions may be missing.
    let mut lenient = json.clone();
    lenient.as_object_mut().unwrap().remove("extensions");
    lenient["operations"][0][1]["no_such_member"] = 1.into();
    assert_eq!(world.result(0, "condenser_api.broadcast_transaction", json!([lenient])), json!({}));

    // Missing props are silently filled in, and then the signature does not fit.
    let update = enable(&world, world.key("primary").public_key());
    let mut defaults = transaction_to_json(&update, world.net.profile());
    defaults["operations"][0][1].as_object_mut().unwrap().remove("props");
    let answer = world.ask(0, "condenser_api.broadcast_transaction", json!([defaults]));
    assert_eq!(answer["error"]["data"]["name"], "tx_missing_active_auth");
}

#[test]
fn steem_wants_signatures_canonical() {
    // High S: n - s, and the other recovery id.
    const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    let subtract = |hex: &str| {
        let digits = |text: &str| text.chars().map(|c| c.to_digit(16).unwrap() as i32).collect::<Vec<_>>();
        let mut borrow = 0;
        let mut out: Vec<char> = Vec::new();
        for (n, s) in digits(ORDER).into_iter().rev().zip(digits(hex).into_iter().rev()) {
            let digit = n - s - borrow;
            borrow = i32::from(digit < 0);
            out.push(char::from_digit(digit.rem_euclid(16) as u32, 16).unwrap());
        }
        out.into_iter().rev().collect::<String>()
    };
    for chain in ["steem", "hive"] {
        let mut world = world(&format!("chain = \"{chain}\""));
        world.slots(5);
        let good = world.switch(&world.key("primary"), world.key("standby").public_key());
        let hex = good.signatures[0].to_hex();
        let header = if &hex[..2] == "1f" { "20" } else { "1f" };
        let high = format!("{header}{}{}", &hex[2..66], subtract(&hex[66..]));
        let mut json = transaction_to_json(&good, world.net.profile());
        json["signatures"][0] = high.clone().into();
        let answer = world.ask(0, "condenser_api.broadcast_transaction", json!([json]));
        let far_up = u8::from_str_radix(&high[66..68], 16).unwrap() > 0xa0;
        if chain == "steem" || far_up {
            let text = "Assert Exception:is_canonical(c): signature is not canonical";
            assert_eq!(answer["error"]["message"], text);
        } else {
            assert_eq!(answer["result"], json!({}), "{answer}");
        }
    }
}
