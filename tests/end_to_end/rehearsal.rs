//! Rehearsals, by hand and every day.

use serde_json::Value;

use crate::support::{Daemon, Net, Setup, WITNESS, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_tries_everything_but_the_switch() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    let changes = net.key_changes();
    let output = daemon.command(&["rehearse"]).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    for line in [
        "ok: chain devnet: endpoints",
        "ok: alice: the key on chain: it is that of node primary",
        "ok: alice: the policy",
        "ok: alice: standby second: fit",
        "ok: alice: a switch to second: signed, and verified by a node; not sent",
        "ok: alice: a switch to third: signed, and verified by a node; not sent",
        "not known: channel pager: has no test that wakes nobody",
        "alice, last 24 h:",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert_eq!((net.key_changes(), net.on_duty().as_deref()), (changes, Some("primary")), "nothing was sent");
    let own = |alert: &crate::support::Received| alert.text("key").starts_with("daemon/test/");
    assert!(!net.sink.received().iter().any(own), "nobody was woken: {:?}", net.sink.received());

    net.handle().crash(WITNESS, "second").unwrap();
    until("a rotten standby is found", async || {
        let output = daemon.command(&["rehearse", "--json"]).await;
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let fails = |check: &Value| check["what"] == "alice: standby second" && check["result"] == "fails";
        output.status.code() == Some(7) && report["checks"].as_array().unwrap().iter().any(fails)
    })
    .await;
    until("and it is an alert by itself", async || net.sink.has("/node/second", "opened")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daily_report_goes_out_and_failures_stay_open_until_fixed() {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup::default());
    let database = dir.path().join("state/state.sqlite");
    // Pretend that the last one was days ago, so that the next is due at once.
    let long_ago = || {
        let connection = rusqlite::Connection::open(&database).unwrap();
        connection.execute("INSERT OR REPLACE INTO chore (name, done_ms) VALUES ('rehearsal', 0)", []).unwrap();
    };
    let mut daemon = Daemon::start(&config);
    daemon.ready().await;
    net.handle().crash(WITNESS, "second").unwrap();
    until("the standby is unfit", async || net.sink.has("/node/second", "opened")).await;
    daemon.terminate().await;
    long_ago();
    let mut daemon = Daemon::start(&config);
    until("the report comes", async || net.sink.has("daemon/test/report", "report")).await;
    until("what fails is open", async || net.sink.has("daemon/test/rehearsal", "opened")).await;
    let report = &net.sink.alerts("daemon/test/report", "report")[0];
    assert!(report.text("summary").contains("would not work now"), "{}", report.body);
    assert!(report.text("details").contains("FAILS: alice: standby second"), "{}", report.body);
    assert!(report.text("details").contains("alice, last 24 h:"), "last night's slots: {}", report.body);
    daemon.terminate().await;

    net.handle().restart(WITNESS, "second").unwrap();
    let mut daemon = Daemon::start(&config);
    daemon.ready().await;
    daemon.terminate().await;
    long_ago();
    let _daemon = Daemon::start(&config);
    until("the next one finds nothing", async || net.sink.alerts("daemon/test/report", "report").len() == 2).await;
    until("and calls it off", async || net.sink.has("daemon/test/rehearsal", "resolved")).await;
}
