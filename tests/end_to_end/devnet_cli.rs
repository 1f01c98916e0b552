//! `dogwatch devnet` on its own: it answers like a node and takes orders.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::support::{Net, dogwatch, until};

#[tokio::test(flavor = "multi_thread")]
async fn it_runs_alone() {
    let dir = Net::directory();
    let config = dir.path().join("devnet.toml");
    std::fs::write(&config, "block_interval_ms = 50\nround_length = 7\n").unwrap();
    let mut child = dogwatch().args(["devnet", "--config"]).arg(&config).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let addresses: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    dogwatch::install_tls_provider();
    let client = reqwest::Client::new();
    let ask = async |url: &Value, method: &str, params: Value| -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        client.post(url.as_str().unwrap()).body(body).send().await.unwrap().json().await.unwrap()
    };
    let rpc = &addresses["rpc"][0];
    until("blocks are produced", async || {
        let properties = ask(rpc, "condenser_api.get_dynamic_global_properties", json!([])).await;
        properties["result"]["head_block_number"].as_u64() > Some(10)
    })
    .await;
    let order = json!({ "witness": "alice", "node": "primary" });
    let answer = ask(&addresses["control"], "devnet_api.crash", order).await;
    assert!(answer.get("error").is_none(), "{answer}");
    until("the witness misses", async || {
        let witness = ask(rpc, "condenser_api.get_witness_by_account", json!(["alice"])).await;
        witness["result"]["total_missed"].as_u64() > Some(0)
    })
    .await;
    child.kill().await.unwrap();

    std::fs::write(&config, "blocks = 50\n").unwrap();
    let output = dogwatch().args(["devnet", "--config"]).arg(&config).output().await.unwrap();
    assert_eq!(output.status.code(), Some(3));
}
