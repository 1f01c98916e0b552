//! Polls of endpoints that behave.

use dogwatch_chain::{BlockNum, Profile, Slot, Time};
use dogwatch_rpc::{
    AgreementVerdict, ChainVerdict, Clock, EndpointIndex, PollRequest, Pool, PoolError, PoolOptions, RpcError,
};
use serde_json::{Value, json};

use crate::fake::{Fake, Node, Reply, capture, name, poll, poll_error, pool, pool_with};

const PROPERTIES: &str = "condenser_api.get_dynamic_global_properties";
const SCHEDULE: &str = "condenser_api.get_witness_schedule";
const ACTIVE: &str = "condenser_api.get_active_witnesses";
const ALICE: &str = "condenser_api.get_witness_by_account [\"alice\"]";

#[tokio::test]
async fn a_node_of_hive_is_read_in_one_request() {
    let fake = Fake::node(Node::hive()).await;
    let pool = pool(&[&fake.url]);
    let witnesses = [name("alice"), name("nosuchwitness"), name("carol")];
    let reading = pool.poll(&PollRequest { witnesses: &witnesses, block: None }).await.remove(0);
    assert_eq!(reading.endpoint, EndpointIndex(0));
    assert!(reading.latency.is_some());
    let reading = reading.result.unwrap();

    assert_eq!(reading.head.num(), BlockNum(500));
    assert_eq!(reading.head.time, Time::parse("2026-11-23T12:16:36").unwrap());
    assert_eq!((reading.head.slot, reading.head.irreversible), (Slot(503), BlockNum(500)));
    assert_eq!(reading.head.participation, 128);
    assert_eq!(reading.schedule.next_shuffle, BlockNum(504));
    assert_eq!(reading.schedule.current.len(), 21);
    assert_eq!(reading.schedule.majority_version.unwrap().to_string(), "1.28.6");
    assert_eq!(reading.schedule.current[12], name("alice"));
    let future = reading.schedule.future.as_ref().unwrap();
    assert_eq!((future.len(), &future[0], &future[20]), (21, &name("fill08"), &name("alice")));
    assert!(reading.schedule_is_of_head());
    let [Some(alice), None, Some(carol)] = reading.witnesses.as_slice() else { panic!("{reading:?}") };
    assert_eq!((alice.total_missed, alice.last_confirmed_block), (3, BlockNum(492)));
    assert_eq!(alice.running_version, "1.28.6");
    assert!(!alice.signing_key.is_null() && carol.signing_key.is_null());

    // The first poll asks for the chain id as well.
    assert_eq!(fake.count(), 2);
    poll(&pool).await.remove(0).result.unwrap();
    assert_eq!(fake.count(), 3);
    assert!(fake.requests()[2].is_array());

    let status = pool.status(Time::parse("2026-11-23T12:16:41").unwrap()).remove(0);
    assert_eq!(status.head_age.unwrap().as_secs(), 5);
    assert_eq!((status.failures, status.last_error, status.chain), (0, None, ChainVerdict::Right));
    assert!(status.latency_p50.is_some() && status.latency_p90 >= status.latency_p50);
}

/// Each answer tells when it was made by its server's clock, whether the calls come in one request or one by one.
#[tokio::test]
async fn answers_are_dated() {
    let date = |text: &str, age: Option<&str>, batches: bool| {
        let (node, text, age) = (Node::hive(), text.to_owned(), age.map(str::to_owned));
        Fake::start(move |request| {
            if request.is_array() && !batches {
                return Reply::status(413, "too large");
            }
            let Reply::Http { status, mut headers, body } = node.reply(request) else { return Reply::Hang };
            headers.push(("date", text.clone()));
            headers.extend(age.clone().map(|age| ("age", age)));
            Reply::Http { status, headers, body }
        })
    };
    let good = "Mon, 23 Nov 2026 12:16:37 GMT";
    for batches in [true, false] {
        let fake = date(good, None, batches).await;
        let clock = Clock::system();
        let before = clock.uptime();
        let answer = poll(&pool(&[&fake.url])).await.remove(0);
        let dated = answer.date.unwrap();
        assert_eq!(dated.date, Time::parse("2026-11-23T12:16:37").unwrap());
        assert!(before <= dated.asked && dated.asked <= dated.received && dated.received <= clock.uptime());
        assert!(answer.result.is_ok());
    }
    for (bad, age) in [("yesterday", None), ("", None), (good, Some("7"))] {
        let fake = date(bad, age, true).await;
        let answer = poll(&pool(&[&fake.url])).await.remove(0);
        assert!(answer.date.is_none() && answer.result.is_ok(), "{bad:?} {age:?}");
    }
    let fake = Fake::start(|_| Reply::status(500, "")).await;
    assert_eq!(poll(&pool(&[&fake.url])).await.remove(0).date, None, "not an answer to the poll");
}

