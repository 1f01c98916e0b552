//! Faults below the daemon: endpoints that hold requests, a disk that cannot be written.

use dogwatch_devnet::RpcFault;

use crate::support::{Daemon, Holding, Net, Setup, Swallowing, WITNESS, WrongClock, until};

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_holds_back_blocks_does_not_hold_up_the_switch() {
    let (net, dir) = (Net::start().await, Net::directory());
    let mut endpoints = net.devnet.rpc_urls();
    let holding = Holding::before(&endpoints[0]).await;
    endpoints[0].clone_from(&holding.url);
    let daemon = Daemon::start(&net.write(dir.path(), &Setup { endpoints: Some(endpoints), ..Setup::default() }));
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    assert_eq!(net.key_changes(), 1);
}

/// A middlebox forgets connections, at every endpoint at once: each swallows its third request.
#[tokio::test(flavor = "multi_thread")]
async fn half_open_connections_do_not_hold_up_the_switch() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (mut fronts, mut endpoints) = (Vec::new(), Vec::new());
    for url in net.devnet.rpc_urls() {
        let front = Swallowing::before(&url).await;
        endpoints.push(front.url.clone());
        fronts.push(front);
    }
    let daemon = Daemon::start(&net.write(dir.path(), &Setup { endpoints: Some(endpoints), ..Setup::default() }));
    daemon.ready().await;
    let each = async || fronts.iter().all(|front| front.swallowed() > 0);
    until("each has swallowed a request", each).await;
    net.blocks(20).await;
    let swallowed = || fronts.iter().map(Swallowing::swallowed).sum::<usize>();
    let before = swallowed();
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    assert_eq!(net.key_changes(), 1);
    net.blocks(50).await;
    assert_eq!(swallowed(), before, "each request has a connection of its own by now");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_without_blocks_are_a_page() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (mut fronts, mut endpoints) = (Vec::new(), Vec::new());
    for url in net.devnet.rpc_urls() {
        let front = Holding::before(&url).await;
        endpoints.push(front.url.clone());
        fronts.push(front);
    }
    let daemon = Daemon::start(&net.write(dir.path(), &Setup { endpoints: Some(endpoints), ..Setup::default() }));
    until("it is reported", async || net.sink.has("/no-blocks", "opened")).await;
    net.handle().crash(WITNESS, "primary").unwrap();
    net.own_misses(3).await;
    assert_eq!(net.key_changes(), 0);
    assert_eq!(daemon.witness().await.unwrap()["verdict"], "cannot-tell");
}

