//! Every kind of failed start is reported to the operator within 15 seconds.

use std::path::Path;
use std::time::Duration;

use crate::support::{Daemon, Net, Setup, WITNESS, dogwatch, until};

/// Starts the daemon and stops it again, so that later starts have something to fall back on.
async fn a_good_start(config: &Path) {
    let mut daemon = Daemon::start(config);
    daemon.ready().await;
    assert_eq!(daemon.terminate().await, Some(0));
}

/// Runs the daemon until it gives up. Returns its exit code and its output.
async fn run(config: &Path, state: &Path) -> (Option<i32>, String) {
    let mut command = dogwatch();
    command.args(["run", "--config"]).arg(config).env("STATE_DIRECTORY", state);
    let output = command.output().await.unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The promise: a failed start is reported within 15 seconds.
async fn within_15_seconds<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(15), what).await.expect("within 15 s")
}

fn only_page(net: &Net, key: &str) -> crate::support::Received {
    let pages = net.sink.alerts(key, "opened");
    assert_eq!(pages.len(), 1, "{pages:?}");
    assert_eq!(pages[0].text("severity"), "page");
    assert!(!pages[0].text("command").is_empty() && !pages[0].text("remedy").is_empty());
    pages[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_error_goes_out_over_its_own_channels() {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup { top: "mod = \"armed\"".into(), ..Setup::default() });
    let (code, said) = within_15_seconds(run(&config, dir.path())).await;
    assert_eq!(code, Some(3));
    assert!(said.contains("channel pager delivered the message that Dogwatch does not start"), "{said}");
    let page = only_page(&net, "daemon/test/start");
    assert!(page.text("details").contains("unknown key mod") && page.text("details").contains("Did you mean mode?"));
    assert_eq!(page.text("command"), "dogwatch check");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_configuration_goes_out_over_the_kept_channels() {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup::default());
    a_good_start(&config).await;
    for broken in ["= = =", ""] {
        std::fs::write(&config, broken).unwrap();
        let before = net.sink.alerts("daemon/test/start", "opened").len();
        let (code, said) = within_15_seconds(run(&config, &dir.path().join("state"))).await;
        assert_eq!(code, Some(3), "{said}");
        let told = net.sink.alerts("daemon/test/start", "opened").len() - before;
        assert_eq!(told, usize::from(before == 0), "the same failure is not told twice: {said}");
    }
    std::fs::remove_file(&config).unwrap();
    let (code, _) = within_15_seconds(run(&config, &dir.path().join("state"))).await;
    assert_eq!(code, Some(3));
    let third = net.sink.alerts("daemon/test/start", "updated");
    assert_eq!(third.len(), 1, "the third is a loop");
    assert!(third[0].text("details").contains("3 starts have failed within the hour"), "{}", third[0].body);
    let (_, said) = within_15_seconds(run(&config, &dir.path().join("state"))).await;
    assert!(said.contains("no message was sent"), "{said}");

    net.write(dir.path(), &Setup::default());
    let daemon = Daemon::start(&config);
    daemon.ready().await;
    until("it is called off", async || net.sink.has("daemon/test/start", "resolved")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_signing_key_is_reported() {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup::default());
    std::fs::remove_file(dir.path().join("primary.wif")).unwrap();
    let (code, _) = within_15_seconds(run(&config, dir.path())).await;
    assert_eq!(code, Some(3));
    let page = only_page(&net, "daemon/test/start");
    assert!(page.text("details").contains("primary.wif cannot be read"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_channels_report_an_unreadable_secret() {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup::default());
    let more = "[[channel]]\nname = \"chat\"\nplugin = \"telegram\"\nallow_hosts = [\"api.telegram.org\"]\n\
                [channel.settings]\nchat = \"-1001\"\n[channel.secrets]\ntoken = { file = \"/nonexistent/token\" }\n";
    let text = std::fs::read_to_string(&config).unwrap() + more;
    std::fs::write(&config, text).unwrap();
    let (code, _) = within_15_seconds(run(&config, dir.path())).await;
    assert_eq!(code, Some(3));
    assert!(only_page(&net, "daemon/test/start").text("details").contains("/nonexistent/token"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_channels_report_a_missing_plugin() {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup::default());
    let more = "[[channel]]\nname = \"chat\"\nplugin = \"telegran\"\nallow_hosts = [\"api.telegram.org\"]\n";
    let text = std::fs::read_to_string(&config).unwrap() + more;
    std::fs::write(&config, text).unwrap();
    let mut daemon = Daemon::start(&config);
    let told = async { until("the alert arrives", async || net.sink.has("daemon/test/channel/chat", "opened")).await };
    within_15_seconds(told).await;
    assert!(only_page(&net, "daemon/test/channel/chat").text("details").contains("did you mean telegram?"));
    assert!(daemon.is_running());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_channel_runs_on_the_kept_plugin() {
    let (net, dir) = (Net::start().await, Net::directory());
    let plugins = dir.path().join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    let bundled = dogwatch_bundled::find("webhook").unwrap();
    std::fs::write(plugins.join("mine.wasm"), bundled.wasm).unwrap();
    let config = net.write(dir.path(), &Setup { top: format!("plugins_dir = {plugins:?}"), ..Setup::default() });
    let text = std::fs::read_to_string(&config).unwrap().replace("plugin = \"webhook\"", "plugin = \"mine\"");
    std::fs::write(&config, text).unwrap();
    a_good_start(&config).await;
    std::fs::remove_file(plugins.join("mine.wasm")).unwrap();
    let _daemon = Daemon::start(&config);
    until("it delivers, and says with what", async || net.sink.has("kept-plugin/pager", "opened")).await;
}

/// A command whose state directory is a separate file system, full but for what was in it.
fn on_a_full_disk(config: &Path, state: &Path) -> tokio::process::Command {
    let script = "cp -a \"$0\" \"$0.before\" && mount -t tmpfs -o size=4m tmpfs \"$0\" && cp -a \"$0.before/.\" \"$0\" \
                  && { dd if=/dev/zero of=\"$0/fill\" 2>/dev/null; exec \"$1\" run --config \"$2\"; }";
    let mut command = tokio::process::Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", script]);
    command.arg(state).arg(env!("CARGO_BIN_EXE_dogwatch")).arg(config).kill_on_drop(true);
    command
}

/// The daemon starts on a full disk, with what an earlier run left there, or with nothing.
async fn watches_on_a_full_disk(left: bool) {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup::default());
    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    if left {
        let mut daemon = Daemon::start(&config);
        daemon.ready().await;
        let raise = ["alert", "raise", "backup", "the backup failed", "--severity", "critical"];
        assert!(daemon.command(&raise).await.status.success());
        daemon.kill().await;
    }
    let mut daemon = on_a_full_disk(&config, &state).spawn().unwrap();
    until("it is reported", async || net.sink.has("daemon/test/store", "opened")).await;
    let page = &net.sink.alerts("daemon/test/store", "opened")[0];
    assert!(page.text("details").contains("full") && page.text("command") == "df -h", "{}", page.body);
    net.blocks(40).await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    until("the switch is proven", async || net.sink.has("/switching", "resolved")).await;

    // Once there is room, nothing that happened before is lost.
    let inside = format!("/proc/{}/root{}", daemon.id().unwrap(), state.display());
    std::fs::remove_file(format!("{inside}/fill")).unwrap();
    until("all is well again", async || net.sink.has("daemon/test/store", "resolved")).await;
    assert!(!net.sink.has("daemon/test/state-removed", "opened"), "nobody has removed anything");
    // SQLite would follow the link out of the daemon's file system.
    for part in ["state.sqlite", "state.sqlite-wal"] {
        std::fs::copy(format!("{inside}/{part}"), dir.path().join(part)).unwrap();
    }
    let database = rusqlite::Connection::open(dir.path().join("state.sqlite")).unwrap();
    let count = |query: &str| database.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM watch WHERE state LIKE '%applied%'"), 1);
    assert_eq!(count("SELECT count(*) FROM incident WHERE key LIKE '%backup%'"), i64::from(left));
    assert_eq!(net.key_changes(), 1);
    assert!(daemon.try_wait().unwrap().is_none(), "it still runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_from_the_start_holds_up_nothing() {
    watches_on_a_full_disk(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_a_full_disk_is_read() {
    watches_on_a_full_disk(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_reported() {
    let (net, dir) = (Net::start().await, Net::directory());
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = net.write(dir.path(), &Setup::default());
    let gateway = format!("[gateway]\nlisten = \"{}\"\n", taken.local_addr().unwrap());
    let text = std::fs::read_to_string(&config).unwrap() + &gateway;
    std::fs::write(&config, text).unwrap();
    let mut daemon = Daemon::start(&config);
    let told = async { until("the alert arrives", async || net.sink.has("/gateway", "opened")).await };
    within_15_seconds(told).await;
    assert!(only_page(&net, "/gateway").text("details").contains("in use"), "the reason");
    assert!(daemon.is_running(), "the watch does not depend on it");
    drop(taken);
    until("it is called off", async || net.sink.has("/gateway", "resolved")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_can_report_without_a_configuration() {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup::default());
    a_good_start(&config).await;
    std::fs::remove_file(&config).unwrap();
    let tell = || async {
        let mut command = dogwatch();
        command
            .args(["alert", "boot-failure", "--unit", "dogwatch.service"])
            .env("STATE_DIRECTORY", dir.path().join("state"));
        command.env("MONITOR_SERVICE_RESULT", "exit-code");
        let output = command.output().await.unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = within_15_seconds(tell()).await;
    assert_eq!(code, Some(0), "{said}");
    let page = only_page(&net, "daemon/test/start");
    assert!(page.text("summary").contains("unit dogwatch.service has failed"), "{}", page.body);
    assert!(page.text("details").contains("MONITOR_SERVICE_RESULT=exit-code"), "{}", page.body);
    for _ in 0..4 {
        let (code, said) = within_15_seconds(tell()).await;
        assert!(code == Some(0) && said.contains("no message was sent"), "one failure is reported once: {said}");
    }
    assert!(!net.sink.has("daemon/test/start", "updated"), "and is one, however often it is noticed");

    std::fs::remove_dir_all(dir.path().join("state")).unwrap();
    let (code, said) = within_15_seconds(tell()).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("NO CHANNEL DELIVERED"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_loop_pages_at_the_third_crash() {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup::default());
    for death in 1..=5 {
        let mut daemon = Daemon::start(&config);
        daemon.ready().await;
        if death >= 4 {
            until("the alert arrives", async || net.sink.has("crash-loop", "opened")).await;
        }
        let told = net.sink.alerts("crash-loop", "opened").len();
        assert_eq!(told, usize::from(death >= 4), "before death {death}");
        daemon.kill().await;
    }
    assert!(net.sink.alerts("crash-loop", "opened")[0].text("summary").contains("crashed 3 times"));
}
