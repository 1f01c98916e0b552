//! The pool in the daemon: the incident of 2018, upgrades, operators, the endpoints command, politeness.

use serde_json::Value;
use tokio::task::JoinSet;

use crate::support::{Authority, Counting, Daemon, Net, STEEMD, Setup, WITNESS, dogwatch, until};

/// The configuration of a daemon whose only endpoint is configured with `http://`, and the server behind it.
struct Incident {
    config: std::path::PathBuf,
    authority: Authority,
    fronts: JoinSet<()>,
}

impl Incident {
    async fn set(net: &Net, dir: &std::path::Path, allow_http: bool) -> Self {
        let (authority, mut fronts) = (Authority::new(), JoinSet::new());
        let port = authority.demanding_https(&net.devnet.rpc_urls()[0], &mut fronts).await;
        let ca = dir.join("ca.pem");
        authority.write(&ca);
        let text = net.toml(dir, &Setup::default());
        let (before, rest) = text.split_once("endpoints = [").unwrap();
        let (_, after) = rest.split_once("]\n").unwrap();
        let endpoint =
            format!("{{ url = \"http://{STEEMD}\", address = \"127.0.0.1:{port}\", allow_http = {allow_http} }}");
        let config = dir.join("dogwatch.toml");
        std::fs::write(&config, format!("{before}endpoints = [{endpoint}]\nauthority = {ca:?}\n{after}")).unwrap();
        Self { config, authority, fronts }
    }
}

