//! Endpoints that answer badly, or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dogwatch_chain::Profile;
use dogwatch_rpc::{Clock, EndpointIndex, PoolOptions, RedirectFault, RequestPhase, RpcError, Sent};
use serde_json::{Value, json};

use crate::fake::{
    Fake, Node, Reply, cut_off, endless, hasty, later, nobody, poll_error, pool, pool_with, raw, reset,
    swallows_the_third,
};

/// The error of one call that is answered thus, `ID` standing for the right id.
async fn call_error(body: &'static str) -> RpcError {
    let fake = Fake::start(move |request| Reply::status(200, body.replace("ID", &request["id"].to_string()))).await;
    let pool = pool(&[&fake.url]);
    pool.call(EndpointIndex(0), "condenser_api.get_version", json!([])).await.unwrap_err()
}

#[tokio::test]
async fn bodies_that_are_no_answer() {
    for (body, expected) in [
        ("", "the answer is not JSON (it is empty)"),
        ("<!DOCTYPE html><html>token</html>", "the answer is not JSON (at line 1, column 1)"),
        (r#"{"jsonrpc":"2.0","result":{"#, "the answer is not JSON (it breaks off after 27 bytes)"),
        (r#"{"jsonrpc":"2.0","result":{},"id":ID}x"#, "the answer is not JSON"),
        ("[]", "not JSON-RPC 2.0: not an object"),
        ("\"ok\"", "not JSON-RPC 2.0: not an object"),
        (r#"{"status":"OK"}"#, "no \"jsonrpc\""),
        (r#"{"jsonrpc":"1.0","result":{},"id":ID}"#, "no \"jsonrpc\""),
        (r#"{"jsonrpc":2.0,"result":{},"id":ID}"#, "no \"jsonrpc\""),
        (r#"{"jsonrpc":"2.0","id":ID}"#, "neither a result nor an error"),
        (r#"{"jsonrpc":"2.0","result":1,"error":{"code":1},"id":ID}"#, "both a result and an error"),
        (r#"{"jsonrpc":"2.0","result":{},"id":0}"#, "another request's id"),
        (r#"{"jsonrpc":"2.0","result":{},"id":"ID"}"#, "another request's id"),
        (r#"{"jsonrpc":"2.0","result":{},"id":null}"#, "another request's id"),
        (r#"{"jsonrpc":"2.0","result":{}}"#, "another request's id"),
        (r#"{"jsonrpc":"2.0","error":{"code":-1,"message":"x"},"id":0}"#, "another request's id"),
        (r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"a\n  b"},"id":null}"#, "the node refused (-32000): a b"),
        (r#"{"jsonrpc":"2.0","error":"nope","id":ID}"#, "the node refused (0): nope"),
        (r#"{"jsonrpc":"2.0","result":null,"error":{"code":7},"id":ID}"#, "the node refused (7): no message"),
    ] {
        let error = call_error(body).await.to_string();
        assert!(error.contains(expected), "{body}: {error}");
    }
}

#[tokio::test]
async fn an_answer_may_have_a_null_error() {
    let fake = Fake::start(|request| {
        Reply::json(&json!({ "jsonrpc": "2.0", "result": 5, "error": null, "id": request["id"] }))
    })
    .await;
    let result = pool(&[&fake.url]).call(EndpointIndex(0), "condenser_api.get_witness_count", json!([])).await;
    assert_eq!(result, Ok(json!(5)));
}

#[tokio::test]
async fn batches_that_do_not_fit_the_question() {
    type Spoil = fn(&mut Vec<Value>);
    let cases: [(Spoil, &str); 5] = [
        (|answers| drop(answers.pop()), "lacks an answer"),
        (|answers| answers[0]["id"] = answers[1]["id"].clone(), "two answers with one id"),
        (|answers| answers[0]["id"] = json!(999_999), "another request's id"),
        (|answers| answers[0]["jsonrpc"] = json!("1.0"), "no \"jsonrpc\""),
        (|answers| answers[0] = json!("what?"), "not an object"),
    ];
    for (spoil, expected) in cases {
        let node = Node::hive();
        let fake = Fake::start(move |request| {
            let Value::Array(calls) = request else { return node.reply(request) };
            let mut answers: Vec<Value> = calls.iter().map(|call| node.answer(call)).collect();
            spoil(&mut answers);
            Reply::json(&Value::Array(answers))
        })
        .await;
        let error = poll_error(&fake.url, PoolOptions::new(Clock::system())).await;
        assert!(error.to_string().contains(expected), "{error} / {expected}");
    }
}

#[tokio::test]
async fn statuses_other_than_200() {
    for status in [201, 204, 400, 403, 404, 429, 500, 502, 503] {
        let fake = Fake::start(move |_| Reply::status(status, r#"{"jsonrpc":"2.0","result":{},"id":1}"#)).await;
        assert_eq!(
            poll_error(&fake.url, PoolOptions::new(Clock::system())).await,
            RpcError::Http { status, retry_after: None }
        );
    }
}

#[tokio::test]
async fn redirects_elsewhere_are_not_followed() {
    let target = Fake::node(Node::hive()).await;
    for status in [301, 302, 303, 307, 308] {
        let to = target.url.clone();
        let fake = Fake::start(move |_| Reply::Http { status, headers: vec![("location", to.clone())], body: vec![] });
        let fake = fake.await;
        let error = poll_error(&fake.url, PoolOptions::new(Clock::system())).await;
        let fault = if status == 303 { RedirectFault::Status } else { RedirectFault::OtherPort };
        assert_eq!(error, RpcError::Redirect { status, fault });
        assert_eq!(error.sent(), Sent::No);
        // The fake itself would complain about a GET.
        assert_eq!(fake.count(), 1);
    }
    assert_eq!(target.count(), 0);
}

#[tokio::test]
async fn answers_beyond_the_limit_are_not_read() {
    let options = PoolOptions::new(Clock::system()).body_limit(64 << 10);
    let too_large = RpcError::TooLarge { limit: 64 << 10 };
    let announced = Fake::start(|_| Reply::status(200, vec![b' '; 65 << 10])).await;
    assert_eq!(poll_error(&announced.url, options.clone()).await, too_large);

    let (unannounced, _) = raw(endless).await;
    assert_eq!(poll_error(&unannounced, options.clone()).await, too_large);

    // A thousand bytes that become a million.
    let packed = include_bytes!("../captures/million_zeros.gz");
    let header = || vec![("content-encoding", "gzip".to_owned())];
    let fake = Fake::start(move |_| Reply::Http { status: 200, headers: header(), body: packed.to_vec() }).await;
    assert_eq!(poll_error(&fake.url, options).await, too_large);
}

#[tokio::test]
async fn silence_and_broken_connections() {
    let hanging = Fake::start(|_| Reply::Hang).await;
    let error = poll_error(&hanging.url, hasty()).await;
    assert_eq!(error, RpcError::Timeout { phase: RequestPhase::Answering, after: Duration::from_millis(800) });
    assert_eq!(error.sent(), Sent::Maybe);

    let error = poll_error(&nobody().await, hasty()).await;
    assert!(matches!(error, RpcError::Refused { .. }) && error.to_string().contains("refused"), "{error}");
    assert_eq!(error.sent(), Sent::No);

    let (resetting, _) = raw(reset).await;
    let error = poll_error(&resetting, PoolOptions::new(Clock::system())).await;
    assert!(matches!(error, RpcError::Broken { .. }), "{error:?}");
    assert_eq!(error.sent(), Sent::Maybe);

    let (cutting, _) = raw(cut_off).await;
    let error = poll_error(&cutting, PoolOptions::new(Clock::system())).await;
    assert!(matches!(error, RpcError::Broken { .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_not_tls_is_not_spoken_to() {
    let fake = Fake::node(Node::hive()).await;
    let error = poll_error(&fake.url.replace("http://", "https://"), PoolOptions::new(Clock::system())).await;
    assert!(matches!(error, RpcError::Tls { .. }), "{error:?}");
    assert_eq!(fake.count(), 0);
}

#[tokio::test]
async fn no_message_holds_a_token() {
    let token = "5f2c9d7e1a4b4c6d8e90";
    let echo = json!({ "code": -32001, "message": format!("no such project: /v2/{token}?key=hunter22") });
    let fake =
        Fake::start(move |request| Reply::json(&json!({ "jsonrpc": "2.0", "error": echo, "id": request["id"] }))).await;
    let paths = [fake.url.clone(), nobody().await, raw(reset).await.0];
    for url in paths.map(|url| format!("{url}/v2/{token}?key=hunter22")) {
        let pool = pool_with(Profile::hive_testnet(), &[&url], hasty());
        let called = pool.call(EndpointIndex(0), "condenser_api.get_version", json!([])).await.unwrap_err();
        let readings = crate::fake::poll(&pool).await;
        let shown = format!("{called} {called:?} {readings:?} {pool:?} {:?}", pool.names());
        assert!(!shown.contains(token) && !shown.contains("hunter22"), "{shown}");
    }
}

#[tokio::test]
async fn nothing_is_asked_twice_by_itself() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let fake = Fake::start(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        Reply::status(503, "")
    })
    .await;
    let _ = poll_error(&fake.url, PoolOptions::new(Clock::system())).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let (resetting, connections) = raw(reset).await;
    let _ = poll_error(&resetting, PoolOptions::new(Clock::system())).await;
    // Once by https, once by plain HTTP.
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

/// A kept connection that takes requests and answers none costs one answer, and not every third one.
#[tokio::test]
async fn after_a_swallowed_request_each_gets_a_connection_of_its_own() {
    let (url, connections) = raw(swallows_the_third).await;
    let pool = pool_with(Profile::hive_testnet(), &[&url], hasty());
    let call = async || pool.call(EndpointIndex(0), "condenser_api.get_version", json!([])).await;
    let mut failed = 0;
    for _ in 0..12 {
        failed += usize::from(call().await.is_err());
    }
    assert_eq!(failed, 1, "the one that was swallowed");
    assert!(connections.load(Ordering::SeqCst) > 9);
    // Connections are kept again later.
    later(Duration::from_secs(601)).await;
    let before = connections.load(Ordering::SeqCst);
    for _ in 0..2 {
        call().await.unwrap();
    }
    assert_eq!(connections.load(Ordering::SeqCst), before + 1);
}
