//! Broadcasts, and what nodes say about them.

use dogwatch_chain::{AccountName, Profile, PublicKey, SecretKey, SignedTransaction, Time, Transaction};
use dogwatch_rpc::{BroadcastOutcome as Outcome, Clock, PoolOptions, RpcError, TransactionStatus};
use serde_json::{Value, json};

use crate::fake::{Fake, Node, Reply, capture, hasty, nobody, poll, pool, pool_with, raw, reset};

fn switch() -> SignedTransaction {
    let profile = Profile::hive_testnet();
    let current = SecretKey::from_wif("5JDSFzY7Kxa7XGZ5udchL2W1jVcDx9gmXe1rfW1Qs7Cfgde94gp").unwrap();
    let next = PublicKey::parse("STM6CvqS9nUvGJnvSX5DVc7mrF6ePiavJGByVTt2fqT1h35SRpbjN", &profile.prefix).unwrap();
    let reference = "000001f198e1b1c001e983588e93db76537027a2".parse().unwrap();
    let expiration = Time::parse("2026-11-23T12:17:36").unwrap();
    let alice = AccountName::new("alice").unwrap();
    Transaction::switch_signing_key(alice, current.public_key(), next, reference, expiration)
        .sign(&profile, &current)
        .unwrap()
}

async fn outcome(response: Value) -> Outcome {
    let mut node = Node::hive();
    node.put("condenser_api.broadcast_transaction", response);
    let fake = Fake::node(node).await;
    pool(&[&fake.url]).broadcast(&switch()).await.results.remove(0).outcome
}

fn refusal(code: i64, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "error": { "code": code, "message": message } })
}

#[tokio::test]
async fn refusals_of_a_real_node_are_told_apart() {
    for (response, expected) in [
        (capture!("witness_set_properties.success"), Outcome::Accepted),
        (capture!("witness_set_properties.error.duplicate"), Outcome::Duplicate),
        (capture!("error.duplicate_transaction"), Outcome::Duplicate),
        (capture!("witness_set_properties.error.stale_key"), Outcome::KeyMismatch),
        (capture!("witness_set_properties.error.wrong_signer"), Outcome::MissingAuthority),
        (capture!("witness_set_properties.error.enable_from_null"), Outcome::MissingAuthority),
        (capture!("error.missing_active_authority.wrong_key"), Outcome::MissingAuthority),
        (capture!("error.missing_active_authority.no_signature"), Outcome::MissingAuthority),
        (capture!("error.expired_transaction"), Outcome::Expired),
        (capture!("error.expiration_too_far.2days"), Outcome::Expired),
        (capture!("error.tapos_wrong_ref_block_prefix"), Outcome::Tapos),
    ] {
        assert_eq!(outcome(response).await, expected);
    }
    for response in [
        capture!("error.missing_params"),
        capture!("error.not_enough_rc"),
        capture!("error.unknown_account.broadcast"),
        capture!("error.unknown_method"),
    ] {
        let Outcome::OtherRefusal(error) = outcome(response.clone()).await else { panic!("{response}") };
        assert_eq!(Some(error.code), response["error"]["code"].as_i64());
        assert!(error.message.chars().count() <= 161 && !error.message.contains('\n'), "{error}");
    }
}

#[tokio::test]
async fn older_nodes_say_it_in_the_message_only() {
    let padding = "x".repeat(400);
    for (message, expected) in [
        (
            "10 assert_exception: Assert Exception\n!(skip&skip_transaction_dupe_check): Duplicate transaction check failed",
            Outcome::Duplicate,
        ),
        (&format!("Assert Exception {padding} Duplicate transaction check failed"), Outcome::Duplicate),
        (
            "Assert Exception:signing_key == witness.signing_key: 'key' does not match witness signing key.",
            Outcome::KeyMismatch,
        ),
        ("missing required active authority:Missing Active Authority alice", Outcome::MissingAuthority),
        (
            "3010000 tx_missing_active_auth: missing required active authority\nMissing Active Authority alice",
            Outcome::MissingAuthority,
        ),
        ("4030100 transaction_expiration_exception: transaction expiration exception\n{}", Outcome::Expired),
        ("transaction expiration exception:now < trx.expiration: ", Outcome::Expired),
        ("transaction tapos exception:trx.ref_block_prefix == tapos_block_summary.block_id._hash[1]: ", Outcome::Tapos),
    ] {
        assert_eq!(outcome(refusal(-32000, message)).await, expected, "{message}");
    }
    // A gateway that lost the node's answer knows nothing about the transaction.
    for code in [1000, 1100, -32603] {
        assert!(matches!(outcome(refusal(code, "Internal Error")).await, Outcome::Unknown(RpcError::Node(_))));
    }
    let odd = json!({ "jsonrpc": "2.0", "result": "ok" });
    assert!(matches!(outcome(odd).await, Outcome::Unknown(RpcError::WrongShape { .. })));
}