/// Headers tell whose slots are missed. What they do not tell is known once the switch has expired.
#[tokio::test(flavor = "multi_thread")]
async fn headers_are_enough_to_switch() {
    let (net, dir) = (Net::start().await, Net::directory());
    let witness = "expiration = \"5s\"".to_owned();
    let daemon = Daemon::start(&net.write(dir.path(), &Setup { witness, ..Setup::default() }));
    daemon.ready().await;
    for index in 0..3 {
        net.handle().rpc_fault(index, RpcFault::NoBlocks).unwrap();
    }
    until("it is reported", async || net.sink.has("/no-blocks", "opened")).await;
    let page = &net.sink.alerts("/no-blocks", "opened")[0];
    assert!(page.text("summary").contains("only their headers"), "{}", page.body);
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    let moved =
        async || daemon.witness().await.is_some_and(|witness| witness["on_duty"].as_str().unwrap().contains("second"));
    until("the switch is taken for done once it has expired", moved).await;
    until("nothing is missing any more", async || daemon.witness().await.unwrap()["verdict"] == "fine").await;
    net.blocks(30).await;
    assert!(!net.sink.has("/switching", "resolved"), "a header proves no switch");
    for index in 0..3 {
        net.handle().rpc_fault(index, RpcFault::Ok).unwrap();
    }
    until("a block proves it", async || net.sink.has("/switching", "resolved")).await;
    until("blocks come again", async || net.sink.has("/no-blocks", "resolved")).await;
    assert_eq!(net.key_changes(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unwritable_store_is_a_page_and_loses_neither_the_night_nor_an_alert() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    let database = rusqlite::Connection::open(dir.path().join("state/state.sqlite")).unwrap();
    // Every write fails at once, as on a full disk.
    let away = "ALTER TABLE watch RENAME TO watch_away; ALTER TABLE incident RENAME TO incident_away;";
    database.execute_batch(away).unwrap();
    net.handle().crash(WITNESS, "primary").unwrap();
    until("it is reported past the store", async || net.sink.has("daemon/test/store", "opened")).await;
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    assert!(!net.sink.has("/switching", "opened"), "nothing else can be stored");

    let back = "ALTER TABLE watch_away RENAME TO watch; ALTER TABLE incident_away RENAME TO incident;";
    database.execute_batch(back).unwrap();
    until("the switch is reported as over", async || net.sink.has("/switching", "resolved")).await;
    until("the store is reported as well", async || net.sink.has("daemon/test/store", "resolved")).await;
    daemon.delivered().await;
    assert_eq!(net.key_changes(), 1);
    for key in ["/missing", "/switching"] {
        assert!(net.sink.has(key, "opened"), "{key} was opened while nothing could be stored");
    }
}

/// Operators send HUP to make a daemon reload, and others by mistake. None of them may end the watch.
#[tokio::test(flavor = "multi_thread")]
async fn stray_signals_are_logged_and_end_nothing() {
    let (net, dir) = (Net::start().await, Net::directory());
    let mut daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    for name in ["HUP", "USR1", "USR2", "ALRM", "IO"] {
        daemon.signal(name).await;
        let field = format!("\"signal\":\"{name}\"");
        until("the signal is logged", async || daemon.logged(&["WARN", &field])).await;
    }
    assert!(daemon.is_running());
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    assert_eq!(daemon.terminate().await, Some(0));
}

/// A damaged database is no reason not to watch. What it held is not known any more, and that is said.
async fn is_set_aside(damaged: &[u8]) {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup::default());
    let mut daemon = Daemon::start(&config);
    daemon.ready().await;
    daemon.kill().await;
    let state = dir.path().join("state");
    for part in ["state.sqlite-wal", "state.sqlite-shm"] {
        let _ = std::fs::remove_file(state.join(part));
    }
    std::fs::write(state.join("state.sqlite"), damaged).unwrap();

    let daemon = Daemon::start(&config);
    daemon.ready().await;
    until("it is reported", async || net.sink.has("daemon/test/state-lost", "opened")).await;
    let page = &net.sink.alerts("daemon/test/state-lost", "opened")[0];
    let mut aside = std::fs::read_dir(&state).unwrap().map(|file| file.unwrap().path());
    let aside = aside.find(|path| path.to_string_lossy().contains("damaged")).unwrap();
    assert!(page.text("details").contains(&*aside.to_string_lossy()), "{}", page.body);
    assert_eq!(std::fs::read(&aside).unwrap(), damaged);

    // It may have switched often enough already: it says so, and leaves the switch to the operator.
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the refusal is reported", async || net.sink.has("/refused/history-lost", "opened")).await;
    assert_eq!(net.key_changes(), 0);
    until("the operator may switch", async || daemon.command(&["switch", WITNESS, "second"]).await.status.success())
        .await;
    until("the successor produces", async || net.blocks_by("second") > 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_state_is_set_aside_and_the_watch_goes_on() {
    is_set_aside(&[0x5a; 40_000]).await;
}

/// As a power cut may leave it.
#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_state_is_set_aside_and_the_watch_goes_on() {
    is_set_aside(&[]).await;
}

/// A suspended machine sees nothing, and that is not the endpoints' doing.
#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_was_suspended_was_not_blind() {
    let (net, dir) = (Net::at_real_pace().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    daemon.signal("STOP").await;
    net.blocks(6).await;
    daemon.signal("CONT").await;
    until("it notices", async || daemon.logged(&["this process did not run"])).await;
    net.blocks(2).await;
    assert!(!net.sink.has("/blind", "opened") && !net.sink.has("/halted", "opened"));
}

/// Begun while this machine's clock was a day ahead, a pause of seconds is one of seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_is_as_long_as_it_was_meant_whatever_the_clock_says() {
    let (net, dir) = (Net::start().await, Net::directory());
    let clock = WrongClock::ahead(dir.path(), 0).await;
    let config = net.write(dir.path(), &Setup::default());
    let daemon = Daemon::start_with(&config, |command| clock.rule(command));
    daemon.ready().await;
    clock.set_ahead(86_400_000);
    until("the clock is a warning", async || net.sink.has("/clock-offset", "opened")).await;
    assert!(daemon.command(&["pause", WITNESS, "--for", "5s"]).await.status.success());
    assert!(!daemon.witness().await.unwrap()["paused_until"].is_null());
    clock.set_ahead(0);
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    assert_eq!(net.key_changes(), 1);
}
