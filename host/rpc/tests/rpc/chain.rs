//! Endpoints on the wrong chain, or that do not tell.

use std::time::Duration;

use dogwatch_chain::{BlockNum, Profile, Time};
use dogwatch_rpc::{ChainVerdict, Clock, PoolOptions, RpcError};
use serde_json::json;

use crate::fake::{Fake, Node, Reply, later, poll, pool, pool_with};

const VERSION: &str = "condenser_api.get_version";
const CONFIG: &str = "condenser_api.get_config";

fn wrong(node: Node) -> Node {
    node.with(VERSION, "/result/chain_id", json!(Profile::hive().chain_id))
}

#[tokio::test]
async fn an_endpoint_on_another_chain_is_not_believed() {
    let fake = Fake::node(wrong(Node::hive())).await;
    let pool = pool(&[&fake.url]);
    let expected = RpcError::WrongChain { expected: Profile::hive_testnet().chain_id, found: Profile::hive().chain_id };
    for _ in 0..3 {
        assert_eq!(poll(&pool).await.remove(0).result, Err(expected.clone()));
    }
    assert_eq!(pool.blocks(BlockNum(1), BlockNum(2), &[]).await.unwrap_err().causes[0].1, expected);
    assert_eq!(fake.count(), 1, "not asked again before a minute has passed");
    assert_eq!(pool.status(Time::default())[0].chain, ChainVerdict::Wrong(Profile::hive().chain_id));

    later(Duration::from_secs(61)).await;
    assert_eq!(poll(&pool).await.remove(0).result, Err(expected));
    assert_eq!(fake.count(), 2);

    fake.become_other(|request| Node::hive().reply(request));
    later(Duration::from_secs(61)).await;
    poll(&pool).await.remove(0).result.unwrap();
    assert_eq!(pool.status(Time::default())[0].chain, ChainVerdict::Right);
}

#[tokio::test]
async fn the_chain_is_asked_for_again_every_hour() {
    let fake = Fake::node(Node::hive()).await;
    let pool = pool(&[&fake.url]);
    poll(&pool).await.remove(0).result.unwrap();
    later(Duration::from_secs(3500)).await;
    poll(&pool).await.remove(0).result.unwrap();
    assert_eq!(fake.count(), 3);
    fake.become_other(|request| wrong(Node::hive()).reply(request));
    later(Duration::from_secs(101)).await;
    assert!(matches!(poll(&pool).await.remove(0).result, Err(RpcError::WrongChain { .. })));
    assert_eq!(fake.count(), 4);
}

#[tokio::test]
async fn a_second_check_without_an_answer_changes_nothing() {
    let fake = Fake::node(Node::hive()).await;
    let pool = pool_with(Profile::hive_testnet(), &[&fake.url], crate::fake::hasty());
    poll(&pool).await.remove(0).result.unwrap();
    fake.become_other(|request| match request["method"].as_str() {
        Some(VERSION | CONFIG) => Reply::status(500, ""),
        _ => Node::hive().reply(request),
    });
    later(Duration::from_secs(3601)).await;
    poll(&pool).await.remove(0).result.unwrap();

    // Should the check hang, only one poll is lost.
    fake.become_other(|request| match request["method"].as_str() {
        Some(VERSION | CONFIG) => Reply::Hang,
        _ => Node::hive().reply(request),
    });
    later(Duration::from_secs(61)).await;
    assert!(matches!(poll(&pool).await.remove(0).result, Err(RpcError::Timeout { .. })));
    poll(&pool).await.remove(0).result.unwrap();
}

#[tokio::test]
async fn the_other_method_is_tried() {
    let mut node = Node::hive();
    node.remove(VERSION);
    let fake = Fake::node(node.clone()).await;
    poll(&pool(&[&fake.url])).await.remove(0).result.unwrap();

    node.remove(CONFIG);
    let fake = Fake::node(node).await;
    let error = poll(&pool(&[&fake.url])).await.remove(0).result.unwrap_err();
    assert_eq!(error, RpcError::ChainIdUnknown);

    let garbled = Node::hive().with(VERSION, "/result/chain_id", json!("beeab0de"));
    let fake = Fake::node(garbled).await;
    let error = poll(&pool(&[&fake.url])).await.remove(0).result.unwrap_err();
    assert!(error.to_string().contains("chain_id is wrong: a chain id is 64"), "{error}");
}

#[tokio::test]
async fn steem_and_hive_are_told_apart() {
    let steem = Fake::node(Node::steem()).await;
    let hive = pool_with(Profile::hive(), &[&steem.url], PoolOptions::new(Clock::system()));
    assert!(matches!(poll(&hive).await.remove(0).result, Err(RpcError::WrongChain { .. })));

    // Hive's early releases listed Steem's id beside their own.
    let mut node = Node::steem();
    node.put(
        CONFIG,
        json!({ "jsonrpc": "2.0", "result": {
        "STEEM_CHAIN_ID": "0".repeat(64), "HIVE_CHAIN_ID": Profile::hive().chain_id } }),
    );
    let fake = Fake::node(node).await;
    let steem = pool_with(Profile::steem(), &[&fake.url], PoolOptions::new(Clock::system()));
    assert!(matches!(poll(&steem).await.remove(0).result, Err(RpcError::WrongChain { .. })));
}
