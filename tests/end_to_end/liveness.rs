//! Liveness: the dead man's switch, systemd's watchdog, metrics and undelivered pages.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use dogwatch_devnet::RpcFault;
use dogwatch_services::healthchecks::{Edition, Healthchecks, Kind, Status};
use dogwatch_services::{Authority, Fake};
use tokio::task::JoinSet;

use crate::support::{Daemon, Net, Setup, until};

const UUID: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";

/// The configuration of a daemon that pings a check once per second.
async fn with_a_check(net: &Net, dir: &Path, top: &str) -> (PathBuf, Fake<Healthchecks>) {
    let authority = Authority::new().unwrap();
    let service = Healthchecks::new(Edition::SelfHosted, "key").with_check(UUID, "watch");
    let fake = Fake::start(service, &authority).await.unwrap();
    let (pem, uuid) = (dir.join("authority.pem"), dir.join("uuid"));
    std::fs::write(&pem, authority.pem()).unwrap();
    std::fs::write(&uuid, UUID).unwrap();
    std::fs::set_permissions(&uuid, PermissionsExt::from_mode(0o600)).unwrap();
    let config = net.write(dir, &Setup { top: top.to_owned(), ..Setup::default() });
    let more = format!(
        "[[channel]]\nname = \"hc\"\nplugin = \"healthchecks\"\nheartbeat = \"1s\"\nauthority = {pem:?}\n\
         allow_hosts = [\"{}\"]\n[channel.settings]\nurl = \"{}/ping\"\n[channel.secrets]\nuuid = {{ file = {uuid:?} }}\n",
        fake.host(),
        fake.url()
    );
    let text = std::fs::read_to_string(&config).unwrap() + &more;
    std::fs::write(&config, text).unwrap();
    (config, fake)
}

fn pings(fake: &Fake<Healthchecks>) -> Vec<(Kind, String)> {
    fake.with(|service| {
        let ping = |ping: &dogwatch_services::healthchecks::Ping| {
            (ping.kind, String::from_utf8_lossy(&ping.body).into_owned())
        };
        service.checks.get(UUID).unwrap().pings.iter().map(ping).collect()
    })
}

