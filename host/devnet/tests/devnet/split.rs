//! A network that splits: most witnesses go on, and a minority makes a branch of its own.

use crate::common::{World, name, world};
use dogwatch_chain::AccountName;
use serde_json::{Value, json};

fn rpc_fault(world: &mut World, index: usize, fault: &str) {
    world.command("rpc_fault", json!({ "index": index, "fault": fault }));
}

fn dynamic(world: &mut World, rpc: usize) -> Value {
    world.result(rpc, "condenser_api.get_dynamic_global_properties", json!([]))
}

fn number(dynamic: &Value, member: &str) -> u64 {
    dynamic[member].as_u64().unwrap()
}

/// Two of three RPC nodes are cut off with a minority after forty slots.
fn split(chain: &str) -> World {
    let mut world = world(&format!("chain = \"{chain}\"\nround_length = 10"));
    world.slots(40);
    for index in [0, 1] {
        rpc_fault(&mut world, index, "minority");
    }
    world
}

#[test]
fn a_minority_goes_on_slowly_and_makes_nothing_irreversible() {
    for chain in ["hive", "steem"] {
        let mut world = split(chain);
        let before = dynamic(&mut world, 0);
        world.slots(60);
        let (few, same, most) = (dynamic(&mut world, 0), dynamic(&mut world, 1), dynamic(&mut world, 2));
        assert_eq!(few, same, "they follow one branch");
        assert_eq!(few["last_irreversible_block_num"], before["last_irreversible_block_num"], "{chain}");
        assert!(number(&most, "last_irreversible_block_num") > 60, "{most}");
        let (split, few, most) = (40, number(&few, "head_block_number") - 40, number(&most, "head_block_number") - 40);
        assert!((6..30).contains(&few) && (30..60).contains(&most), "{few} and {most}");

        // The branch has blocks of its own, by other witnesses.
        let mut by = |rpc: usize, num: u64| {
            let block = world.result(rpc, "condenser_api.get_block", json!([num]));
            (block["block_id"].clone(), AccountName::new(block["witness"].as_str().unwrap()).unwrap())
        };
        assert_eq!(by(0, split), by(2, split));
        assert_ne!(by(0, split + 1).0, by(2, split + 1).0);
        let few_builders: Vec<AccountName> = (split + 1..=split + few).map(|num| by(0, num).1).collect();
        for num in split + 1..=split + most {
            let (_, witness) = by(2, num);
            assert!(!few_builders.contains(&witness), "{witness} builds on one branch only");
        }
        assert!(!few_builders.contains(&name("alice")));
        assert_eq!(world.missed(), 0, "alice goes on with most");
    }
}

#[test]
fn a_split_heals_when_the_last_node_comes_back() {
    let mut world = split("hive");
    world.slots(40);
    rpc_fault(&mut world, 0, "ok");
    world.slots(20);
    assert_eq!(dynamic(&mut world, 0), dynamic(&mut world, 2));
    assert_ne!(dynamic(&mut world, 1), dynamic(&mut world, 2));
    assert!(world.net.head().participation < 120, "the minority is still gone");
    rpc_fault(&mut world, 1, "ok");
    world.slots(128);
    assert_eq!(dynamic(&mut world, 1), dynamic(&mut world, 2));
    assert_eq!(world.net.head().participation, 128);
}

#[test]
fn a_transaction_stays_on_its_side() {
    let mut world = split("hive");
    let (primary, standby) = (world.key("primary"), world.key("standby").public_key());
    let switch = world.switch(&primary, standby);
    let id = world.broadcast(0, &switch).unwrap();
    world.slots(40);
    assert_eq!(world.status(0, id), "within_reversible_block");
    assert_eq!(world.status(2, id), "unknown");
    assert_eq!((world.shown(0), world.on_chain()), (world.text(standby), primary.public_key()));
}
