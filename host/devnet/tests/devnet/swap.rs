//! The compare-and-swap of a signing key, and everything that a node refuses.

use std::time::Duration;

use crate::common::{enable, name, update, world};
use dogwatch_chain::{
    ChainId, Operation, Profile, PublicKey, SignedTransaction, Time, WitnessSetProperties, transaction_to_json,
};
use dogwatch_devnet::{SlotOutcome, derive_key};
use serde_json::json;

fn assert_refused(answer: Result<dogwatch_chain::TransactionId, serde_json::Value>, code: i32, name: &str, text: &str) {
    let error = answer.unwrap_err();
    assert_eq!((&error["code"], &error["data"]["name"]), (&json!(code), &json!(name)), "{error}");
    assert!(error["message"].as_str().unwrap().contains(text), "{error}");
    assert!(error["data"]["stack"][0]["context"]["file"].is_string(), "{error}");
}

#[test]
fn a_swap_is_seen_at_once_and_holds_with_the_next_block() {
    let mut world = world("rpc_nodes = 1");
    world.slots(25);
    let (primary, standby) = (world.key("primary"), world.key("standby").public_key());
    let trx = world.swap(&primary, standby);
    let id = world.broadcast(0, &trx).unwrap();
    assert_eq!(world.shown(0), world.text(standby), "reads show what is pending");
    assert_eq!(world.on_chain(), primary.public_key());
    assert_eq!(world.status(0, id), "within_mempool");
    assert_eq!(world.result(0, "condenser_api.is_known_transaction", json!([id])), true);

    world.slots(1);
    assert_eq!(world.on_chain(), standby);
    assert_eq!(world.status(0, id), "within_irreversible_block");
    let head = world.net.head();
    let change = world.net.snapshot().key_changes[0].clone();
    assert_eq!((change.block, change.transaction), (head.num(), id));
    assert_eq!((change.from, change.to), (primary.public_key(), standby));
    let block = world.result(0, "condenser_api.get_block", json!([head.num()]));
    assert_eq!(block["transaction_ids"], json!([id]));
    assert_eq!(block["transactions"][0]["signatures"][0], trx.signatures[0].to_hex());
}

#[test]
fn the_swap_fences_the_old_node() {
    let mut world = world("");
    world.slots(25);
    let (primary, standby) = (world.key("primary"), world.key("standby").public_key());
    let trx = world.swap(&primary, standby);
    world.broadcast(0, &trx).unwrap();
    world.until("swapped", |net| net.signing_key(&name("alice")) == Some(standby));
    let from = world.net.head().slot;
    world.slots(60);
    let slots = world.net.snapshot().slots;
    let nodes: Vec<_> = slots
        .into_iter()
        .filter(|slot| slot.slot > from && slot.witness == name("alice"))
        .map(|slot| match slot.outcome {
            SlotOutcome::Produced { key, node, .. } => (key, node.unwrap()),
            SlotOutcome::Missed => panic!("both nodes run"),
        })
        .collect();
    assert!(nodes.len() >= 2);
    assert!(nodes.iter().all(|(key, node)| (*key, node.as_str()) == (standby, "standby")), "{nodes:?}");

    // The old node holds a key that is worth nothing now: with the new one gone, the slots are missed.
    world.order("crash", json!({ "witness": "alice", "node": "standby" }));
    world.slots(45);
    assert!(world.missed() >= 1);
}

#[test]
fn of_two_rival_swaps_on_two_nodes_exactly_one_takes_effect() {
    let mut winners = [0, 0];
    for seed in 0..100 {
        let mut world = world(&format!("seed = {seed}\nround_length = 5"));
        world.slots(7);
        let primary = world.key("primary");
        let rivals = [world.key("standby").public_key(), derive_key("third").public_key()];
        let trxs = rivals.map(|to| world.swap(&primary, to));
        let a = world.broadcast(0, &trxs[0]).unwrap();
        let b = world.broadcast(1, &trxs[1]).unwrap();
        assert_eq!((world.shown(0), world.shown(1)), (world.text(rivals[0]), world.text(rivals[1])));
        world.slots(10);
        let changes = world.net.snapshot().key_changes;
        assert_eq!(changes.len(), 1, "seed {seed}");
        let won = usize::from(changes[0].to == rivals[1]);
        winners[won] += 1;
        assert_eq!(world.on_chain(), rivals[won]);
        let (winner, loser) = if won == 0 { (a, b) } else { (b, a) };
        for rpc in 0..3 {
            assert_eq!(world.shown(rpc), world.text(rivals[won]), "all agree");
            assert_eq!(world.status(rpc, winner), "within_irreversible_block");
            assert_eq!(world.status(rpc, loser), "unknown", "the loser is never told");
        }
        // A watcher with a stale view is refused.
        let late = world.swap(&primary, rivals[1 - won]);
        let text = "signing_key == witness.signing_key: 'key' does not match witness signing key.";
        assert_refused(world.broadcast(2, &late), -32003, "assert_exception", text);
    }
    assert!(winners.iter().all(|won| *won > 10), "both can win: {winners:?}");
}

