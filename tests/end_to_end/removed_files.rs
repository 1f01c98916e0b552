//! Cleaners and slips of the hand that remove files of a running daemon.

use std::path::Path;

use crate::support::{Daemon, Net, Setup, WITNESS, dogwatch, until};

/// Whether the commands reach the daemon.
async fn answers(daemon: &Daemon) -> bool {
    daemon.command(&["status"]).await.status.success()
}

/// What was removed is there again, with a page that names it, and nothing that it held is lost.
async fn made_anew(named: &[&str], remove: impl Fn(&Path)) {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup::default());
    let mut daemon = Daemon::start(&config);
    daemon.ready().await;
    let raise = ["alert", "raise", "backup", "the backup failed", "--severity", "critical"];
    assert!(daemon.command(&raise).await.status.success());
    let state = dir.path().join("state");
    remove(&state);
    until("it is reported", async || net.sink.has("daemon/test/state-removed", "opened")).await;
    let page = &net.sink.alerts("daemon/test/state-removed", "opened")[0];
    for what in named {
        assert!(page.text("details").contains(what), "{what}: {}", page.body);
    }
    until("the commands reach the daemon", async || answers(&daemon).await).await;

    // No second daemon on the same state.
    let second = dogwatch().args(["run", "--config"]).arg(&config).output().await.unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("in use by another dogwatch"), "{said}");

    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    until("the switch is proven", async || net.sink.has("/switching", "resolved")).await;
    daemon.kill().await;

    let daemon = Daemon::start(&config);
    until("it starts again", async || answers(&daemon).await).await;
    let open = String::from_utf8(daemon.command(&["alerts"]).await.stdout).unwrap();
    assert!(open.contains("the backup failed"), "{open}");
    let witness = daemon.witness().await.unwrap();
    assert_eq!(witness["switches"].as_array().unwrap().len(), 1, "{witness:#}");
    assert_eq!(net.key_changes(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_socket_is_made_anew() {
    made_anew(&["the control socket"], |state| std::fs::remove_file(state.join("dogwatch.sock")).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_database_is_made_anew() {
    made_anew(&["the database"], |state| {
        for part in ["state.sqlite", "state.sqlite-wal", "state.sqlite-shm"] {
            std::fs::remove_file(state.join(part)).unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_state_directory_is_made_anew() {
    let all = ["the lock", "the database", "the control socket"];
    made_anew(&all, |state| {
        // All at once: the daemon makes anew what is gone while the rest is still being removed.
        let gone = state.with_extension("gone");
        std::fs::rename(state, &gone).unwrap();
        std::fs::remove_dir_all(&gone).unwrap();
    })
    .await;
}

/// A daemon whose files cannot be made anew says so, and watches.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_made_anew_is_a_page() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    let state = dir.path().join("state");
    std::fs::rename(&state, dir.path().join("moved")).unwrap();
    std::fs::write(&state, "not a directory").unwrap();
    until("it is reported past the store", async || net.sink.has("daemon/test/store", "opened")).await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    std::fs::remove_file(&state).unwrap();
    until("all is well again", async || net.sink.has("daemon/test/store", "resolved")).await;
    until("the commands reach the daemon", async || answers(&daemon).await).await;
}

/// Whoever asks a daemon without a socket is not told to start another one.
#[tokio::test(flavor = "multi_thread")]
async fn the_lock_tells_that_a_daemon_runs() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    // Stopped, it cannot make a new one.
    daemon.signal("STOP").await;
    std::fs::remove_file(dir.path().join("state/dogwatch.sock")).unwrap();
    let output = daemon.command(&["status"]).await;
    daemon.signal("CONT").await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("a daemon runs with this configuration") && !said.contains("Start one"), "{said}");
}
