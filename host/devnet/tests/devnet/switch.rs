//! Switches of a signing key: how they compare and swap, and how they spread to several nodes.

use std::time::Duration;

use dogwatch_chain::transaction_to_json;
use dogwatch_devnet::{DevnetSlotOutcome, derive_key};
use serde_json::json;

use crate::common::{assert_refused, enable, name, resigned, world};

#[test]
fn a_switch_shows_at_once_and_is_in_force_with_the_next_block() {
    let mut world = world("rpc_nodes = 1");
    world.slots(25);
    let (primary, standby) = (world.key("primary"), world.key("standby").public_key());
    let trx = world.switch(&primary, standby);
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
fn a_switch_fences_the_old_node() {
    let mut world = world("");
    world.slots(25);
    let (primary, standby) = (world.key("primary"), world.key("standby").public_key());
    let trx = world.switch(&primary, standby);
    world.broadcast(0, &trx).unwrap();
    world.until("switched", |net| net.signing_key(&name("alice")) == Some(standby));
    let from = world.net.head().slot;
    world.slots(60);
    let slots = world.net.snapshot().slots;
    let nodes: Vec<_> = slots
        .into_iter()
        .filter(|slot| slot.slot > from && slot.witness == name("alice"))
        .map(|slot| match slot.outcome {
            DevnetSlotOutcome::Produced { key, node, .. } => (key, node.unwrap()),
            DevnetSlotOutcome::Missed => panic!("both nodes run"),
        })
        .collect();
    assert!(nodes.len() >= 2);
    assert!(nodes.iter().all(|(key, node)| (*key, node.as_str()) == (standby, "standby")), "{nodes:?}");

    // The old node's key is no longer valid: with the new node down, the slots are missed.
    world.command("crash", json!({ "witness": "alice", "node": "standby" }));
    world.slots(45);
    assert!(world.missed() >= 1);
}

#[test]
fn of_two_rival_switches_on_two_nodes_exactly_one_takes_effect() {
    let mut winners = [0, 0];
    for seed in 0..100 {
        let mut world = world(&format!("seed = {seed}\nround_length = 5"));
        world.slots(7);
        let primary = world.key("primary");
        let rivals = [world.key("standby").public_key(), derive_key("third").public_key()];
        let trxs = rivals.map(|to| world.switch(&primary, to));
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
        let late = world.switch(&primary, rivals[1 - won]);
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
    let first = world.switch(&primary, world.key("standby").public_key());
    let second = world.switch(&primary, derive_key("third").public_key());
    world.broadcast(0, &first).unwrap();
    let refused = world.broadcast(0, &second);
    assert_refused(refused, -32003, "assert_exception", "'key' does not match witness signing key.");
}

#[test]
fn a_transaction_reaches_the_other_nodes() {
    let mut world = world("");
    world.slots(3);
    let trx = world.switch(&world.key("primary"), world.key("standby").public_key());
    let id = world.broadcast(0, &trx).unwrap();
    assert_eq!(world.status(1, id), "unknown");
    world.now = world.now.plus(Duration::from_millis(1500));
    assert_eq!(world.status(1, id), "within_mempool");
    assert_eq!(world.status(2, id), "within_mempool");
}

#[test]
fn a_transaction_that_expires_while_the_chain_stands_still_is_dropped_silently() {
    let mut world = world("");
    world.slots(5);
    let trx = world.switch(&world.key("primary"), world.key("standby").public_key());
    let id = world.broadcast(0, &trx).unwrap();
    world.command("halt", json!({}));
    world.slots(30);
    assert_eq!(world.status(0, id), "within_mempool");
    world.command("resume", json!({}));
    world.slots(2);
    assert_eq!(world.status(0, id), "unknown");
    assert_eq!(world.on_chain(), world.key("primary").public_key());
}

#[test]
fn a_producers_own_node_passes_transactions_on() {
    let mut world = world("");
    world.slots(3);
    let trx = world.switch(&world.key("primary"), world.key("standby").public_key());
    let params = json!([transaction_to_json(&trx, world.net.profile())]);
    let method = "condenser_api.broadcast_transaction";
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    world.command("partition", json!({ "witness": "alice", "node": "primary" }));
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
    world.command("rpc_fault", json!({ "index": 1, "fault": { "stale": { "blocks": 10 } } }));
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
    // It does not know blocks after its head.
    let update = enable(&world, world.key("primary").public_key());
    let id = world.broadcast(0, &update).unwrap();
    world.slots(3);
    assert_eq!((world.status(0, id).as_str(), world.status(1, id).as_str()), ("within_irreversible_block", "unknown"));
    world.command("rpc_fault", json!({ "index": 1, "fault": "ok" }));
    assert_eq!(head(&mut world, 1), 68);
    assert_eq!(world.shown(1), world.text(world.key("primary").public_key()));
}

#[test]
fn a_lying_node_has_the_same_heights_and_other_ids() {
    let mut world = world("");
    world.slots(10);
    world.command("rpc_fault", json!({ "index": 2, "fault": "fork" }));
    world.slots(30);
    let block =
        |world: &mut crate::common::World, rpc, num: u32| world.result(rpc, "condenser_api.get_block", json!([num]));
    assert_eq!(block(&mut world, 0, 10), block(&mut world, 2, 10));
    let (honest, lying) = (block(&mut world, 0, 40), block(&mut world, 2, 40));
    assert_ne!(honest["block_id"], lying["block_id"]);
    assert_eq!(honest["timestamp"], lying["timestamp"]);
    assert_ne!(world.shown(0), world.shown(2));
    let trx = world.switch(&world.key("primary"), world.key("standby").public_key());
    let error = world.broadcast(2, &trx).unwrap_err();
    assert_eq!(error["data"]["name"], "transaction_tapos_exception");
}