fn status(fake: &Fake<Healthchecks>) -> Status {
    fake.with(|service| service.checks.get(UUID).unwrap().status)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_completed_cycles_keep_the_dead_mans_switch_quiet() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (config, fake) = with_a_check(&net, dir.path(), "").await;
    let daemon = Daemon::start(&config);
    until("the check is up", async || status(&fake) == Status::Up).await;
    assert_eq!(pings(&fake)[0].0, Kind::Start);
    for index in 0..3 {
        net.handle().rpc_fault(index, RpcFault::Down).unwrap();
    }
    until("the check is down", async || status(&fake) == Status::Down).await;
    let (_, reason) = pings(&fake).last().unwrap().clone();
    assert!(reason.contains("devnet: no fresh, agreed head") && reason.contains("test"), "{reason}");
    for index in 0..3 {
        net.handle().rpc_fault(index, RpcFault::Ok).unwrap();
    }
    until("the check is up again", async || status(&fake) == Status::Up).await;
    daemon.delivered().await;
    assert!(net.sink.received().iter().all(|alert| !alert.text("key").contains("heartbeat")), "it got through");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_in_which_nothing_decides_is_not_a_sign_of_life() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (config, fake) = with_a_check(&net, dir.path(), "").await;
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replace("policy = \"threshold\"\n", "policy = \"treshold\"\nfallback_policy = \"none\"\n");
    std::fs::write(&config, text).unwrap();
    let _daemon = Daemon::start(&config);
    until("the check is down", async || status(&fake) == Status::Down).await;
    let reason = pings(&fake).last().unwrap().1.clone();
    assert!(reason.contains("nothing decides for alice: "), "{reason}");
    assert!(pings(&fake).iter().all(|(kind, _)| *kind != Kind::Success));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_in_which_the_fallback_policy_decides_is_alive() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (config, fake) = with_a_check(&net, dir.path(), "").await;
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("policy = \"threshold\"\n", "policy = \"treshold\"\n")).unwrap();
    let _daemon = Daemon::start(&config);
    until("the policy is reported", async || net.sink.has("/policy-failed", "opened")).await;
    until("the check is up", async || status(&fake) == Status::Up).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undelivered_page_is_reported_everywhere() {
    let (net, dir) = (Net::at_real_pace().await, Net::directory());
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let top = "[alerts]\npage_deadline = \"2s\"\n";
    let (config, fake) = with_a_check(&net, dir.path(), top).await;
    let text = std::fs::read_to_string(&config).unwrap() + &format!("[metrics]\nlisten = \"{port}\"\n");
    std::fs::write(&config, text).unwrap();
    net.sink.refuse([503; 1000]);
    let daemon = Daemon::start(&config);
    daemon.ready().await;
    daemon.command(&["alert", "raise", "x", "something broke", "--severity", "page"]).await;
    until("standard error says so", async || daemon.logged(&["NO CHANNEL HAS DELIVERED THIS PAGE", "raised/x"])).await;
    let status_text = String::from_utf8_lossy(&daemon.command(&["status"]).await.stdout).into_owned();
    assert!(status_text.contains("NO CHANNEL HAS DELIVERED THE PAGE daemon/test/raised/x: pager:"), "{status_text}");
    until("the heartbeat says so", async || status(&fake) == Status::Down).await;
    assert!(pings(&fake).last().unwrap().1.contains("no channel has delivered the page daemon/test/raised/x"));
    let metrics = reqwest::get(format!("http://{port}/metrics")).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("dogwatch_undelivered_pages 1"), "{metrics}");
    let on_duty = "dogwatch_node_on_duty{chain=\"devnet\",witness=\"alice\",node=\"primary\"} 1";
    let fuel = "dogwatch_policy_call_fuel{chain=\"devnet\",witness=\"alice\",policy=\"";
    assert!(metrics.contains(fuel), "{metrics}");
    assert!(metrics.contains(on_duty) && metrics.ends_with("# EOF\n"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_channels_report_failed_heartbeats() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (config, fake) = with_a_check(&net, dir.path(), "").await;
    fake.order(vec![Some(dogwatch_services::Fault::Status(503)); 7]);
    let _daemon = Daemon::start(&config);
    until("the alert arrives", async || net.sink.has("heartbeat/hc", "opened")).await;
    until("it is called off", async || net.sink.has("heartbeat/hc", "resolved")).await;
}

/// Records what the daemon reports to systemd.
fn systemd(dir: &Path, tasks: &mut JoinSet<()>) -> (PathBuf, Arc<Mutex<Vec<String>>>) {
    let path = dir.join("notify.sock");
    let socket = tokio::net::UnixDatagram::bind(&path).unwrap();
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    tasks.spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok(read) = socket.recv(&mut buffer).await {
            let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
            heard.lock().unwrap().extend(text.lines().map(str::to_owned));
        }
    });
    (path, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_gets_the_start_each_round_and_the_stop() {
    let (net, dir) = (Net::start().await, Net::directory());
    let mut tasks = JoinSet::new();
    let (socket, said) = systemd(dir.path(), &mut tasks);
    let count = |word: &str| said.lock().unwrap().iter().filter(|line| *line == word).count();
    // It is up even though no endpoint answers.
    for index in 0..3 {
        net.handle().rpc_fault(index, RpcFault::Down).unwrap();
    }
    let config = net.write(dir.path(), &Setup::default());
    let mut daemon = Daemon::start_with(&config, |command| {
        command.env("NOTIFY_SOCKET", &socket);
    });
    until("it is ready", async || count("READY=1") == 1).await;
    until("the watchdog is fed", async || count("WATCHDOG=1") > 3).await;
    assert_eq!(daemon.terminate().await, Some(0));
    until("it says good-bye", async || count("STOPPING=1") == 1).await;

    std::fs::write(&config, "site = \"broken\"").unwrap();
    let mut command = crate::support::dogwatch();
    command.args(["run", "--config"]).arg(&config).env("NOTIFY_SOCKET", &socket);
    assert_eq!(command.status().await.unwrap().code(), Some(3));
    assert_eq!(count("READY=1"), 1, "it was never ready");
}
