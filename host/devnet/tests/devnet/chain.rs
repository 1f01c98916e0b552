//! Slots, rounds and producers, in virtual time.

use std::collections::BTreeSet;

use crate::common::{name, world};
use dogwatch_chain::{BlockNum, PublicKey, Slot};
use dogwatch_devnet::{DevnetConfig, DevnetSlotOutcome};
use serde_json::json;

const NODE: &str = r#"{"witness": "alice", "node": "primary"}"#;

fn node() -> serde_json::Value {
    serde_json::from_str(NODE).unwrap()
}

#[test]
fn slots_follow_the_schedule_and_the_shuffle() {
    let mut world = world("");
    for _ in 0..70 {
        let before = world.net.schedule();
        let slot = Slot(world.net.head().slot.0 + 1);
        assert_eq!(before.next_shuffle.0 % 21, 0);
        assert!(before.next_shuffle > world.net.head().num());
        let expected = before.producer(slot).unwrap().clone();
        world.slots(1);
        let record = world.net.snapshot().slots.last().unwrap().clone();
        assert_eq!((record.slot, record.witness), (slot, expected));
        let after = world.net.schedule();
        if world.net.head().num() == before.next_shuffle {
            assert_eq!(after.current, before.future.clone().unwrap(), "the future schedule becomes the current one");
            assert_ne!(after.current, before.current);
        } else {
            assert_eq!(after, before);
        }
    }
    let head = world.net.head();
    assert_eq!((head.num(), head.slot, head.participation), (BlockNum(70), Slot(70), 128));
    assert_eq!(head.irreversible, head.num(), "one block is enough");
    assert_eq!(head.time, world.now);
}

#[test]
fn everyone_scheduled_has_one_slot_per_round() {
    let mut world = world("round_length = 5\nspare = 3");
    world.slots(40);
    let schedule = world.net.schedule();
    let distinct: BTreeSet<_> = schedule.current.iter().collect();
    assert_eq!((schedule.current.len(), distinct.len()), (5, 5));
    assert!(distinct.contains(&name("alice")));
    let all: BTreeSet<_> = world.net.snapshot().slots.iter().map(|slot| slot.witness.clone()).collect();
    assert!(all.len() > 5, "the backup slot goes round: {all:?}");
}

#[test]
fn a_backup_witness_is_in_one_of_many_rounds() {
    for chain in ["hive", "steem"] {
        let alice = "[[witnesses]]\nname = \"alice\"\nelected = \"in-turn\"\nnodes = [{ name = \"primary\" }]";
        let mut world = world(&format!("chain = \"{chain}\"\nround_length = 10\nspare = 4\n{alice}"));
        world.slots(100);
        let own =
            |net: &dogwatch_devnet::Devnet| net.snapshot().slots_of(&name("alice")).map(|slot| slot.slot.0).collect();
        let first: Vec<u64> = own(&world.net);
        world.slots(100);
        let all: Vec<u64> = own(&world.net);
        assert_eq!((first.len(), all.len()), (2, 4), "one of five rounds on {chain}: {all:?}");
        assert!(all.windows(2).all(|pair| pair[1] - pair[0] > 30), "{all:?}");
        assert_eq!(world.missed(), 0);
    }
}

