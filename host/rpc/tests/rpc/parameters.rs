//! The chain's parameters, as nodes tell them.

use std::time::Duration;

use dogwatch_chain::{KeyPrefix, Profile};
use dogwatch_rpc::{ChainParameters, RpcError};
use serde_json::{Value, json};

use crate::fake::{Fake, Node, Reply, nobody, pool};

const CONFIG: &str = "condenser_api.get_config";

fn of(profile: &Profile) -> ChainParameters {
    ChainParameters {
        chain_id: Some(profile.chain_id),
        block_interval: Some(profile.block_interval),
        round_length: Some(profile.round_length),
        prefix: Some(profile.prefix.clone()),
    }
}

async fn told(fake: &Fake) -> ChainParameters {
    pool(&[&fake.url]).parameters().await.remove(0).1.unwrap()
}

#[tokio::test]
async fn they_are_among_the_constants() {
    assert_eq!(told(&Fake::node(Node::hive()).await).await, of(&Profile::hive_testnet()));
    let mut node = Node::hive();
    let constants = json!({ "STEEM_CHAIN_ID": Profile::steem().chain_id, "STEEM_BLOCK_INTERVAL": 1,
        "STEEM_MAX_WITNESSES": "11", "STEEM_ADDRESS_PREFIX": "TST" });
    node.put(CONFIG, json!({ "jsonrpc": "2.0", "result": constants }));
    let expected = ChainParameters {
        chain_id: Some(Profile::steem().chain_id),
        block_interval: Some(Duration::from_secs(1)),
        round_length: Some(11),
        prefix: Some(KeyPrefix::new("TST").unwrap()),
    };
    assert_eq!(told(&Fake::node(node).await).await, expected);
}

/// A node that hides its constants shows them by its blocks, its schedule and its keys.
#[tokio::test]
async fn a_node_may_hide_its_constants() {
    let mut node = Node::hive();
    node.remove(CONFIG);
    let answer = node.answer(&json!({ "jsonrpc": "2.0", "id": 1, "params": [],
        "method": "condenser_api.get_dynamic_global_properties" }));
    let producer = answer["result"]["current_witness"].as_str().unwrap();
    let alice = node.answer(&json!({ "jsonrpc": "2.0", "id": 1, "params": ["alice"],
        "method": "condenser_api.get_witness_by_account" }));
    node.put(&format!("condenser_api.get_witness_by_account [\"{producer}\"]"), alice);
    let fake = Fake::start(move |request| {
        let header = |call: &Value| {
            if call["method"] != "condenser_api.get_block_header" {
                return node.answer(call);
            }
            // Every block below 490 was made after an empty slot.
            let num = call["params"][0].as_u64().unwrap();
            let slot = if num < 490 { 2 * num } else { 490 + num };
            let time = dogwatch_chain::Time::from_secs(u32::try_from(1_700_000_000 + 2 * slot).unwrap());
            let header = json!({ "previous": format!("{:08x}{:032x}", num - 1, 0), "timestamp": time.to_string(), "witness": "fill12" });
            json!({ "jsonrpc": "2.0", "id": call["id"], "result": header })
        };
        match request {
            Value::Array(calls) => Reply::json(&calls.iter().map(header).collect()),
            call => Reply::json(&header(call)),
        }
    })
    .await;
    let expected = ChainParameters { block_interval: Some(Duration::from_secs(2)), ..of(&Profile::hive_testnet()) };
    assert_eq!(told(&fake).await, expected);
}

#[tokio::test]
async fn one_that_is_silent_tells_nothing() {
    let fake = Fake::node(Node::hive()).await;
    let answers = pool(&[&nobody().await, &fake.url]).parameters().await;
    assert!(matches!(answers[0].1, Err(RpcError::Refused { .. })), "{answers:?}");
    assert!(answers[1].1.is_ok(), "{answers:?}");
}