/// 28 July 2018, 07:00 UTC: one endpoint, configured with http://, begins to demand https; then the primary dies.
#[tokio::test(flavor = "multi_thread")]
async fn incident_2018() {
    for allow_http in [false, true] {
        let (net, dir) = (Net::start().await, Net::directory());
        let incident = Incident::set(&net, dir.path(), allow_http).await;
        let daemon = Daemon::start(&incident.config);
        daemon.ready().await;
        until("the upgrade is reported", async || net.sink.has(&format!("/upgraded/{STEEMD}"), "opened")).await;
        until("that there is one voice only is reported", async || net.sink.has("/one-voice", "opened")).await;
        net.handle().crash(WITNESS, "primary").unwrap();
        until("the switch is reported as over", async || net.sink.has("/switching", "resolved")).await;
        assert_eq!((net.key_changes(), net.on_duty().as_deref()), (1, Some("second")));
        assert!(net.sink.has("/missing", "opened"), "and the alarm rang");
        assert!(incident.authority.plain_posts().is_empty(), "nothing readable was sent over plain http");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_is_reported_once_remembered_and_shown() {
    let (net, dir) = (Net::start().await, Net::directory());
    let mut incident = Incident::set(&net, dir.path(), true).await;
    let mut daemon = Daemon::start(&incident.config);
    daemon.ready().await;
    let shown = async |arguments: &[&str]| {
        let output = dogwatch().args(arguments).arg("--config").arg(&incident.config).output().await.unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for arguments in [["status"], ["endpoints"], ["check"]] {
        let said = shown(&arguments).await;
        assert!(said.contains("asked over https, although the configuration says http://"), "{arguments:?}: {said}");
    }
    daemon.delivered().await;
    daemon.kill().await;
    assert!(shown(&["check"]).await.contains("asked over https"), "also without a daemon");

    // The next start knows and does not report it again.
    let mut daemon = Daemon::start(&incident.config);
    daemon.ready().await;
    assert!(shown(&["status"]).await.contains("it did so before"));
    daemon.delivered().await;
    assert_eq!(net.sink.alerts(&format!("/upgraded/{STEEMD}"), "opened").len(), 1);
    daemon.kill().await;
    let fingerprints = std::fs::read(dir.path().join("state/state.sqlite")).unwrap();
    assert!(!String::from_utf8_lossy(&fingerprints).contains("http://"), "no URL in the state");

    // Configured with https://, it is over.
    let text = std::fs::read_to_string(&incident.config).unwrap();
    std::fs::write(&incident.config, text.replace("http://steemd", "https://steemd")).unwrap();
    let _daemon = Daemon::start(&incident.config);
    until("it is called off", async || net.sink.has(&format!("/upgraded/{STEEMD}"), "resolved")).await;
    incident.fronts.abort_all();
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_are_ranked_and_shown() {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = net.write(dir.path(), &Setup::default());
    let daemon = Daemon::start(&config);
    daemon.ready().await;
    net.handle().rpc_fault(0, dogwatch_devnet::RpcFault::Http500).unwrap();
    net.handle().rpc_fault(1, dogwatch_devnet::RpcFault::Stale { blocks: 60 }).unwrap();
    let read = async |more: &[&str]| -> Value {
        let output = daemon.command(&[&["endpoints", "--json"], more].concat()).await;
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    };
    let by = |report: &Value, rank: usize| report[0]["endpoints"][rank].clone();
    until("the good one is first", async || {
        let report = read(&[]).await;
        let last_error = by(&report, 2)["last_error"].to_string() + &by(&report, 1)["last_error"].to_string();
        by(&report, 0)["standing"] == "sound" && last_error.contains("HTTP status 500")
    })
    .await;
    let report = read(&[]).await;
    let first = by(&report, 0);
    assert_eq!((&first["rank"], &first["health"]), (&1.into(), &"well".into()));
    for member in ["name", "operator", "head", "head_age_ms", "lag", "latency_p50_ms", "latency_p90_ms", "budget_left"]
    {
        assert!(!first[member].is_null(), "{member}: {first}");
    }
    let stale = report[0]["endpoints"].as_array().unwrap().iter().find(|e| e["lag"].as_u64() > Some(5)).unwrap();
    assert_ne!(stale["standing"], "sound");
    let plain = String::from_utf8(daemon.command(&["endpoints"]).await.stdout).unwrap();
    assert!(plain.lines().nth(1).unwrap().contains("endpoint") && plain.contains("HTTP status 500"), "{plain}");

    // From here on without a daemon.
    let asked = read(&["--ask"]).await;
    assert_eq!(asked[0]["endpoints"].as_array().unwrap().len(), 3);
    drop(daemon);
    let output = dogwatch().args(["endpoints", "--config"]).arg(&config).output().await.unwrap();
    assert_eq!(output.status.code(), Some(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_steady_state_three_endpoints_get_three_requests_per_slot() {
    // Slots long enough for a slow machine. On a real chain this is one request per second in all.
    let net = Net::with(|config| config.block_interval_ms = 500).await;
    let dir = Net::directory();
    let mut counting = Vec::new();
    for url in net.devnet.rpc_urls() {
        counting.push(Counting::before(&url).await);
    }
    let endpoints = Some(counting.iter().map(|counting| counting.url.clone()).collect());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup { endpoints, ..Setup::default() }));
    daemon.ready().await;
    net.blocks(5).await;
    let count = || counting.iter().map(Counting::requests).sum::<usize>();
    let (before, slot) = (count(), net.handle().snapshot().slot.0);
    net.blocks(30).await;
    let (requests, slots) = (count() - before, net.handle().snapshot().slot.0 - slot);
    let slots = usize::try_from(slots).unwrap();
    // The exception: a late block is asked for once more.
    assert!(requests <= slots * 3 + slots / 3 + 3, "{requests} requests in {slots} slots");
    assert!(requests >= slots * 2, "{requests} requests in {slots} slots");
}

/// A profile that does not describe the chain: every count of slots would be wrong, and every verdict with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_profile_is_a_page_and_no_reason_to_switch() {
    for (right, wrong) in
        [("block_interval = \"500ms\"", "block_interval = \"3s\""), ("round_length = 10", "round_length = 21")]
    {
        let net = Net::with(|config| config.block_interval_ms = 500).await;
        let dir = Net::directory();
        let path = net.write(dir.path(), &Setup::default());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(right), "{text}");
        std::fs::write(&path, text.replace(right, wrong)).unwrap();
        let daemon = Daemon::start(&path);
        until("it is reported", async || net.sink.has("/wrong-profile", "opened")).await;
        net.handle().crash(WITNESS, "primary").unwrap();
        net.own_misses(3).await;
        assert_eq!(daemon.witness().await.unwrap()["verdict"], "cannot-tell", "{wrong}");
        assert_eq!(net.key_changes(), 0, "{wrong}");
    }
}
