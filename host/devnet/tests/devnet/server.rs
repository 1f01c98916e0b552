//! A devnet over real connections.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use dogwatch_chain::{Transaction, transaction_to_json};
use dogwatch_devnet::{DevnetConfig, DevnetServer, RpcFault, RunningDevnet};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(20);
const FAST: &str = "block_interval_ms = 50\nround_length = 5";

async fn start(toml: &str) -> RunningDevnet {
    let config = DevnetConfig::from_toml(toml).unwrap();
    DevnetServer::start(&config, IpAddr::V4(Ipv4Addr::LOCALHOST)).await.unwrap()
}

/// Everything the server sends until it closes the connection.
async fn raw(url: &str, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

async fn post(url: &str, body: &str) -> io::Result<String> {
    let length = body.len();
    raw(url, &format!("POST / HTTP/1.1\r\nHost: devnet\r\nContent-Length: {length}\r\n\r\n{body}")).await
}

async fn ask(url: &str, method: &str, params: Value) -> Value {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let answer = timeout(LIMIT, post(url, &body)).await.unwrap().unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    serde_json::from_str(body).unwrap()
}

async fn head_num(url: &str) -> u64 {
    let answer = ask(url, "condenser_api.get_dynamic_global_properties", json!([])).await;
    answer["result"]["head_block_number"].as_u64().unwrap()
}

#[tokio::test]
async fn answers_as_a_node_does() {
    let devnet = start(FAST).await;
    let url = &devnet.rpc_urls()[0];
    assert!(devnet.handle().wait_until(LIMIT, |net| net.head().num().0 >= 3).await);
    assert!(head_num(url).await >= 3);

    let answer = post(url, "").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("Connection: close") && answer.contains("Content-Type: application/json"), "{answer}");
    assert!(answer.contains("End Of File:stringstream"), "{answer}");
    let date = answer.lines().find_map(|line| line.strip_prefix("Date: ")).unwrap();
    let date = httpdate::parse_http_date(date).unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
    let chain = devnet.handle().now().since(dogwatch_chain::Time::from_millis(0));
    assert!(date <= chain && chain - date < Duration::from_secs(60), "{date:?} {chain:?}");
    for file in ["error.empty_body.json", "error.malformed_json.json", "error.malformed_json.text.json"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures").join(file);
        let real: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let answer = post(url, real["request"].as_str().unwrap()).await.unwrap();
        let ours: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        for pointer in ["/error/code", "/error/message", "/error/data/name", "/error/data/code", "/id"] {
            assert_eq!(ours.pointer(pointer), real["response"].pointer(pointer), "{file}");
        }
    }
    let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    assert!(raw(url, chunked).await.unwrap().contains("End Of File:stringstream"));
    assert!(raw(url, "GET /anything HTTP/1.1\r\n\r\n").await.unwrap().contains("-32000"));
    assert!(post(url, "hello").await.unwrap().contains("Unexpected char '104' in \\\"hello\\\""));

    let batch = r#"[{"jsonrpc":"2.0","id":"a","method":"call","params":["condenser_api","get_version",[]]},
                    {"jsonrpc":"2.0","id":2,"method":"no_such_api.x","params":[]}]"#;
    let answer = post(url, batch).await.unwrap();
    let answers: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(answers[0]["id"], "a");
    assert_eq!(answers[0]["result"]["chain_id"], devnet.profile().chain_id.to_string());
    assert_eq!(answers[1]["error"]["code"], -32002);
}

#[tokio::test]
async fn a_synchronous_broadcast_answers_with_its_block() {
    let devnet = start(FAST).await;
    let handle = devnet.handle();
    let url = &devnet.rpc_urls()[1];
    assert!(handle.wait_until(LIMIT, |net| net.head().num().0 >= 2).await);
    let alice = dogwatch_chain::AccountName::new("alice").unwrap();
    let trx = handle.with(|net| {
        let (from, to) = (net.node_key(&alice, "primary").unwrap(), net.node_key(&alice, "standby").unwrap());
        let head = net.head();
        let expiration = head.time.plus(Duration::from_secs(60));
        Transaction::switch_signing_key(alice.clone(), from.public_key(), to.public_key(), head.id, expiration)
            .sign(net.profile(), from)
            .unwrap()
    });
    let id = trx.transaction.id(devnet.profile());
    let json = transaction_to_json(&trx, devnet.profile());
    let answer = ask(url, "condenser_api.broadcast_transaction_synchronous", json!([json])).await;
    assert_eq!(answer["result"]["id"], json!(id), "{answer}");
    let file = "condenser_api.broadcast_transaction_synchronous.success.json";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures").join(file);
    let real: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let members = |answer: &Value| answer["result"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&answer), members(&real["response"]));
    assert_eq!(answer["result"]["expired"], false);
    let change = handle.snapshot().key_changes[0].clone();
    assert_eq!((json!(change.block), change.transaction), (answer["result"]["block_num"].clone(), id));
    let next = |net: &dogwatch_devnet::Devnet| {
        net.snapshot().slots_of(&alice).last().is_some_and(|slot| format!("{:?}", slot.outcome).contains("standby"))
    };
    assert!(handle.wait_until(LIMIT, next).await, "the standby produces");
}