/// Heads are fresh by the corrected time, whatever this machine's clock shows.
#[tokio::test]
async fn the_pool_goes_by_the_corrected_time() {
    let fake = Fake::node(Node::hive()).await;
    let head = Time::parse("2026-11-23T12:16:36").unwrap();
    let clock = Clock::starting_at(head.plus(std::time::Duration::from_secs(3601)));
    let pool = pool_with(Profile::hive_testnet(), &[&fake.url], PoolOptions::new(clock));
    poll(&pool).await.remove(0).result.unwrap();
    assert_ne!(pool.agreement().unwrap().verdict, AgreementVerdict::OneVoice, "the head is an hour old");
    pool.correct_clock(-3_600_000);
    poll(&pool).await.remove(0).result.unwrap();
    assert_eq!(pool.agreement().unwrap().verdict, AgreementVerdict::OneVoice);
    assert!(pool.now().since(head).as_secs() < 60);
}

#[tokio::test]
async fn a_node_of_steem_pads_its_schedule_and_has_no_future() {
    let fake = Fake::node(Node::steem()).await;
    let pool = pool_with(Profile::steem(), &[&fake.url], PoolOptions::new(Clock::system()));
    let reading = poll(&pool).await.remove(0).result.unwrap();
    assert_eq!(reading.schedule.current.len(), 21);
    assert_eq!(reading.schedule.future, None);
    assert!(!fake.requests().iter().any(|request| request.to_string().contains("get_active_witnesses")));
}

#[tokio::test]
async fn numbers_may_be_strings() {
    let node = Node::hive()
        .with(PROPERTIES, "/result/head_block_number", json!("500"))
        .with(PROPERTIES, "/result/current_aslot", json!("503"))
        .with(PROPERTIES, "/result/participation_count", json!("127"))
        .with(ALICE, "/result/total_missed", json!("7"));
    let fake = Fake::node(node).await;
    let reading = poll(&pool(&[&fake.url])).await.remove(0).result.unwrap();
    assert_eq!((reading.head.slot, reading.head.participation), (Slot(503), 127));
    assert_eq!(reading.witnesses[0].as_ref().unwrap().total_missed, 7);
}

#[tokio::test]
async fn an_endpoint_without_batches_is_asked_call_by_call() {
    let node = Node::hive();
    let fake = Fake::start(move |request| match request {
        Value::Array(_) => Reply::json(&capture!("error.batch_empty")),
        call => node.reply(call),
    })
    .await;
    let pool = pool(&[&fake.url]);
    poll(&pool).await.remove(0).result.unwrap();
    // Chain id, the refused batch, four calls.
    assert_eq!(fake.count(), 6);
    for _ in 0..2 {
        poll(&pool).await.remove(0).result.unwrap();
    }
    // One refusal is no proof, three are.
    assert_eq!(fake.count(), 16);
    poll(&pool).await.remove(0).result.unwrap();
    assert_eq!(fake.count(), 20, "the refusals are remembered");
    assert!(!fake.requests()[16..].iter().any(Value::is_array));
}

/// A proxy that answers one batch with an error of its own.
#[tokio::test]
async fn one_stray_error_is_not_the_end_of_batches() {
    let node = Node::hive();
    let stray = std::sync::atomic::AtomicU32::new(0);
    let fake = Fake::start(move |request| {
        // The chain id comes first.
        if stray.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 1 {
            return Reply::json(&json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32603, "message": "x" } }));
        }
        node.reply(request)
    })
    .await;
    let pool = pool(&[&fake.url]);
    for _ in 0..5 {
        poll(&pool).await.remove(0).result.unwrap();
    }
    // Four calls once, and a batch ever after.
    assert_eq!(fake.count(), 1 + 1 + 4 + 4);
}

