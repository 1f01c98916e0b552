//! The commands status, switch, pause and resume, and the exit codes.

use crate::support::{Daemon, Net, Setup, WITNESS, dogwatch, until};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_switches_by_hand() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;

    let refused = daemon.command(&["switch", WITNESS, "primary"]).await;
    assert_eq!(refused.status.code(), Some(5));
    assert!(text(&refused.stderr).contains("holds the signing key already"), "{}", text(&refused.stderr));

    until("the switch is not refused for a near slot", async || {
        daemon.command(&["switch", WITNESS, "third"]).await.status.success()
    })
    .await;
    until("the node produces", async || net.blocks_by("third") > 0).await;
    assert_eq!(net.key_changes(), 1);

    // The cool-down is soft: --force overrides it. A missing node is not.
    let refused = daemon.command(&["switch", WITNESS, "primary", "--json"]).await;
    assert_eq!(refused.status.code(), Some(5));
    assert!(text(&refused.stdout).contains("cooling down"), "{}", text(&refused.stdout));
    let refused = daemon.command(&["switch", WITNESS, "nobody", "--force"]).await;
    assert_eq!(refused.status.code(), Some(5));
    assert!(text(&refused.stderr).contains("no node"), "{}", text(&refused.stderr));
    until("the forced switch is taken", async || {
        daemon.command(&["switch", WITNESS, "primary", "--force"]).await.status.success()
    })
    .await;
    until("the node produces", async || net.on_duty().as_deref() == Some("primary")).await;

    let unknown = daemon.command(&["switch", "nobody", "third"]).await;
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("is not watched here"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_the_policy_until_it_ends() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    assert!(daemon.command(&["pause", WITNESS, "--for", "1h"]).await.status.success());
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the refusal is reported", async || net.sink.has("/refused/paused", "opened")).await;
    net.own_misses(2).await;
    assert_eq!(net.key_changes(), 0);
    assert!(text(&daemon.command(&["status"]).await.stdout).contains("paused until"));
    assert!(daemon.command(&["resume", WITNESS]).await.status.success());
    until("the successor produces", async || net.blocks_by("second") > 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_reads_well() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    let status = text(&daemon.command(&["status"]).await.stdout);
    for expected in [
        "at test",
        "chain devnet: block",
        "Agreed",
        "witness alice (armed): Fine, on duty: primary",
        "* primary",
        "healthy",
    ] {
        assert!(status.contains(expected), "{expected} is missing in:\n{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_daemon_has_its_own_exit_code() {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup::default());
    let output = dogwatch().arg("status").arg("--config").arg(&config).output().await.unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("no daemon runs"));
    let output = dogwatch().args(["status", "--config", "/nonexistent.toml"]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_daemon_is_told_from_a_missing_one() {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup::default());
    let daemon = Daemon::start(&config);
    daemon.ready().await;
    // Something takes its place that listens but never answers.
    drop(daemon);
    let socket = dogwatch_client::socket_path(&dir.path().join("state"));
    let _ = std::fs::remove_file(&socket);
    let _mute = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let output = dogwatch().arg("status").arg("--config").arg(&config).output().await.unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("does not answer in time") && !said.contains("Start one"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_is_not_a_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = dogwatch().args(["plugin", "list"]).stdout(writer).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn help_lists_commands_and_exit_codes() {
    let output = dogwatch().arg("-h").output().await.unwrap();
    let help = text(&output.stdout);
    for word in
        ["run", "check", "demo", "devnet", "tx", "status", "switch", "plugin", "Exit codes", "3  the configuration"]
    {
        assert!(help.contains(word), "{word} is missing in:\n{help}");
    }
    assert_eq!(dogwatch().arg("--nonsense").output().await.unwrap().status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_succeeds() {
    let output = dogwatch().args(["demo", "--slot-ms", "100"]).output().await.unwrap();
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", text(&output.stderr));
    for expected in [
        "CRASH: primary is killed",
        "CRASH: standby-1 hangs",
        "dogwatch decides: switch to standby-2",
        "blocks lost",
        "Exactly one key change per crash",
    ] {
        assert!(said.contains(expected), "{expected} is missing in:\n{said}");
    }
}
