//! The policy proactive: a dead node is replaced because it is dead, and not because it has missed.

use serde_json::Value;

use crate::support::{Daemon, Net, Setup, WITNESS, until};

const PROACTIVE: &str = "policy = \"proactive\"\n";

async fn node(daemon: &Daemon, place: usize) -> Value {
    daemon.witness().await.map_or(Value::Null, |witness| witness["nodes"][place].clone())
}

/// Everybody is fit, and the tripwires are up.
async fn start(net: &Net, setup: Setup) -> (tempfile::TempDir, Daemon) {
    let dir = Net::directory();
    let daemon = Daemon::start(&net.write(dir.path(), &setup));
    daemon.ready().await;
    for place in 0..2 {
        until("the nodes are fit", async || node(&daemon, place).await["health"] == "healthy").await;
        until("the wires are up", async || node(&daemon, place).await["tripwire"]["state"] == "up").await;
    }
    (dir, daemon)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_is_replaced_because_it_is_dead() {
    let net = Net::start().await;
    let (_dir, _daemon) = start(&net, Setup { witness: PROACTIVE.to_owned(), ..Setup::default() }).await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the second node produces", async || net.blocks_by("second") > 0).await;
    assert_eq!((net.key_changes(), net.on_duty().as_deref()), (1, Some("second")));
    // The switch does not wait for its alert.
    until("the switch is told", async || net.sink.has("/switching", "opened")).await;
    let told = &net.sink.alerts("/switching", "opened")[0];
    let why = told.text("details");
    assert!(why.contains("and its process has ended; second is the next fit node"), "{why}");
}

/// Without a standby the operator is paged at once, and told why nothing is switched.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_without_a_standby_is_a_page() {
    let net = Net::start().await;
    let (_dir, _daemon) = start(&net, Setup { witness: PROACTIVE.to_owned(), ..Setup::default() }).await;
    for standby in ["second", "third"] {
        net.handle().crash(WITNESS, standby).unwrap();
        let path = format!("/node/{standby}");
        until("the standby is known to be gone", async || net.sink.has(&path, "opened")).await;
    }
    net.handle().crash(WITNESS, "primary").unwrap();
    until("it pages", async || net.sink.has("/policy/no-standby", "opened")).await;
    let summary = net.sink.alerts("/policy/no-standby", "opened")[0].text("summary").to_owned();
    assert!(summary.ends_with("and its process has ended; none of the other 2 nodes is fit"), "{summary}");
    assert_eq!(net.key_changes(), 0);
}