#[tokio::test]
async fn every_endpoint_gets_the_same_bytes_and_each_is_reported() {
    let accepting = |result: Value| {
        let mut node = Node::hive();
        node.put("condenser_api.broadcast_transaction", result);
        node
    };
    let taker = Fake::node(accepting(capture!("witness_set_properties.success"))).await;
    let knower = Fake::node(accepting(capture!("error.duplicate_transaction"))).await;
    let stale = Fake::node(accepting(capture!("witness_set_properties.error.stale_key"))).await;
    let hanging = Fake::start(|_| Reply::Hang).await;
    let silent = Fake::start(|_| Reply::Hang).await;
    let wrong = Fake::start(|_| Reply::status(502, "")).await;
    let (resetting, _) = raw(reset).await;
    let absent = nobody().await;
    let urls = [&taker.url, &knower.url, &stale.url, &hanging.url, &resetting, &absent, &wrong.url, &silent.url]
        .map(String::as_str);
    let pool = pool_with(Profile::hive_testnet(), &urls, hasty().fan_out(9));
    let began = tokio::time::Instant::now();
    let report = pool.broadcast(&switch()).await;
    assert!(began.elapsed().as_millis() < 1500, "all at once");

    assert_eq!(report.id, switch().transaction.id(&Profile::hive_testnet()));
    let outcomes: Vec<&Outcome> = report.results.iter().map(|result| &result.outcome).collect();
    assert!(
        matches!(
            outcomes.as_slice(),
            [
                Outcome::Accepted,
                Outcome::Duplicate,
                Outcome::KeyMismatch,
                Outcome::Unknown(RpcError::Timeout { .. }),
                Outcome::Unknown(RpcError::Broken { .. }),
                Outcome::NotSent(RpcError::Refused { .. }),
                Outcome::Unknown(RpcError::Http { status: 502, retry_after: None }),
                Outcome::Unknown(RpcError::Timeout { .. }),
            ]
        ),
        "{outcomes:?}"
    );
    assert_eq!((report.accepted(), report.key_mismatches(), report.refused()), (2, 1, 1));
    assert!(report.may_have_arrived());
    assert_eq!(taker.requests(), knower.requests());
    assert_eq!(taker.requests(), hanging.requests());
    let sent = taker.requests().remove(0);
    assert_eq!(sent["method"], "condenser_api.broadcast_transaction");
    assert_eq!(sent["params"][0]["operations"][0][0], "witness_set_properties");
}

#[tokio::test]
async fn a_broadcast_goes_to_the_best_endpoints_only() {
    let mut node = Node::hive();
    node.put("condenser_api.broadcast_transaction", capture!("witness_set_properties.success"));
    let mut fakes = Vec::new();
    for _ in 0..3 {
        fakes.push(Fake::node(node.clone()).await);
    }
    let other = node.clone().with("condenser_api.get_version", "/result/chain_id", json!(Profile::hive().chain_id));
    let other = Fake::node(other).await;
    let bad = Fake::start(|_| Reply::status(500, "")).await;
    let urls = [&bad.url, &other.url, &fakes[0].url, &fakes[1].url, &fakes[2].url].map(String::as_str);

    let pool = pool_with(Profile::hive_testnet(), &urls, PoolOptions::new(Clock::system()).fan_out(3));
    poll(&pool).await;
    let report = pool.broadcast(&switch()).await;
    assert_eq!((report.results.len(), report.accepted()), (3, 3));

    let pool = pool_with(Profile::hive_testnet(), &urls, PoolOptions::new(Clock::system()));
    poll(&pool).await;
    let asked = other.count();
    let report = pool.broadcast(&switch()).await;
    assert_eq!((report.results.len(), report.accepted()), (5, 3));
    assert!(matches!(report.results[4].outcome, Outcome::NotSent(RpcError::WrongChain { .. })));
    assert_eq!(other.count(), asked);
}

#[tokio::test]
async fn a_broadcast_that_went_nowhere_says_so() {
    let (one, two) = (nobody().await, nobody().await);
    let report = pool(&[&one, &two]).broadcast(&switch()).await;
    assert_eq!((report.accepted(), report.refused(), report.may_have_arrived()), (0, 0, false));
}

#[tokio::test]
async fn a_transaction_is_looked_up_where_nodes_keep_track() {
    let id = switch().transaction.id(&Profile::hive_testnet());
    for (answer, expected) in [
        (
            capture!("transaction_status_api.find_transaction.in_block"),
            TransactionStatus::Irreversible(dogwatch_chain::BlockNum(501)),
        ),
        (capture!("transaction_status_api.find_transaction.in_mempool"), TransactionStatus::Pending),
        (capture!("transaction_status_api.find_transaction.unknown"), TransactionStatus::Unknown),
        (capture!("transaction_status_api.find_transaction.with_expiration_past"), TransactionStatus::TooOld),
    ] {
        let mut node = Node::hive();
        node.put(&format!("transaction_status_api.find_transaction {{\"transaction_id\":\"{id}\"}}"), answer);
        let (with, without) = (Fake::node(node).await, Fake::node(Node::hive()).await);
        let found = pool(&[&with.url, &without.url]).transaction_status(id).await;
        assert_eq!(found[0].1, Ok(expected));
        assert!(matches!(found[1].1, Err(RpcError::Node(_))));
    }
}
