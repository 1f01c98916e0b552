//! Tests against real programs: Alertmanager, a mail server, and Apprise behind the webhook.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::support::{Daemon, Net, Setup, Sink, until};

/// The Python interpreter that `cargo xtask setup` prepares, with the packages needed here.
fn python() -> Command {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python/bin/python");
    assert!(path.exists(), "{} is missing: run cargo xtask setup", path.display());
    let mut command = Command::new(path);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn free_port() -> u16 {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

async fn listening(port: u16) {
    until("it listens", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
}

/// Adds a channel to a configuration.
fn with_channel(net: &Net, dir: &Path, channel: &str) -> PathBuf {
    let config = net.write(dir, &Setup::default());
    let text = std::fs::read_to_string(&config).unwrap() + channel;
    std::fs::write(&config, text).unwrap();
    config
}

async fn raise_and_resolve(daemon: &Daemon) {
    let hostile = "the <b>backup</b> & \"all\" of {{ it }} failed \u{202e}! é 🐕";
    let raised = daemon.command(&["alert", "raise", "backup", hostile, "--severity", "page"]).await;
    assert!(raised.status.success());
}

async fn alertmanager(dir: &Path, port: u16) -> Child {
    let file = dir.join("alertmanager.yml");
    std::fs::write(&file, "route:\n  receiver: none\nreceivers:\n  - name: none\n").unwrap();
    let child = Command::new("prometheus-alertmanager")
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.path={}", dir.join("alertmanager").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--cluster.listen-address=")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("prometheus-alertmanager: cargo xtask setup installs it");
    listening(port).await;
    child
}

#[tokio::test(flavor = "multi_thread")]
async fn alertmanager_fires_and_resolves_the_same_alert() {
    let (net, dir, port) = (Net::start().await, Net::directory(), free_port().await);
    dogwatch::install_tls_provider();
    let _server = alertmanager(dir.path(), port).await;
    let channel = format!(
        "[[channel]]\nname = \"am\"\nplugin = \"alertmanager\"\nallow_hosts = [\"127.0.0.1:{port}\"]\n\
         [channel.settings]\nurl = \"http://127.0.0.1:{port}\"\n"
    );
    let daemon = Daemon::start(&with_channel(&net, dir.path(), &channel));
    daemon.ready().await;
    let firing = async || {
        let url = format!("http://127.0.0.1:{port}/api/v2/alerts?active=true");
        let alerts: Vec<Value> = reqwest::get(url).await.unwrap().json().await.unwrap();
        alerts
            .into_iter()
            .filter(|alert| alert["labels"]["dogwatch_key"] == "daemon/test/raised/backup")
            .collect::<Vec<_>>()
    };
    raise_and_resolve(&daemon).await;
    until("it fires", async || firing().await.len() == 1).await;
    let alert = &firing().await[0];
    assert_eq!(alert["labels"]["severity"], "page");
    assert!(alert["annotations"]["summary"].as_str().unwrap().contains("the <b>backup</b>"), "{alert}");
    let tested = daemon.command(&["alert", "test", "--channel", "am"]).await;
    assert!(String::from_utf8_lossy(&tested.stdout).contains("works"), "{tested:?}");
    daemon.command(&["alert", "resolve", "backup"]).await;
    until("it has ended", async || firing().await.is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_mail_server_accepts_the_mails() {
    let (net, dir, port) = (Net::start().await, Net::directory(), free_port().await);
    let mails = dir.path().join("mails");
    std::fs::create_dir(&mails).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/end_to_end/real_services/mail_server.py");
    let _server = python().arg(script).arg(port.to_string()).arg(&mails).spawn().unwrap();
    listening(port).await;
    let channel = format!(
        "[[channel]]\nname = \"mail\"\nplugin = \"email\"\nallow_hosts = [\"127.0.0.1:{port}\"]\n[channel.settings]\n\
         server = \"127.0.0.1\"\nport = {port}\nsecurity = \"plain\"\nfrom = \"Dogwatch <dogwatch@example.com>\"\n\
         to = [\"ops@example.com\", \"Second <second@example.com>\"]\n"
    );
    let daemon = Daemon::start(&with_channel(&net, dir.path(), &channel));
    daemon.ready().await;
    raise_and_resolve(&daemon).await;
    let received = || {
        let mut files: Vec<PathBuf> = std::fs::read_dir(&mails).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let read = |path: PathBuf| serde_json::from_slice::<Value>(&std::fs::read(path).ok()?).ok();
        files.into_iter().filter_map(read).collect::<Vec<Value>>()
    };
    let of_backup = || {
        let wanted = |mail: &Value| mail["text"].as_str().is_some_and(|text| text.contains("raised/backup"));
        received().into_iter().filter(wanted).collect::<Vec<_>>()
    };
    // Each recipient gets a separate mail.
    until("the mails are there", async || of_backup().len() == 2).await;
    let opened = of_backup()[0].clone();
    assert!(opened["subject"].as_str().unwrap().starts_with("PAGE at test: the <b>backup</b>"), "{opened}");
    let mut recipients: Vec<Value> = of_backup().iter().map(|mail| mail["recipients"].clone()).collect();
    recipients.sort_by_key(Value::to_string);
    assert_eq!(recipients, [serde_json::json!(["ops@example.com"]), serde_json::json!(["second@example.com"])]);
    assert!(opened["text"].as_str().unwrap().contains('🐕') || opened["subject"].as_str().unwrap().contains('🐕'));
    daemon.command(&["alert", "resolve", "backup"]).await;
    until("the others are there", async || of_backup().len() == 4).await;
    let resolved =
        of_backup().into_iter().find(|mail| mail["subject"].as_str().unwrap().starts_with("RESOLVED")).unwrap();
    assert_eq!(resolved["in_reply_to"], opened["in_reply_to"], "one thread");
}

#[tokio::test(flavor = "multi_thread")]
async fn apprise_forwards_the_webhooks_messages() {
    let (net, dir, port) = (Net::start().await, Net::directory(), free_port().await);
    let behind = Sink::start().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/end_to_end/real_services/apprise_bridge.py");
    let target = format!("json://{}/hook", behind.address);
    let _bridge = python().arg(script).arg(port.to_string()).arg(target).spawn().unwrap();
    listening(port).await;
    let channel = format!(
        "[[channel]]\nname = \"apprise\"\nplugin = \"webhook\"\nallow_hosts = [\"127.0.0.1:{port}\"]\n[channel.settings]\n\
         url = \"http://127.0.0.1:{port}/notify\"\n\
         template = '{{\"title\":\"{{{{title}}}}\",\"body\":\"{{{{body}}}}\",\"type\":\"failure\"}}'\n"
    );
    let daemon = Daemon::start(&with_channel(&net, dir.path(), &channel));
    daemon.ready().await;
    raise_and_resolve(&daemon).await;
    let passed = || {
        let wanted = |alert: &crate::support::Received| alert.text("message").contains("raised/backup");
        behind.received().into_iter().find(wanted)
    };
    until("Apprise has passed it on", async || passed().is_some()).await;
    let alert = passed().unwrap();
    assert_eq!(alert.text("type"), "failure");
    assert!(alert.text("title").starts_with("PAGE at test: the <b>backup</b> & \"all\""), "{}", alert.body);
}