#[test]
fn rivals_on_one_node_are_told_apart_at_once() {
    let mut world = world("");
    world.slots(3);
    let primary = world.key("primary");
    let first = world.swap(&primary, world.key("standby").public_key());
    let second = world.swap(&primary, derive_key("third").public_key());
    world.broadcast(0, &first).unwrap();
    let refused = world.broadcast(0, &second);
    assert_refused(refused, -32003, "assert_exception", "'key' does not match witness signing key.");
}

#[test]
fn a_transaction_reaches_the_other_nodes() {
    let mut world = world("");
    world.slots(3);
    let trx = world.swap(&world.key("primary"), world.key("standby").public_key());
    let id = world.broadcast(0, &trx).unwrap();
    assert_eq!(world.status(1, id), "unknown");
    world.now = world.now.plus(Duration::from_millis(1500));
    assert_eq!(world.status(1, id), "within_mempool");
    assert_eq!(world.status(2, id), "within_mempool");
}

#[test]
fn duplicates_are_refused_pending_and_in_a_block() {
    let mut world = world("");
    world.slots(3);
    let trx = world.swap(&world.key("primary"), world.key("standby").public_key());
    world.broadcast(0, &trx).unwrap();
    let text = "!is_known_transaction( trx_id ): Duplicate transaction check failed";
    let again = world.broadcast(0, &trx);
    assert_refused(again, -32003, "assert_exception", text);
    world.slots(2);
    for rpc in 0..3 {
        let again = world.broadcast(rpc, &trx);
        assert_refused(again, -32003, "assert_exception", text);
    }
    // Once expired it is not known any more, only expired.
    world.slots(30);
    let again = world.broadcast(0, &trx);
    assert_refused(again, -32003, "transaction_expiration_exception", "");
}

