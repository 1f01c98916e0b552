//! Probes of a producer's own node.

use dogwatch_chain::{BlockNum, Profile};
use dogwatch_rpc::{Clock, NodeProbe, PoolOptions, Prober, RpcError};
use serde_json::json;

use crate::fake::{Fake, Node, Reply, capture, endpoint, hasty, nobody};

fn prober() -> Prober {
    Prober::new(PoolOptions::new(Clock::system()), []).unwrap()
}

#[tokio::test]
async fn a_node_tells_its_head_version_and_chain() {
    let profile = Profile::hive_testnet();
    let fake = Fake::node(Node::hive()).await;
    let reading = prober().probe(&fake.endpoint(), &profile).await.unwrap();
    assert_eq!((reading.head.num(), reading.version.as_str()), (BlockNum(500), "1.28.6"));
    assert_eq!(reading.chain_id, Some(profile.chain_id));
    let error = prober().probe(&fake.endpoint(), &Profile::steem()).await.unwrap_err();
    assert!(matches!(error, RpcError::WrongChain { .. }));

    let fake = Fake::node(Node::steem()).await;
    let reading = prober().probe(&fake.endpoint(), &Profile::steem()).await.unwrap();
    assert_eq!((reading.version.as_str(), reading.chain_id), ("0.23.1", Some(Profile::steem().chain_id)));
}

#[tokio::test]
async fn a_node_may_lack_condenser_api() {
    let mut node = Node::hive();
    for method in ["get_dynamic_global_properties", "get_version", "get_config"] {
        node.remove(&format!("condenser_api.{method}"));
    }
    node.put("database_api.get_dynamic_global_properties {}", capture!("database_api.get_dynamic_global_properties"));
    let mut version = capture!("database_api.get_version");
    version["result"].as_object_mut().unwrap().remove("chain_id");
    node.put("database_api.get_version {}", version);
    let fake = Fake::node(node).await;
    let reading = prober().probe(&fake.endpoint(), &Profile::hive_testnet()).await.unwrap();
    assert_eq!((reading.version.as_str(), reading.chain_id), ("1.28.6", None));
}

#[tokio::test]
async fn a_node_that_is_not_well() {
    let profile = Profile::hive_testnet();
    let probe = async |url: &str| Prober::new(hasty(), []).unwrap().probe(&endpoint(url), &profile).await.unwrap_err();
    assert!(matches!(probe(&nobody().await).await, RpcError::Refused { .. }));
    let hanging = Fake::start(|_| Reply::Hang).await;
    assert!(matches!(probe(&hanging.url).await, RpcError::Timeout { .. }));
    let lying = Node::hive().with("condenser_api.get_dynamic_global_properties", "/result/head_block_number", json!(9));
    let lying = Fake::node(lying).await;
    assert!(matches!(probe(&lying.url).await, RpcError::WrongShape { .. }));
    let refusing = Fake::start(|request| {
        let mut answer = capture!("error.unknown_method");
        answer["id"] = request["id"].clone();
        Reply::json(&answer)
    })
    .await;
    assert!(matches!(probe(&refusing.url).await, RpcError::Node(_)));
}

/// Each question costs a node a connection.
#[tokio::test]
async fn what_does_not_change_is_asked_once() {
    let fake = Fake::node(Node::hive()).await;
    let asked_version =
        || fake.requests().iter().filter(|request| request["method"] == "condenser_api.get_version").count();
    let mut probe = NodeProbe::new(prober(), fake.endpoint());
    let first = probe.ask(None).await.unwrap();
    assert_eq!((fake.count(), asked_version()), (2, 1));
    let second = probe.ask(Some(&Profile::hive_testnet())).await.unwrap();
    assert_eq!((fake.count(), asked_version()), (3, 1), "only the head is asked for");
    assert_eq!((second.version, second.chain_id), (first.version, first.chain_id));
    probe.forget();
    probe.ask(None).await.unwrap();
    assert_eq!(asked_version(), 2, "it may be another process");
}