/// Gateways have another backend for blocks. While that fails, the rest of the answer is as good as ever.
#[tokio::test]
async fn a_block_that_cannot_be_had_spoils_no_poll() {
    let failing: [fn() -> Reply; 3] = [
        || Reply::status(502, "<html>502 Bad Gateway</html>"),
        || Reply::status(200, ""),
        || {
            Reply::json(
                &json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32603, "message": "Internal Error" } }),
            )
        },
    ];
    for failing in failing {
        let node = Node::hive();
        let fake = Fake::start(move |request| {
            if request.to_string().contains("get_block\"") {
                return failing();
            }
            node.reply(request)
        })
        .await;
        let pool = pool(&[&fake.url]);
        let witnesses = [name("alice")];
        for round in 0..4 {
            let block = Some((EndpointIndex(0), BlockNum(500)));
            let mut readings = pool.poll(&PollRequest { witnesses: &witnesses, block }).await;
            let reading = readings.remove(0).result.unwrap_or_else(|error| panic!("poll {round}: {error}"));
            assert_eq!(reading.block, None);
        }
        let asked = fake.requests().iter().filter(|request| request.to_string().contains("get_block\"")).count();
        assert!(asked < 4, "an endpoint that has just failed to deliver a block is asked for one {asked} times");
    }
}

#[tokio::test]
async fn a_gateway_may_refuse_batches_by_status() {
    let node = Node::hive();
    let fake = Fake::start(move |request| match request {
        Value::Array(_) => Reply::status(413, "too large"),
        call => node.reply(call),
    })
    .await;
    poll(&pool(&[&fake.url])).await.remove(0).result.unwrap();
}

#[tokio::test]
async fn where_everything_is_refused_batches_are_not_to_blame() {
    let node = Node::hive();
    let limited = json!({ "jsonrpc": "2.0", "error": { "code": -32005, "message": "slow down" }, "id": null });
    let fake = Fake::start(move |request| match request["method"].as_str() {
        Some("condenser_api.get_version") => node.reply(request),
        _ => Reply::json(&limited),
    })
    .await;
    let pool = pool(&[&fake.url]);
    let error = poll(&pool).await.remove(0).result.unwrap_err();
    assert_eq!(error.to_string(), "the node refused (-32005): slow down");
    let before = fake.count();
    let _ = poll(&pool).await;
    assert!(fake.requests()[before].is_array());
}

#[tokio::test]
async fn a_shuffle_between_two_answers_costs_only_the_future() {
    let mut node = Node::hive();
    node.edit(ACTIVE, "/result/0", json!("fill09"));
    let fake = Fake::node(node.clone()).await;
    let reading = poll(&pool(&[&fake.url])).await.remove(0).result.unwrap();
    assert_eq!(reading.schedule.future, None);

    node.remove(ACTIVE);
    let fake = Fake::node(node).await;
    let reading = poll(&pool(&[&fake.url])).await.remove(0).result.unwrap();
    assert_eq!(reading.schedule.future, None, "a gateway that refuses the method is still of use");

    let node = Node::hive().with(SCHEDULE, "/result/next_shuffle_block_num", json!(525));
    let fake = Fake::node(node).await;
    assert!(!poll(&pool(&[&fake.url])).await.remove(0).result.unwrap().schedule_is_of_head());
}

