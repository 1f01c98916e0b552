//! A switch that no block ever holds, while the endpoints do not agree on the signing key.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Bytes;
use dogwatch_devnet::RpcFault;
use serde_json::{Value, json};

use crate::support::{Altering, Daemon, Fate, Net, Setup, WITNESS, until};

/// Takes every broadcast, passes none on, and notes that one came.
fn swallow(came: Arc<AtomicBool>) -> impl Fn(&str) -> Fate + Send + Sync {
    move |request| {
        if !request.contains("broadcast_transaction") {
            return Fate::Pass;
        }
        came.store(true, Ordering::Relaxed);
        let request: Value = serde_json::from_str(request).unwrap();
        Fate::Own(200, json!({ "jsonrpc": "2.0", "id": request["id"], "result": {} }).to_string())
    }
}

/// Shows that signing key of the witness once a broadcast has come.
fn showing(key: String, came: Arc<AtomicBool>) -> impl Fn(Bytes) -> Vec<u8> + Send + Sync {
    move |answer| {
        let mut answer: Value = serde_json::from_slice(&answer).unwrap();
        let answers = match &mut answer {
            Value::Array(answers) => answers.as_mut_slice(),
            one => std::slice::from_mut(one),
        };
        for answer in answers.iter_mut().filter(|answer| answer["result"]["owner"] == WITNESS) {
            if came.load(Ordering::Relaxed) {
                answer["result"]["signing_key"] = json!(key);
            }
        }
        answer.to_string().into_bytes()
    }
}

/// Two endpoints swallow the switch, and one of them shows its key for ever; the third is down, and comes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_was_swallowed_is_settled_by_blocks_and_the_next_gets_through() {
    let (net, dir) = (Net::start().await, Net::directory());
    let urls = net.devnet.rpc_urls();
    let came = Arc::<AtomicBool>::default();
    let key = net.secret("second").public_key().display(&net.devnet.profile().prefix).to_string();
    let silent = Altering::before(&urls[0], swallow(Arc::default()), |answer| answer.into()).await;
    let stuck = Altering::before(&urls[1], swallow(Arc::clone(&came)), showing(key, Arc::clone(&came))).await;
    let endpoints = Some(vec![silent.url.clone(), stuck.url.clone(), urls[2].clone()]);
    let witness = "expiration = \"5s\"".to_owned();
    let daemon = Daemon::start(&net.write(dir.path(), &Setup { endpoints, witness, ..Setup::default() }));
    daemon.ready().await;
    net.handle().rpc_fault(2, RpcFault::Down).unwrap();
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the switch is sent", async || came.load(Ordering::Relaxed)).await;
    let failed = async || daemon.witness().await.is_some_and(|witness| witness["switches"][0]["outcome"] == "failed");
    until("it has failed", failed).await;
    let said = net.sink.alerts("/switching", "updated");
    let failed = said.iter().find(|alert| alert.text("summary").contains("got into no block"));
    assert!(failed.is_some(), "{said:?}");
    assert_eq!(net.key_changes(), 0);
    until("what keeps it from trying again is a page", async || net.sink.has("/refused/key-split", "opened")).await;

    net.handle().rpc_fault(2, RpcFault::Ok).unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    until("the switch is proven", async || net.sink.has("/switching", "resolved")).await;
    until("nothing is refused any more", async || net.sink.has("/refused/key-split", "resolved")).await;
    let witness = daemon.witness().await.unwrap();
    let outcomes: Vec<&Value> =
        witness["switches"].as_array().unwrap().iter().map(|switch| &switch["outcome"]).collect();
    assert_eq!(outcomes, ["failed", "applied"], "{witness:#}");
    assert_eq!((net.key_changes(), net.on_duty().as_deref()), (1, Some("second")));
}