fn resigned(world: &crate::common::World, change: impl FnOnce(&mut dogwatch_chain::Transaction)) -> SignedTransaction {
    let primary = world.key("primary");
    let mut trx = world.swap(&primary, world.key("standby").public_key()).transaction;
    change(&mut trx);
    trx.sign(world.net.profile(), &primary).unwrap()
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
fn a_transaction_that_expires_while_the_chain_stands_still_is_dropped_silently() {
    let mut world = world("");
    world.slots(5);
    let trx = world.swap(&world.key("primary"), world.key("standby").public_key());
    let id = world.broadcast(0, &trx).unwrap();
    world.order("halt", json!({}));
    world.slots(30);
    assert_eq!(world.status(0, id), "within_mempool");
    world.order("resume", json!({}));
    world.slots(2);
    assert_eq!(world.status(0, id), "unknown");
    assert_eq!(world.on_chain(), world.key("primary").public_key());
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
    let good = world.swap(&primary, standby.public_key());
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
    let stale = world.swap(&standby, primary.public_key());
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
    let off = world.swap(&primary, PublicKey::NULL);
    world.broadcast(0, &off).unwrap();
    world.slots(2);
    assert_eq!(world.on_chain(), PublicKey::NULL);
    let on = resigned(&world, |trx| {
        let swap = WitnessSetProperties::swap_signing_key(name("alice"), PublicKey::NULL, primary.public_key());
        trx.operations = vec![Operation::WitnessSetProperties(swap)];
    });
    assert_refused(world.broadcast(0, &on), -32003, "tx_missing_other_auth", "");
}

#[test]
fn malformed_transactions_are_refused_as_a_node_does_it() {
    let mut world = world("");
    world.slots(5);
    let good = world.swap(&world.key("primary"), world.key("standby").public_key());
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

    // Unknown members are passed over, and extensions may be missing.
    let mut lenient = json.clone();
    lenient.as_object_mut().unwrap().remove("extensions");
    lenient["operations"][0][1]["no_such_member"] = 1.into();
    assert_eq!(world.result(0, "condenser_api.broadcast_transaction", json!([lenient])), json!({}));

    // Missing props are filled in silently, and then the signature does not fit.
    let update = enable(&world, world.key("primary").public_key());
    let mut defaults = transaction_to_json(&update, world.net.profile());
    defaults["operations"][0][1].as_object_mut().unwrap().remove("props");
    let answer = world.ask(0, "condenser_api.broadcast_transaction", json!([defaults]));
    assert_eq!(answer["error"]["data"]["name"], "tx_missing_active_auth");
}

#[test]
fn a_producers_own_node_passes_transactions_on() {
    let mut world = world("");
    world.slots(3);
    let trx = world.swap(&world.key("primary"), world.key("standby").public_key());
    let params = json!([transaction_to_json(&trx, world.net.profile())]);
    let method = "condenser_api.broadcast_transaction";
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    world.order("partition", json!({ "witness": "alice", "node": "primary" }));
    let ask = |world: &mut crate::common::World, node: &str| {
        let answer = world.net.call_node(&name("alice"), node, &request, world.now);
        assert_eq!(answer["result"], json!({}), "{answer}");
    };
    ask(&mut world, "primary");
    world.slots(3);
    assert_eq!(world.net.snapshot().key_changes, [], "it was cut off");
    ask(&mut world, "standby");
    world.slots(3);
    assert_eq!(world.net.snapshot().key_changes.len(), 1);
}

#[test]
fn a_stale_node_shows_the_past_and_swallows_what_it_is_given() {
    let mut world = world("");
    world.slots(30);
    world.order("rpc_fault", json!({ "index": 1, "fault": { "stale": { "blocks": 10 } } }));
    world.slots(5);
    let head = |world: &mut crate::common::World, rpc| {
        world.result(rpc, "condenser_api.get_dynamic_global_properties", json!([]))["head_block_number"].clone()
    };
    assert_eq!((head(&mut world, 0), head(&mut world, 1)), (json!(35), json!(20)));
    assert!(world.result(1, "condenser_api.get_block", json!([21])).is_null());
    let id = world.net.block_id(dogwatch_chain::BlockNum(20)).unwrap();
    let trx = resigned(&world, |trx| {
        (trx.ref_block_num, trx.ref_block_prefix) = (id.ref_block_num(), id.ref_block_prefix());
    });
    world.broadcast(1, &trx).unwrap();
    assert_eq!(world.shown(1), world.text(world.key("standby").public_key()));
    world.slots(30);
    assert_eq!(world.net.snapshot().key_changes, []);
    // What is in a block beyond its head is unknown to it.
    let update = enable(&world, world.key("primary").public_key());
    let id = world.broadcast(0, &update).unwrap();
    world.slots(3);
    assert_eq!((world.status(0, id).as_str(), world.status(1, id).as_str()), ("within_irreversible_block", "unknown"));
    world.order("rpc_fault", json!({ "index": 1, "fault": "ok" }));
    assert_eq!(head(&mut world, 1), 68);
    assert_eq!(world.shown(1), world.text(world.key("primary").public_key()));
}

#[test]
fn a_lying_node_has_the_same_heights_and_other_ids() {
    let mut world = world("");
    world.slots(10);
    world.order("rpc_fault", json!({ "index": 2, "fault": "fork" }));
    world.slots(30);
    let block =
        |world: &mut crate::common::World, rpc, num: u32| world.result(rpc, "condenser_api.get_block", json!([num]));
    assert_eq!(block(&mut world, 0, 10), block(&mut world, 2, 10));
    let (honest, lying) = (block(&mut world, 0, 40), block(&mut world, 2, 40));
    assert_ne!(honest["block_id"], lying["block_id"]);
    assert_eq!(honest["timestamp"], lying["timestamp"]);
    assert_ne!(world.shown(0), world.shown(2));
    let trx = world.swap(&world.key("primary"), world.key("standby").public_key());
    let error = world.broadcast(2, &trx).unwrap_err();
    assert_eq!(error["data"]["name"], "transaction_tapos_exception");
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
        let good = world.swap(&world.key("primary"), world.key("standby").public_key());
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
