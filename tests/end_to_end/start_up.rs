//! Starting when nothing works: the daemon keeps running, raises alerts and keeps trying.

use std::time::Duration;

use dogwatch_devnet::RpcFault;

use crate::support::{Daemon, Net, Setup, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_endpoints_raises_an_alert_and_goes_on() {
    let (net, dir) = (Net::start().await, Net::directory());
    for (index, fault) in [RpcFault::Down, RpcFault::Hang, RpcFault::Html].into_iter().enumerate() {
        net.handle().rpc_fault(index, fault).unwrap();
    }
    let setup = Setup { top: "repeat = \"1s\"".into(), ..Setup::default() };
    let mut daemon = Daemon::start(&net.write(dir.path(), &setup));
    // The promise is 15 seconds.
    tokio::time::timeout(Duration::from_secs(15), async {
        until("blindness is reported", async || net.sink.has("/blind", "opened")).await;
    })
    .await
    .expect("the alert within 15 s of the start");
    let alert = &net.sink.alerts("/blind", "opened")[0];
    assert_eq!(alert.text("severity"), "page");
    for url in net.devnet.rpc_urls() {
        let host = url.trim_start_matches("http://").trim_end_matches('/');
        assert!(alert.text("details").contains(host), "a reason for each endpoint: {}", alert.text("details"));
    }
    until("the alert is repeated", async || net.sink.alerts("/blind", "updated").len() >= 2).await;
    assert!(daemon.is_running());

    for index in 0..3 {
        net.handle().rpc_fault(index, RpcFault::Ok).unwrap();
    }
    until("sight is back", async || net.sink.has("/blind", "resolved")).await;
    daemon.ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_on_one_state_is_refused() {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup::default());
    let daemon = Daemon::start(&config);
    daemon.ready().await;
    let output = daemon.command(&["run"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is in use by another dogwatch"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_configuration_exits_at_once_with_its_own_code() {
    let (net, dir) = (Net::start().await, Net::directory());
    let setup = Setup { top: "mod = \"armed\"".into(), ..Setup::default() };
    let config = net.write(dir.path(), &setup);
    let output = crate::support::dogwatch().args(["run", "--config"]).arg(&config).output().await.unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("unknown key mod") && said.contains("Did you mean mode?"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_policy_is_a_page_and_the_watch_goes_on() {
    let (net, dir) = (Net::start().await, Net::directory());
    let setup = Setup { witness: "policy = \"treshold\"".into(), ..Setup::default() };
    let mut daemon = Daemon::start(&net.write(dir.path(), &setup));
    until("it is reported", async || net.sink.has("/policy-failed", "opened")).await;
    assert!(net.sink.alerts("/policy-failed", "opened")[0].text("details").contains("did you mean threshold?"));
    assert!(daemon.is_running());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_log_does_not_stop_the_watch() {
    use std::process::Stdio;
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup::default());
    let mut command = crate::support::dogwatch();
    command.args(["run", "--config"]).arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stderr.take());
    until("the watch goes on", async || {
        let output =
            crate::support::dogwatch().args(["status", "--json", "--config"]).arg(&config).output().await.unwrap();
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        status["chains"][0]["witnesses"][0]["slots"].as_str().is_some_and(|slots| slots.len() >= 3)
    })
    .await;
    assert!(child.try_wait().unwrap().is_none());
}

/// All endpoints hang while the daemon watches, on a chain with slots as long as Hive's.
#[tokio::test(flavor = "multi_thread")]
async fn blindness_is_reported_within_ten_seconds_with_a_reason_for_each_endpoint() {
    let net = Net::with(|config| config.block_interval_ms = 3000).await;
    let dir = Net::directory();
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    until("the chain is seen", async || {
        daemon.status().await.is_some_and(|status| status["chains"][0]["agreement"] == "agreed")
    })
    .await;
    until("nothing is open from the start", async || {
        !net.sink.has("/blind", "opened") || net.sink.has("/blind", "resolved")
    })
    .await;
    let before = net.sink.alerts("/blind", "opened").len();
    for index in 0..3 {
        net.handle().rpc_fault(index, RpcFault::Hang).unwrap();
    }
    tokio::time::timeout(Duration::from_secs(10), async {
        until("blindness is reported", async || net.sink.alerts("/blind", "opened").len() > before).await;
    })
    .await
    .expect("the alert within 10 s");
    let details = net.sink.alerts("/blind", "opened")[before].text("details").to_owned();
    for url in net.devnet.rpc_urls() {
        assert!(details.contains(url.trim_start_matches("http://").trim_end_matches('/')), "{details}");
    }
    assert!(details.matches("took longer").count() >= 3, "{details}");
}
