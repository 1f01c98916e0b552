//! The gateway of the running daemon.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Daemon, Net, Setup, WITNESS, until};

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

fn with_gateway(net: &Net, dir: &std::path::Path, port: u16) -> std::path::PathBuf {
    let path = dir.join("dogwatch.toml");
    let text = net.toml(dir, &Setup::default());
    std::fs::write(&path, format!("{text}\n[gateway]\nlisten = \"127.0.0.1:{port}\"\n")).unwrap();
    path
}

fn call(method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "method": format!("condenser_api.{method}"), "params": params, "id": "x" }).to_string()
}

async fn post(url: &str, body: String) -> Option<Value> {
    dogwatch::install_tls_provider();
    reqwest::Client::new().post(url).body(body).send().await.ok()?.json().await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn other_programs_share_the_pool() {
    let (net, dir, port) = (Net::start().await, Net::directory(), free_port().await);
    let url = format!("http://127.0.0.1:{port}");
    let mut daemon = Daemon::start(&with_gateway(&net, dir.path(), port));
    daemon.ready().await;
    dogwatch::install_tls_provider();
    let health = async || {
        let answer = reqwest::get(format!("{url}/health")).await.ok()?;
        Some((answer.status(), answer.json::<Value>().await.ok()?))
    };
    until("the gateway is well", async || health().await.is_some_and(|(status, _)| status == StatusCode::OK)).await;

    // Two of three endpoints die, one after the other. Clients notice nothing.
    for dying in [0, 1] {
        net.handle().rpc_fault(dying, dogwatch_devnet::RpcFault::Hang).unwrap();
        for _ in 0..5 {
            let answer = post(&url, call("get_witness_by_account", &json!([WITNESS]))).await.unwrap();
            assert_eq!(answer["result"]["owner"], WITNESS, "{answer}");
            assert_eq!(answer["id"], "x");
        }
    }
    until("with one of three it is not well", async || {
        health().await.is_some_and(|(status, _)| status == StatusCode::SERVICE_UNAVAILABLE)
    })
    .await;
    let refused = post(&url, call("broadcast_transaction", &json!([{}]))).await.unwrap();
    assert!(refused["error"]["message"].is_string(), "the node's own words: {refused}");
    assert!(daemon.is_running());

    // SIGTERM: it exits with code 0.
    assert_eq!(daemon.terminate().await, Some(0));
    assert!(reqwest::get(format!("{url}/health")).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_raises_an_alert_and_the_watch_goes_on() {
    let (net, dir) = (Net::start().await, Net::directory());
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let daemon = Daemon::start(&with_gateway(&net, dir.path(), port));
    until("it is reported", async || net.sink.has("/gateway", "opened")).await;
    assert!(net.sink.alerts("/gateway", "opened")[0].text("details").contains(&port.to_string()));
    daemon.ready().await;
    drop(taken);
    until("it serves", async || net.sink.has("/gateway", "resolved")).await;
    assert!(post(&format!("http://127.0.0.1:{port}"), call("get_version", &json!([]))).await.is_some());
}
