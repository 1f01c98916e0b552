//! A plugin put into the plugin directory is used without a restart, and one that fails stops nothing.

use crate::support::{Daemon, Net, WITNESS, hostile, mine, put, threshold, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_policy_file_replaces_a_missing_policy() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (plugins, setup) = mine(dir.path(), "");
    let daemon = Daemon::start(&net.write(dir.path(), &setup));
    until("the missing policy is reported", async || net.sink.has("/policy-failed", "opened")).await;

    put(&plugins, "mine", threshold());
    until("the policy works", async || net.sink.has("/policy-failed", "resolved")).await;
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;

    let list = daemon.command(&["plugin", "list", "--json"]).await;
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    let names: Vec<&str> = list["plugins"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert!(["mine", "threshold", "webhook"].iter().all(|name| names.contains(name)), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fallback_policy_decides_where_the_configured_one_fails() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (plugins, setup) = mine(dir.path(), "");
    put(&plugins, "mine", &hostile(b"loop"));
    let daemon = Daemon::start(&net.write(dir.path(), &setup));
    until("the failing policy is reported", async || net.sink.has("/policy-failed", "opened")).await;
    let alert = &net.sink.alerts("/policy-failed", "opened")[0];
    assert_eq!(alert.text("severity"), "critical");
    assert!(alert.text("summary").ends_with("the failover policy fails; policy proactive decides in its place"));
    assert!(
        alert.text("details").contains("plugin mine failed in `decide`: it used up its"),
        "{}",
        alert.text("details")
    );
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    let witness = daemon.witness().await.unwrap();
    assert_eq!(witness["policy"]["name"], "proactive", "{witness}");
    let reason = witness["switches"][0]["reason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("policy proactive, in place of the one that fails: "), "{witness}");

    put(&plugins, "mine", threshold());
    until("the policy works", async || net.sink.has("/policy-failed", "resolved")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_fallback_policy_the_key_stays_and_somebody_is_paged() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (plugins, setup) = mine(dir.path(), "fallback_policy = \"none\"");
    put(&plugins, "mine", &hostile(b"loop"));
    let _daemon = Daemon::start(&net.write(dir.path(), &setup));
    until("the failing policy is reported", async || net.sink.has("/policy-failed", "opened")).await;
    let alert = &net.sink.alerts("/policy-failed", "opened")[0];
    assert_eq!(alert.text("severity"), "page");
    assert!(alert.text("summary").ends_with("the failover policy fails, so Dogwatch does not switch"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_fails_when_it_is_tried_does_not_replace_one_that_works() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (plugins, setup) = mine(dir.path(), "");
    put(&plugins, "mine", threshold());
    let daemon = Daemon::start(&net.write(dir.path(), &setup));
    daemon.ready().await;
    let opened = |count: usize| net.sink.alerts("/plugin-refused/mine", "opened").len() == count;
    put(&plugins, "mine", &hostile(b"loop"));
    until("the file is refused", async || opened(1)).await;
    let details = net.sink.alerts("/plugin-refused/mine", "opened")[0].text("details").to_owned();
    for part in ["alice", "tried on \"", "it used up its", "(sha256 ", "The version before stays in use"] {
        assert!(details.contains(part), "{part} is not in: {details}");
    }
    put(&plugins, "mine", b"\0asm, and nothing that follows");
    until("another one is refused", async || opened(2)).await;
    put(&plugins, "mine", &hostile(b"good"));
    until("one that works takes its place", async || net.sink.has("/plugin-refused/mine", "resolved")).await;
    assert!(!net.sink.has("/policy-failed", "opened"), "the old one decided all the while");
}