#[tokio::test]
async fn results_of_the_wrong_shape_are_refused() {
    let deep: Value = json!({ "a": [[[["x".repeat(3000)]]]] });
    for (method, pointer, value, says) in [
        (PROPERTIES, "/result", json!([]), "has no head_block_id"),
        (PROPERTIES, "/result", deep, "has no head_block_id"),
        (PROPERTIES, "/result/head_block_number", json!(499), "is not the one in head_block_id"),
        (PROPERTIES, "/result/head_block_number", json!(-1), "head_block_number is not a number"),
        (PROPERTIES, "/result/head_block_number", json!("+500"), "head_block_number is not a number"),
        (PROPERTIES, "/result/head_block_number", json!(500.0), "head_block_number is not a number"),
        (PROPERTIES, "/result/head_block_id", json!("000001f4"), "head_block_id is wrong"),
        (PROPERTIES, "/result/time", json!("2026-11-23T12:16:36Z"), "time is wrong"),
        (PROPERTIES, "/result/participation_count", json!(129), "participation_count is above 128"),
        (PROPERTIES, "/result/last_irreversible_block_num", json!(501), "is above the head"),
        (SCHEDULE, "/result/current_shuffled_witnesses/3", json!(""), "current_shuffled_witnesses is wrong"),
        (SCHEDULE, "/result/current_shuffled_witnesses/3", json!("Not A Name"), "current_shuffled_witnesses is wrong"),
        (SCHEDULE, "/result/current_shuffled_witnesses/3", json!(7), "is not a string"),
        (SCHEDULE, "/result/num_scheduled_witnesses", json!(22), "fewer witnesses than num_scheduled"),
        (SCHEDULE, "/result/num_scheduled_witnesses", json!(0), "fewer witnesses than num_scheduled"),
        (ACTIVE, "/result/30", json!(null), "is not a string"),
        (ALICE, "/result", json!("alice"), "has no owner"),
        (ALICE, "/result/owner", json!("bob"), "is not the witness that was asked for"),
        (ALICE, "/result/signing_key", json!("TST6xupeAiSwym8v73ygZaTM72CozXGaBUDEgaSNiKCqax7JhRoC7"), "signing_key"),
        (ALICE, "/result/total_missed", json!(1_u64 << 40), "total_missed is not a number in its range"),
    ] {
        let fake = Fake::node(Node::hive().with(method, pointer, value)).await;
        let error = poll_error(&fake.url, PoolOptions::new(Clock::system())).await;
        assert!(matches!(error, RpcError::WrongShape { .. }) && error.to_string().contains(says), "{error} / {says}");
    }
}

#[tokio::test]
async fn a_slow_endpoint_keeps_none_waiting_beyond_the_timeout() {
    let good = Fake::node(Node::hive()).await;
    let hanging = [Fake::start(|_| Reply::Hang).await, Fake::start(|_| Reply::Hang).await];
    let pool = pool_with(Profile::hive_testnet(), &[&hanging[0].url, &good.url, &hanging[1].url], crate::fake::hasty());
    let began = tokio::time::Instant::now();
    let readings = poll(&pool).await;
    assert!(began.elapsed().as_millis() < 1500);
    assert!(matches!(readings[0].result, Err(RpcError::Timeout { .. })));
    assert!(readings[1].result.is_ok());
}

#[tokio::test]
async fn a_pool_is_checked() {
    let fake = Fake::node(Node::hive()).await;
    let make = |endpoints, options| Pool::new(Profile::hive(), endpoints, options).unwrap_err();
    assert_eq!(make(vec![], PoolOptions::new(Clock::system())), PoolError::Empty);
    let twice = make(vec![fake.endpoint(), fake.endpoint()], PoolOptions::new(Clock::system()));
    assert!(matches!(twice, PoolError::Twice(_)));
    let zero = std::time::Duration::ZERO;
    assert!(matches!(
        make(vec![fake.endpoint()], PoolOptions::new(Clock::system()).timeouts(zero, zero)),
        PoolError::Options(_)
    ));
    assert!(matches!(make(vec![fake.endpoint()], PoolOptions::new(Clock::system()).fan_out(0)), PoolError::Options(_)));

    let hidden = ["/rpc?key=one", "/rpc?key=two"].map(|end| format!("{}{end}", fake.url));
    let names = pool(&[&hidden[0], &hidden[1]]).names();
    assert_ne!(names[0], names[1]);
    assert!(names[1].as_str().ends_with("/rpc?key=…#2"), "{names:?}");
}

#[test]
fn its_futures_can_be_spawned() {
    fn sendable(_: impl Send) {}
    let pool = pool(&["http://127.0.0.1:1"]);
    let request = PollRequest { witnesses: &[], block: None };
    sendable(pool.poll(&request));
    sendable(pool.blocks(BlockNum(1), BlockNum(2), &[]));
    sendable(pool.transaction_status("00".repeat(20).parse().unwrap()));
    sendable(pool.batch(EndpointIndex(0), &[]));
}
