//! `dogwatch roll`: an upgrade of all nodes.

use std::process::Output;

use crate::support::{Daemon, Net, Setup, WITNESS, until};

const NEW: &str = "1.29.0";

async fn start(net: &Net) -> (tempfile::TempDir, Daemon) {
    let dir = Net::directory();
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    (dir, daemon)
}

async fn roll(daemon: &Daemon, more: &[&str]) -> (Output, String) {
    let output = daemon.command(&[&["roll", WITNESS, "--version", NEW], more].concat()).await;
    let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat();
    (output, said)
}

/// What the operator does when a node's turn has come.
async fn upgrade(net: &Net, daemon: &Daemon, node: &str) {
    net.handle().crash(WITNESS, node).unwrap();
    until("it is known to be down", async || {
        let witness = daemon.witness().await.unwrap_or_default();
        let nodes = witness["nodes"].as_array().cloned().unwrap_or_default();
        nodes.iter().any(|known| known["name"] == node && !known["trouble"].is_null())
    })
    .await;
    net.handle().upgrade(WITNESS, node, NEW).unwrap();
    net.handle().restart(WITNESS, node).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn all_nodes_are_upgraded_and_no_block_is_lost() {
    let net = Net::start().await;
    let (_dir, daemon) = start(&net).await;
    let (output, said) = roll(&daemon, &["--dry-run"]).await;
    assert_eq!(output.status.code(), Some(0), "{said}");
    let order = ["second", "third", "primary"].map(|node| said.find(&format!("Would wait until {node} runs {NEW}")));
    assert!(order.iter().all(Option::is_some) && order.is_sorted() && said.contains("Nothing was done."), "{said}");

    let rolling = roll(&daemon, &[]);
    let operator = async {
        upgrade(&net, &daemon, "second").await;
        until("the second node is on duty", async || net.on_duty().as_deref() == Some("second")).await;
        until("it has signed a block", async || net.blocks_by("second") > 0).await;
        upgrade(&net, &daemon, "third").await;
        until("the third node is on duty", async || net.on_duty().as_deref() == Some("third")).await;
        until("it has signed a block", async || net.blocks_by("third") > 0).await;
        upgrade(&net, &daemon, "primary").await;
    };
    let ((output, said), ()) = tokio::join!(rolling, operator);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("Upgrade third now") && said.contains("primary runs 1.29.0, and is fit."), "{said}");
    assert!(said.contains("alice: all nodes run 1.29.0; primary is on duty."), "{said}");
    assert_eq!((net.key_changes(), net.on_duty().as_deref(), net.misses()), (3, Some("primary"), 0));
    let (output, said) = roll(&daemon, &[]).await;
    assert!(output.status.success() && said.contains("All nodes run 1.29.0 already."), "{said}");
}

/// The key moves by itself while a node is being upgraded: the command stops, and goes on from there when it is run again.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_in_between_stops_it_and_it_can_be_resumed() {
    let net = Net::start().await;
    let (_dir, daemon) = start(&net).await;
    let rolling = roll(&daemon, &[]);
    let failure = async {
        upgrade(&net, &daemon, "second").await;
        until("the second node has signed a block", async || net.blocks_by("second") > 0).await;
        net.handle().crash(WITNESS, "second").unwrap();
    };
    let ((output, said), ()) = tokio::join!(rolling, failure);
    assert_eq!(output.status.code(), Some(7), "{said}");
    assert!(said.contains("run the same command again"), "{said}");
    let holder = net.on_duty().unwrap();
    assert_ne!(holder, "second", "{said}");
    let other = if holder == "third" { "primary" } else { "third" };

    net.handle().restart(WITNESS, "second").unwrap();
    let rolling = roll(&daemon, &[]);
    let operator = async {
        upgrade(&net, &daemon, other).await;
        let before = net.blocks_by(other);
        until("the other node has signed a block", async || net.blocks_by(other) > before).await;
        upgrade(&net, &daemon, &holder).await;
    };
    let ((output, said), ()) = tokio::join!(rolling, operator);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let done = format!("all nodes run 1.29.0; {holder} is on duty");
    assert!(!said.contains("Upgrade second") && said.contains(&done), "{said}");
}
