//! Answers that are odd in one place: the rest of them counts, at every endpoint at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::body::Bytes;
use serde_json::{Value, json};

use crate::support::{Altering, Daemon, Fate, Net, Setup, WITNESS, until};

fn setup(fronts: &[Altering]) -> Setup {
    Setup { endpoints: Some(fronts.iter().map(|front| front.url.clone()).collect()), ..Setup::default() }
}

fn as_it_is(answer: Bytes) -> Vec<u8> {
    answer.into()
}

/// The number of the block that a request asks for, alone or in a batch.
fn asked_block(request: &str) -> Option<u64> {
    let calls = match serde_json::from_str(request).unwrap() {
        Value::Array(calls) => calls,
        call => vec![call],
    };
    calls.iter().find(|call| call["method"] == "condenser_api.get_block").and_then(|call| call["params"][0].as_u64())
}

/// A gateway's backend for blocks is dead, and its proxy answers in one of three ways to whatever asks for a block.
#[tokio::test(flavor = "multi_thread")]
async fn blocks_that_cannot_be_had_spoil_nothing_else() {
    let (net, dir) = (Net::start().await, Net::directory());
    let dead = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&dead);
    let fate = move |request: &str| match asked_block(request).filter(|_| switch.load(Ordering::Relaxed)) {
        None => Fate::Pass,
        Some(block) if block % 3 == 0 => Fate::Own(502, "<html>502 Bad Gateway</html>".to_owned()),
        Some(block) if block % 3 == 1 => Fate::Own(200, String::new()),
        Some(_) => Fate::Cut,
    };
    let fronts = Altering::before_each(&net.devnet.rpc_urls(), fate, as_it_is).await;
    // Whether a header's block holds the switch is known once the switch has expired.
    let witness = "expiration = \"5s\"".to_owned();
    let daemon = Daemon::start(&net.write(dir.path(), &Setup { witness, ..setup(&fronts) }));
    daemon.ready().await;
    dead.store(true, Ordering::Relaxed);
    until("it is reported", async || net.sink.has("/no-blocks", "opened")).await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    dead.store(false, Ordering::Relaxed);
    until("a block proves the switch", async || net.sink.has("/switching", "resolved")).await;
    until("blocks come again", async || net.sink.has("/no-blocks", "resolved")).await;
    assert_eq!(net.key_changes(), 1);
}

/// Anybody can put any bytes into a transaction, and nodes pass them on: no UTF-8, half of a pair, control characters.
#[tokio::test(flavor = "multi_thread")]
async fn blocks_with_odd_texts_are_read() {
    const ODD: [&[u8]; 3] = [b"\xff\xfe\x80", b"\\ud83d", b"\x01\x02"];
    let (net, dir) = (Net::start().await, Net::directory());
    let alter = |answer: Bytes| {
        let mut answer: Value = serde_json::from_slice(&answer).unwrap();
        let answers = match &mut answer {
            Value::Array(answers) => answers.as_mut_slice(),
            one => std::slice::from_mut(one),
        };
        let mut odd = None;
        for block in answers.iter_mut().map(|answer| &mut answer["result"]) {
            let Some(id) = block["block_id"].as_str() else { continue };
            odd = ODD.get(usize::from_str_radix(&id[..8], 16).unwrap() % ODD.len());
            let custom = json!({ "operations": [["custom_json", { "id": "@", "json": "{}" }]] });
            block["transactions"].as_array_mut().unwrap().push(custom);
            block["transaction_ids"].as_array_mut().unwrap().push(json!("00".repeat(20)));
        }
        let text = answer.to_string();
        match (odd, text.split_once('@')) {
            (Some(odd), Some((before, after))) => [before.as_bytes(), odd, after.as_bytes()].concat(),
            _ => text.into_bytes(),
        }
    };
    let fronts = Altering::before_each(&net.devnet.rpc_urls(), |_: &str| Fate::Pass, alter).await;
    let daemon = Daemon::start(&net.write(dir.path(), &setup(&fronts)));
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    until("a block proves the switch", async || net.sink.has("/switching", "resolved")).await;
    assert_eq!(net.key_changes(), 1);
    assert!(!net.sink.has("/no-blocks", "opened"), "every block was read");
}

/// A proxy answers every other batch with an error of its own, which names none of the calls.
#[tokio::test(flavor = "multi_thread")]
async fn stray_errors_cost_one_answer_each() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (strays, alone) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
    let mut fronts = Vec::new();
    for url in net.devnet.rpc_urls() {
        let (strays, alone, batches) = (Arc::clone(&strays), Arc::clone(&alone), AtomicUsize::new(0));
        let fate = move |request: &str| {
            let batch = request.starts_with('[');
            alone.fetch_add(usize::from(!batch && request.contains("get_witness_by_account")), Ordering::Relaxed);
            let odd = batch && batches.fetch_add(1, Ordering::Relaxed) % 2 == 0;
            if odd && strays.load(Ordering::Relaxed) {
                let error = json!({ "code": -32603, "message": "Internal Error" });
                return Fate::Own(200, json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string());
            }
            Fate::Pass
        };
        fronts.push(Altering::before(&url, fate, as_it_is).await);
    }
    let daemon = Daemon::start(&net.write(dir.path(), &setup(&fronts)));
    daemon.ready().await;
    strays.store(true, Ordering::Relaxed);
    net.blocks(30).await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    assert_eq!(net.key_changes(), 1);
    strays.store(false, Ordering::Relaxed);
    net.blocks(5).await;
    let before = alone.load(Ordering::Relaxed);
    assert!(before > 0, "what was in those batches was asked for call by call");
    net.blocks(20).await;
    assert_eq!(alone.load(Ordering::Relaxed), before, "batches go on");
}
