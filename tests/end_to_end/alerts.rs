//! Delivery through a WebAssembly channel to a real receiver.

use crate::support::{Daemon, Net, Setup, WITNESS, until};

#[tokio::test(flavor = "multi_thread")]
async fn temporarily_refused_messages_are_sent_again_in_order() {
    let (net, dir) = (Net::start().await, Net::directory());
    net.sink.refuse([503, 500, 502]);
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the switch is reported as over", async || net.sink.has("/switching", "resolved")).await;
    daemon.delivered().await;
    let events: Vec<String> = net
        .sink
        .received()
        .iter()
        .filter(|alert| alert.text("key").ends_with("/switching"))
        .map(|alert| alert.text("event").to_owned())
        .collect();
    assert_eq!(events, ["opened", "updated", "resolved"]);
    let first = &net.sink.received()[0];
    assert_eq!(first.headers["content-type"], "application/json");
    assert_eq!(first.headers["idempotency-key"], first.text("message_id"));
    for member in ["key", "severity", "subject", "site", "summary", "details", "remedy", "opened_at", "at"] {
        assert!(!first.text(member).is_empty(), "{member}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_gets_nothing_below_its_minimum_severity() {
    let (net, dir) = (Net::start().await, Net::directory());
    let setup = Setup { channel: "min_severity = \"page\"".into(), ..Setup::default() };
    let daemon = Daemon::start(&net.write(dir.path(), &setup));
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("a page arrives", async || net.sink.has("/missing", "opened")).await;
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    daemon.delivered().await;
    assert!(net.sink.received().iter().all(|alert| alert.text("severity") == "page"));
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_about_removed_things_are_resolved() {
    let (net, dir) = (Net::start().await, Net::directory());
    let path = net.write(dir.path(), &Setup { mode: "observe", ..Setup::default() });
    let mut daemon = Daemon::start(&path);
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the misses are reported", async || net.sink.has("/missing", "updated")).await;
    daemon.delivered().await;
    daemon.kill().await;

    let text = std::fs::read_to_string(&path).unwrap().replace("name = \"alice\"", "name = \"fill01\"");
    std::fs::write(&path, text).unwrap();
    let _daemon = Daemon::start(&path);
    until("it is called off", async || net.sink.has("alice/missing", "resolved")).await;
}