#[test]
fn the_same_seed_makes_the_same_chain() {
    let run = |seed: u64| {
        let mut world = world(&format!("seed = {seed}"));
        world.slots(50);
        world.net.head().id
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn a_missed_slot_counts_when_the_next_block_arrives() {
    let mut world = world("");
    world.command("crash", node());
    let alices =
        |net: &dogwatch_devnet::Devnet| net.snapshot().slots.last().is_some_and(|slot| slot.witness == name("alice"));
    world.until("alice's slot", alices);
    assert_eq!(world.net.snapshot().slots.last().unwrap().outcome, DevnetSlotOutcome::Missed);
    assert_eq!(world.missed(), 0, "nobody has said so yet");
    let head = world.net.head().num();
    world.slots(1);
    assert_eq!(world.missed(), 1);
    let dynamic = world.result(0, "condenser_api.get_dynamic_global_properties", json!([]));
    assert_eq!(world.net.head().num(), head.next());
    assert_eq!(dynamic["current_aslot"], json!(dynamic["head_block_number"].as_u64().unwrap() + 1));
    assert_eq!(dynamic["participation_count"], 127);
    let filled: u128 = dynamic["recent_slots_filled"].as_str().unwrap().parse().unwrap();
    assert_eq!(filled.count_zeros(), 1);

    world.command("restart", node());
    world.slots(42);
    assert_eq!(world.missed(), 1);
}

#[test]
fn the_producer_of_the_next_block_is_forgiven_its_own_misses() {
    let mut world = world("round_length = 5");
    world.slots(2);
    world.command("halt", json!({}));
    world.slots(10);
    let halted = world.net.head();
    let next = |net: &dogwatch_devnet::Devnet| {
        let passed = net.snapshot().slots.last().unwrap().slot;
        net.schedule().producer(passed.plus(1)) == Some(&name("alice"))
    };
    world.until("alice is next", next);
    world.command("resume", json!({}));
    world.slots(1);
    assert_eq!(world.net.head().num(), halted.num().next());
    assert_eq!(world.missed(), 0, "of two or more missed slots");
    let filler = world.net.schedule().current.iter().find(|witness| **witness != name("alice")).unwrap().clone();
    let others = world.result(0, "condenser_api.get_witness_by_account", json!([filler]));
    assert!(others["total_missed"].as_u64().unwrap() >= 2, "{others}");
}

#[test]
fn only_a_running_node_with_the_key_on_chain_produces() {
    for command in ["crash", "hang", "partition"] {
        let mut world = world("");
        world.command(command, node());
        world.slots(64);
        assert!(world.missed() >= 2, "{command}");
    }
    let mut behind = world("");
    behind.slots(30);
    behind.command("put_behind", json!({ "witness": "alice", "node": "primary", "blocks": 10 }));
    behind.slots(42);
    assert!(behind.missed() >= 1);
    let request = json!({
        "jsonrpc": "2.0", "id": 1, "method": "condenser_api.get_dynamic_global_properties", "params": [],
    });
    let answer = behind.net.call_node(&name("alice"), "primary", &request, behind.now);
    assert_eq!(answer["result"]["head_block_number"], 20);

    // The standby runs, but its key is not the one on chain.
    let mut standby = world("");
    standby.command("crash", json!({ "witness": "alice", "node": "standby" }));
    standby.slots(64);
    assert_eq!(standby.missed(), 0);
}

#[test]
fn a_halt_stops_all_and_an_outage_shows_in_participation() {
    let mut world = world("");
    world.slots(10);
    world.command("halt", json!({}));
    world.slots(20);
    assert_eq!(world.net.head().num(), BlockNum(10));
    world.command("resume", json!({}));
    world.slots(1);
    let head = world.net.head();
    assert_eq!((head.num(), head.slot, head.participation), (BlockNum(11), Slot(31), 108));
    world.command("fill_outage", json!({ "fraction": 0.6 }));
    world.slots(128);
    let low = world.net.head().participation;
    assert!((30..80).contains(&low), "{low}");
}

#[test]
fn steem_has_no_future_and_lags_behind() {
    let mut world = world("chain = \"steem\"");
    world.slots(40);
    let head = world.net.head();
    assert_eq!(head.irreversible, head.num().back(14));
    assert_eq!(world.net.schedule().future, None);
    let version = world.result(0, "condenser_api.get_version", json!([]));
    assert_eq!(version["chain_id"], "0".repeat(64));
    assert!(version.get("steem_revision").is_some());
    let config = world.result(0, "condenser_api.get_config", json!([]));
    assert_eq!(config["STEEM_ADDRESS_PREFIX"], "STM");
    let witness = world.result(0, "condenser_api.get_witness_by_account", json!(["alice"]));
    assert_eq!(witness["props"]["sbd_interest_rate"], 0);
    assert_eq!(world.result(0, "condenser_api.get_active_witnesses", json!([])).as_array().unwrap().len(), 21);
}

/// How many rounds pass until a witness with a null key leaves the schedule, and until it is back with a new key.
fn rounds_out_and_back(chain: &str) -> (u32, u32) {
    let mut world = world(&format!("chain = \"{chain}\"\nround_length = 5"));
    world.slots(12);
    let listed = |net: &dogwatch_devnet::Devnet| net.schedule().current.contains(&name("alice"));
    let (primary, null) = (world.key("primary"), PublicKey::NULL);
    let trx = world.switch(&primary, null);
    world.broadcast(0, &trx).unwrap();
    world.until("disabled", |net| net.signing_key(&name("alice")) == Some(null));
    let disabled = world.net.head().num().0;
    world.until("left the schedule", |net| !listed(net));
    let left = world.net.head().num().0;
    assert_eq!(world.net.schedule().current.len(), 5, "a spare one takes the place");

    let update = crate::common::enable(&world, primary.public_key());
    world.broadcast(1, &update).unwrap();
    world.until("enabled", |net| net.signing_key(&name("alice")) == Some(primary.public_key()));
    let enabled = world.net.head().num().0;
    world.until("back in the schedule", listed);
    let back = world.net.head().num().0;
    (left.div_ceil(5) - disabled.div_ceil(5) + 1, back.div_ceil(5) - enabled.div_ceil(5) + 1)
}

#[test]
fn a_null_key_leaves_the_schedule_and_comes_back() {
    assert_eq!(rounds_out_and_back("steem"), (1, 1));
    assert_eq!(rounds_out_and_back("hive"), (2, 2));
}

#[test]
fn fast_slots_have_milliseconds() {
    let mut world = world("block_interval_ms = 50\nround_length = 5");
    world.slots(3);
    let dynamic = world.result(0, "condenser_api.get_dynamic_global_properties", json!([]));
    assert_eq!(dynamic["time"], "2026-11-23T12:00:00.150");
}

#[test]
fn configurations_that_make_no_chain_are_refused() {
    for bad in [
        "block_interval_ms = 10",
        "round_length = 2",
        "rpc_nodes = 0",
        "chain = \"nochain\"",
        "witnesses = [{ name = \"alice\", nodes = [] }]",
        "witnesses = [{ name = \"alice\", nodes = [{ name = \"a\" }, { name = \"a\" }] }]",
    ] {
        let config = DevnetConfig::from_toml(bad).unwrap();
        let genesis = dogwatch_chain::Time::parse(crate::common::GENESIS).unwrap();
        assert!(dogwatch_devnet::Devnet::new(&config, genesis).is_err(), "{bad}");
    }
    assert!(DevnetConfig::from_toml("no_such_field = 1").is_err());
    assert!(
        DevnetConfig::from_toml("witnesses = [{ name = \"alice\", nodes = [{ name = \"a\", signing_key = \"5J\" }] }]")
            .is_err()
    );
}
