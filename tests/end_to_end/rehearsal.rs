//! Rehearsals, by hand and every day.

use std::os::unix::fs::PermissionsExt;

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

/// A standby that nobody has seen to sign a block is named, and a rehearsal with a switch proves it.
#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_with_a_switch_proves_a_standby() {
    let (net, dir) = (Net::start().await, Net::directory());
    let witness = "[witness.rails]\ncool_down = \"2s\"".to_owned();
    let daemon = Daemon::start(&net.write(dir.path(), &Setup { witness, ..Setup::default() }));
    daemon.ready().await;
    let unproven = "node \"second\" has not been seen to sign a block";
    let rehearsed = async || String::from_utf8(daemon.command(&["rehearse"]).await.stdout).unwrap();
    let checked = async || String::from_utf8(daemon.command(&["check"]).await.stdout).unwrap();
    let said = rehearsed().await;
    assert!(said.contains(&format!("note: witness \"alice\", {unproven}")), "{said}");
    assert!(said.contains("dogwatch rehearse --switch --witness alice --to second"), "{said}");
    assert!(checked().await.contains(unproven));

    let output = daemon.command(&["rehearse", "--switch", "--to", "second"]).await;
    assert_eq!(output.status.code(), Some(3), "nobody has confirmed it");
    assert!(String::from_utf8_lossy(&output.stderr).contains("add --yes"));
    assert_eq!(net.key_changes(), 0);

    let output = daemon.command(&["rehearse", "--switch", "--to", "second", "--yes"]).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}{failed}");
    for step in [
        "The switch to second is on its way",
        "second has signed block",
        "The switch to primary",
        "primary has signed block",
    ] {
        assert!(said.contains(step), "{step}: {said}");
    }
    assert_eq!((net.key_changes(), net.on_duty().as_deref()), (2, Some("primary")));
    assert!(net.blocks_by("second") > 0);
    assert!(!rehearsed().await.contains(unproven) && !checked().await.contains(unproven));
}

/// A standby that does not hold its key is found out, and the key goes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_with_a_switch_that_fails_is_taken_back() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write_with_other_key(dir.path(), "second"));
    daemon.ready().await;
    let output = daemon.command(&["rehearse", "--switch", "--to", "second", "--yes"]).await;
    let failed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(7), "{failed}");
    assert!(
        failed.contains("second has missed its slot") && failed.contains("The key is back with primary."),
        "{failed}"
    );
    assert_eq!((net.key_changes(), net.on_duty().as_deref()), (2, Some("primary")));
}

/// What an operator still has to do is the same in `check` and in every report.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_to_do_is_in_the_check_and_in_the_report() {
    let (net, dir) = (Net::start().await, Net::directory());
    let good = net.toml(dir.path(), &Setup { mode: "observe", ..Setup::default() });
    let secret = dir.path().join("discord-webhook");
    std::fs::write(&secret, "https://discord.com/api/webhooks/1/token").unwrap();
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o600)).unwrap();
    let probe = format!("probe = \"{}\"\n", net.devnet.node_url(WITNESS, "third").unwrap());
    let unprobed = good.replacen(&probe, "switch_unprobed = true\n", 1);
    let (rest, _) = unprobed.split_once("[[channel]]").unwrap();
    let config = dir.path().join("dogwatch.toml");
    let channel = format!(
        "[[channel]]\nname = \"room\"\nplugin = \"discord\"\nallow_hosts = [\"discord.com\"]\n\
         [channel.secrets]\nwebhook = {{ file = {secret:?} }}\n"
    );
    std::fs::write(&config, format!("{rest}{channel}")).unwrap();
    let daemon = Daemon::start(&config);
    let mut report = String::new();
    until("the daemon rehearses", async || {
        report = String::from_utf8(daemon.command(&["rehearse"]).await.stdout).unwrap();
        report.contains("last 24 h")
    })
    .await;
    let mut check = String::new();
    until("the daemon has stored who holds the key", async || {
        check = String::from_utf8(daemon.command(&["check"]).await.stdout).unwrap();
        check.contains("has not been seen to sign a block")
    })
    .await;
    for warning in [
        "mode is \"observe\": all is ready for a switch, and none will be made",
        "no [[channel]] wakes anybody",
        "node \"third\" has no probe: Dogwatch switches to it without knowing whether it is fit",
        "node \"second\" has not been seen to sign a block",
    ] {
        assert!(check.contains(warning), "{warning}: {check}");
        assert!(report.lines().any(|line| line.starts_with("note: ") && line.contains(warning)), "{warning}: {report}");
    }
}