#[tokio::test]
async fn faults_show_in_the_connection() {
    let devnet = start(FAST).await;
    let handle = devnet.handle();
    let url = devnet.rpc_urls()[0].clone();
    let other = devnet.rpc_urls()[2].clone();
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"condenser_api.get_version","params":[]}"#;

    handle.rpc_fault(0, RpcFault::Down).unwrap();
    assert!(post(&url, request).await.is_ok_and(|answer| answer.is_empty()) || post(&url, request).await.is_err());
    handle.rpc_fault(0, RpcFault::Http500).unwrap();
    assert!(post(&url, request).await.unwrap().starts_with("HTTP/1.1 500 "));
    handle.rpc_fault(0, RpcFault::Http429).unwrap();
    assert!(post(&url, request).await.unwrap().starts_with("HTTP/1.1 429 "));
    handle.rpc_fault(0, RpcFault::Html).unwrap();
    let page = post(&url, request).await.unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains("text/html"));
    handle.rpc_fault(0, RpcFault::Hang).unwrap();
    assert!(timeout(Duration::from_millis(200), post(&url, request)).await.is_err());
    assert!(head_num(&other).await < 1_000_000, "the others are well");
    handle.rpc_fault(0, RpcFault::Ok).unwrap();
    head_num(&url).await;

    let node = devnet.node_url("alice", "primary").unwrap();
    head_num(&node).await;
    handle.crash("alice", "primary").unwrap();
    listens(&node, false).await;
    handle.restart("alice", "primary").unwrap();
    listens(&node, true).await;
    handle.hang("alice", "primary").unwrap();
    assert!(timeout(Duration::from_millis(200), post(&node, request)).await.is_err());
    handle.partition("alice", "primary").unwrap();
    let frozen = head_num(&node).await;
    let later = handle.snapshot().head.0 + 5;
    assert!(handle.wait_until(LIMIT, |net| net.head().num().0 >= later).await);
    assert_eq!(head_num(&node).await, frozen);
    handle.restart("alice", "primary").unwrap();
    assert!(head_num(&node).await > frozen);
    assert!(handle.crash("alice", "nosuchnode").is_err());
    assert!(handle.crash("Not a name", "primary").is_err());
}

/// Waits until the port takes connections, or refuses them.
async fn listens(url: &str, wanted: bool) {
    let address = url.trim_start_matches("http://");
    let connected = async || match TcpStream::connect(address).await {
        Ok(_) => true,
        // Who stood in the queue of a port that closes is reset.
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => true,
        Err(error) => {
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
            false
        }
    };
    let reached = timeout(LIMIT, async {
        while connected().await != wanted {
            tokio::task::yield_now().await;
        }
    });
    assert!(reached.await.is_ok(), "{url}: listens {wanted}");
}

/// As the kernel does with a killed process's sockets.
#[tokio::test]
async fn a_node_that_crashes_cuts_its_connections() {
    let devnet = start(FAST).await;
    let node = devnet.node_url("alice", "primary").unwrap();
    let mut idle = TcpStream::connect(node.trim_start_matches("http://")).await.unwrap();
    devnet.handle().crash("alice", "primary").unwrap();
    let read = timeout(LIMIT, idle.read(&mut [0; 8])).await.expect("it is cut");
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    listens(&node, false).await;
    devnet.handle().restart("alice", "primary").unwrap();
    listens(&node, true).await;
    head_num(&node).await;
}

#[tokio::test]
async fn another_process_can_control_it() {
    let devnet = start(FAST).await;
    let control = devnet.control_url();
    let params = json!({ "witness": "alice", "node": "primary" });
    assert_eq!(ask(&control, "devnet_api.crash", params).await["result"], json!({}));
    let snapshot = ask(&control, "devnet_api.snapshot", json!({})).await;
    assert_eq!(snapshot["result"]["witnesses"]["alice"]["nodes"]["primary"]["status"], "crashed", "{snapshot}");
    ask(&control, "devnet_api.halt", json!({})).await;
    let params = json!({ "index": 1, "fault": { "stale": { "blocks": 2 } } });
    assert_eq!(ask(&control, "devnet_api.rpc_fault", params).await["result"], json!({}));
    let halted = devnet.handle().snapshot();
    assert!(halted.halted);
    assert_eq!(halted.rpc[1], RpcFault::Stale { blocks: 2 });
    let unknown = ask(&control, "devnet_api.nonsense", json!({})).await;
    assert_eq!(unknown["error"]["code"], -32602);
}

/// Virtual time under tokio: a whole minute of slots passes at once.
#[tokio::test(start_paused = true)]
async fn runs_on_tokios_time() {
    let devnet = start("").await;
    tokio::time::sleep(Duration::from_secs(63)).await;
    let head = devnet.handle().snapshot().head.0;
    assert!((20..=22).contains(&head), "{head}");
}
