//! Failing endpoints rest, and are never given up.

use std::time::Duration;

use dogwatch_chain::{Profile, Time};
use dogwatch_rpc::RpcError;
use serde_json::json;

use crate::fake::{Fake, Node, Reply, later, poll, pool};

#[tokio::test]
async fn a_failing_endpoint_rests_while_others_are_fine() {
    let good = Fake::node(Node::hive()).await;
    let bad = Fake::start(|_| Reply::status(503, "")).await;
    let pool = pool(&[&bad.url, &good.url]);
    let failed = Err(RpcError::Http { status: 503, retry_after: None });

    assert_eq!(poll(&pool).await[0].result, failed);
    assert_eq!(bad.count(), 1);
    let readings = poll(&pool).await;
    assert_eq!((readings[0].latency, &readings[0].result), (None, &failed));
    assert!(readings[1].result.is_ok());
    assert_eq!(bad.count(), 1, "it rests");

    // One interval after the first failure, two after the second, …
    for (rest, asked) in [(3, 2), (3, 2), (3, 3), (11, 3), (2, 4), (14, 4), (2, 5), (16, 6), (16, 7)] {
        later(Duration::from_secs(rest)).await;
        poll(&pool).await;
        assert_eq!(bad.count(), asked);
    }
    let status = &pool.status(Time::default())[0];
    assert_eq!((status.failures, status.last_error.clone()), (7, failed.err()));

    bad.become_other(|request| Node::hive().reply(request));
    later(Duration::from_secs(16)).await;
    assert!(poll(&pool).await[0].result.is_ok());
    assert!(poll(&pool).await[0].result.is_ok(), "one good answer and all is forgotten");
    assert_eq!(pool.status(Time::default())[0].failures, 0);
}

#[tokio::test]
async fn when_all_fail_all_are_asked() {
    let fakes = [Fake::start(|_| Reply::status(503, "")).await, Fake::start(|_| Reply::status(200, "<html>")).await];
    let wrong = Node::hive().with("condenser_api.get_version", "/result/chain_id", json!(Profile::steem().chain_id));
    let wrong = Fake::node(wrong).await;
    let pool = pool(&[&fakes[0].url, &wrong.url, &fakes[1].url]);
    for round in 1..=5 {
        assert!(poll(&pool).await.iter().all(|reading| reading.result.is_err()));
        assert_eq!(fakes.each_ref().map(Fake::count), [round, round]);
        assert_eq!(wrong.count(), 1, "another chain does not become the right one for want of others");
    }
}
