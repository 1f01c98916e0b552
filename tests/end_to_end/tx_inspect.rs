//! `dogwatch tx inspect`, checked against bytes that independent clients agree on.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

use crate::support::{Net, dogwatch};

async fn inspect(arguments: &[&str], input: &str) -> (Option<i32>, Value, String) {
    let mut command = dogwatch();
    command.args(["tx", "inspect"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A bad command line is refused before any input is read.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    let json = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code(), json, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_the_transaction_to_sign() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../host/chain/tests/vectors/transactions.json")).unwrap();
    let dir = Net::directory();
    for vector in vectors["transactions"].as_array().unwrap() {
        let label = vector["label"].as_str().unwrap();
        let chain = label.split(':').next().unwrap();
        let (code, report, said) = inspect(&["--chain", chain], &vector["transaction"].to_string()).await;
        assert_eq!(code, Some(0), "{label}: {said}");
        for member in ["chain_id", "serialized_hex", "sig_digest_hex", "transaction_id"] {
            assert_eq!(report[member], vector[member], "{label}: {member}");
        }
        assert!(report.get("signature").is_none());

        let key = dir.path().join("key");
        std::fs::write(&key, vector["signer_wif"].as_str().unwrap()).unwrap();
        let file = dir.path().join("transaction.json");
        std::fs::write(&file, vector["transaction"].to_string()).unwrap();
        let (key, file) = (key.to_str().unwrap(), file.to_str().unwrap());
        let (code, report, said) = inspect(&["--chain", chain, "--key-file", key, file], "").await;
        assert_eq!(code, Some(0), "{label}: {said}");
        assert_eq!(report["signer_public"], vector["signer_public"], "{label}");
        assert_eq!(report["signature"].as_str().unwrap().len(), 130);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_text_that_is_not_a_transaction() {
    for (input, expected) in [
        ("", "not JSON"),
        ("{}", "missing field"),
        (
            "{\"ref_block_num\":1,\"ref_block_prefix\":1,\"expiration\":\"2026-01-01T00:00:00Z\",\"operations\":[]}",
            "not a UTC time",
        ),
        (
            "{\"ref_block_num\":1,\"ref_block_prefix\":1,\"expiration\":\"2026-01-01T00:00:00\",\"operations\":[[\"vote\",{}]]}",
            "operation \"vote\"",
        ),
    ] {
        let (code, _, said) = inspect(&[], input).await;
        assert_eq!(code, Some(3), "{input}");
        assert!(said.contains(expected), "{input}: {said}");
    }
    assert_eq!(inspect(&["--chain", "golos"], "{}").await.0, Some(3));
    assert_eq!(inspect(&["--chain", "custom"], "{}").await.0, Some(2), "which chain id?");
}

#[tokio::test(flavor = "multi_thread")]
async fn options_describe_a_custom_chain() {
    // The test network's symbols and id as options; the bytes come from a real node of that network.
    let capture: Value =
        serde_json::from_str(include_str!("../../host/chain/tests/vectors/get_transaction_hex.json")).unwrap();
    let id = "18dcf0a285365fc58b71f18b3d3fec954aa0c141c44e4e5cb4cf777b9eab274e";
    let custom = ["--chain", "custom", "--chain-id", id, "--liquid-symbol", "TESTS", "--debt-symbol", "TBD"];
    let (code, report, said) = inspect(&custom, &capture["request"]["params"][0].to_string()).await;
    assert_eq!(code, Some(0), "{said}");
    let bytes = capture["response"]["result"].as_str().unwrap();
    assert!(bytes.starts_with(report["serialized_hex"].as_str().unwrap()));
    assert_eq!(report["signers"][0], "STM7SdNPS9Gz3G2tCXmX1HYY8aF6iJnkA6GAFHXNLyBU9bdoPgL9k");
    let named = inspect(&["--chain", "hive-testnet"], &capture["request"]["params"][0].to_string()).await.1;
    assert_eq!(named["sig_digest_hex"], report["sig_digest_hex"]);
}
