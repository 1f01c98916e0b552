//! This machine's clock is wrong, or is set while the daemon runs.

use std::time::Duration;

use dogwatch_chain::{AccountName, Time};

use crate::support::{Daemon, Net, Setup, WITNESS, WrongClock, until};

/// As many milliseconds may be left of what is corrected.
const LEFT: Duration = Duration::from_millis(600);

/// The witness's first slot after that time, once it has passed.
async fn own_slot_after(net: &Net, time: Time) -> Time {
    let witness = AccountName::new(WITNESS).unwrap();
    let mut found = None;
    until("the own slot has passed", async || {
        let snapshot = net.handle().snapshot();
        found = snapshot.slots_of(&witness).map(|slot| slot.time).find(|slot| *slot > time);
        found.is_some()
    })
    .await;
    found.unwrap()
}

async fn offset_ms(daemon: &Daemon) -> i64 {
    let status = daemon.status().await;
    status.and_then(|status| status["chains"][0]["clock_offset_ms"].as_i64()).unwrap_or_default()
}

/// The clock is corrected before anything else is done by it: the guard spares the slots that the chain has.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ahead_costs_neither_the_switch_nor_the_own_slot() {
    let net = Net::with(|config| config.block_interval_ms = 1000).await;
    let dir = Net::directory();
    let clock = WrongClock::ahead(dir.path(), 8000).await;
    let guard = Duration::from_secs(5);
    let setup = Setup { witness: "rails = { own_slot_guard = \"5s\" }".into(), ..Setup::default() };
    let config = net.write(dir.path(), &setup);
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let text = std::fs::read_to_string(&config).unwrap() + &format!("[metrics]\nlisten = \"{port}\"\n");
    std::fs::write(&config, text).unwrap();
    let daemon = Daemon::start_with(&config, |command| clock.rule(command));
    daemon.ready().await;

    until("the offset is measured", async || (7500..=8500).contains(&offset_ms(&daemon).await)).await;
    until("it is an alert", async || net.sink.has("/clock-offset", "opened")).await;
    let alert = net.sink.alerts("/clock-offset", "opened").remove(0);
    assert!(alert.text("summary").ends_with("s ahead of the endpoints' clocks"), "{alert:?}");
    let shown = String::from_utf8_lossy(&daemon.command(&["status"]).await.stdout).into_owned();
    assert!(shown.contains("s ahead of the endpoints' clocks; Dogwatch corrects for it"), "{shown}");
    dogwatch::install_tls_provider();
    let metric = async || {
        let metrics = reqwest::get(format!("http://{port}/metrics")).await.unwrap().text().await.unwrap();
        let metric = "dogwatch_clock_offset_seconds{chain=\"devnet\"} ";
        metrics.lines().find_map(|line| line.strip_prefix(metric)).map(|metric| metric.parse::<f64>().unwrap())
    };
    // Where one answer came too late to measure it, the next will do.
    let mut shown = None;
    until("it is a metric", async || {
        shown = metric().await;
        shown.is_some()
    })
    .await;
    assert!(shown.is_some_and(|shown| (7.5..=8.5).contains(&shown)), "{shown:?}");

    // What the guard goes by is the chain's own slot.
    let before = net.handle().now();
    let told = Duration::from_millis(daemon.witness().await.unwrap()["next_slot_in_ms"].as_u64().unwrap());
    let after = net.handle().now();
    let slot = own_slot_after(&net, before).await;
    let due = before.plus(told).minus(LEFT)..=after.plus(told).plus(LEFT);
    assert!(due.contains(&slot), "told {told:?} between {before} and {after}; the slot was due at {slot}");

    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    assert_eq!((net.key_changes(), net.on_duty().as_deref()), (1, Some("second")));
    let snapshot = net.handle().snapshot();
    let block = snapshot.key_changes[0].block;
    let switched = snapshot.slots.iter().find(|slot| {
        matches!(slot.outcome, dogwatch_devnet::DevnetSlotOutcome::Produced { block: other, .. } if other == block)
    });
    let switched = switched.unwrap().time;
    let slot = own_slot_after(&net, switched).await;
    // It was sent at most a slot before it was in a block.
    let spared = guard.saturating_sub(Duration::from_secs(1)).saturating_sub(LEFT);
    assert!(slot.since(switched) >= spared, "switched at {switched}, own slot at {slot}");
}

/// Whatever the clock does, the daemon's time goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_while_the_daemon_runs_costs_no_switch() {
    let (net, dir) = (Net::start().await, Net::directory());
    let clock = WrongClock::ahead(dir.path(), 0).await;
    let daemon = Daemon::start_with(&net.write(dir.path(), &Setup::default()), |command| clock.rule(command));
    daemon.ready().await;
    assert_eq!(daemon.status().await.unwrap()["chains"][0]["clock_offset_ms"], 0);

    clock.set_ahead(3_600_000);
    until("the step is seen", async || daemon.logged(&["this machine's clock was set", "\"forward_ms\":3"])).await;
    until("the offset is known", async || (offset_ms(&daemon).await - 3_600_000).abs() <= 500).await;
    clock.set_ahead(-3_600_000);
    until("the other step is seen", async || daemon.logged(&["this machine's clock was set", "\"forward_ms\":-7"]))
        .await;
    until("the offset is known", async || (offset_ms(&daemon).await + 3_600_000).abs() <= 500).await;
    until("it is an alert", async || net.sink.has("/clock-offset", "opened")).await;

    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    assert_eq!((net.key_changes(), net.on_duty().as_deref()), (1, Some("second")));
    until("it is paged", async || net.sink.has("/missing", "opened") || net.sink.has("/switching", "opened")).await;

    clock.set_ahead(0);
    until("the alert ends with the trouble", async || net.sink.has("/clock-offset", "resolved")).await;
    assert!(!daemon.logged(&["this process did not run, or the clock was set"]), "no sleep");
    assert!(!daemon.logged(&["/devnet/clock\""]) && !net.sink.has("devnet/clock", "opened"), "no blindness");
}
