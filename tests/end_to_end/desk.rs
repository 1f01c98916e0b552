//! The alert desk in the real daemon: acknowledgement, escalation, storms, maintenance and channel tests.

use serde_json::Value;

use crate::support::{Daemon, Net, Setup, Sink, until};

/// A second receiver, and routes to both.
async fn with_a_colleague(net: &Net, dir: &std::path::Path, rules: &str) -> (std::path::PathBuf, Sink) {
    let colleague = Sink::start().await;
    let config = net.write(dir, &Setup::default());
    let more = format!(
        "[[channel]]\nname = \"colleague\"\nplugin = \"webhook\"\nallow_hosts = [\"{0}\"]\n[channel.settings]\n\
         url = \"http://{0}/hook\"\n{rules}",
        colleague.address
    );
    let text = std::fs::read_to_string(&config).unwrap() + &more;
    std::fs::write(&config, text).unwrap();
    (config, colleague)
}

async fn ok(daemon: &Daemon, arguments: &[&str]) -> String {
    let output = daemon.command(arguments).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unacknowledged_alert_goes_to_the_colleague() {
    let (net, dir) = (Net::start().await, Net::directory());
    let routes = "[[route]]\nchannels = [\"pager\"]\n[[route.step]]\nafter = \"2s\"\nchannels = [\"colleague\"]\n";
    let (config, colleague) = with_a_colleague(&net, dir.path(), routes).await;
    let daemon = Daemon::start(&config);
    daemon.ready().await;
    ok(&daemon, &["alert", "raise", "backup", "the backup failed", "--severity", "page"]).await;
    until("the pager gets the alert", async || net.sink.has("raised/backup", "opened")).await;
    assert!(!colleague.has("raised/backup", "escalated"));
    until("the colleague gets the alert", async || colleague.has("raised/backup", "escalated")).await;
    assert!(!net.sink.has("raised/backup", "escalated"), "channels that know get no escalation");

    let list = ok(&daemon, &["alerts"]).await;
    assert!(
        list.contains("PAGE  the backup failed") && list.contains("dogwatch ack daemon/test/raised/backup"),
        "{list}"
    );
    let said = ok(&daemon, &["ack", "daemon/test/raised/backup", "--by", "bob"]).await;
    assert_eq!(said.trim(), "acknowledged: daemon/test/raised/backup");
    until("both get the acknowledgement", async || {
        net.sink.has("raised/backup", "acknowledged") && colleague.has("raised/backup", "acknowledged")
    })
    .await;
    assert_eq!(colleague.alerts("raised/backup", "acknowledged")[0].text("acknowledged_by"), "bob");
    ok(&daemon, &["alert", "resolve", "backup"]).await;
    until("both get the end", async || {
        net.sink.has("raised/backup", "resolved") && colleague.has("raised/backup", "resolved")
    })
    .await;
    assert!(ok(&daemon, &["alerts"]).await.contains("No alerts are open."));
    assert_eq!(daemon.command(&["ack", "daemon/test/raised/backup"]).await.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_in_time_keeps_the_colleague_asleep_and_survives_a_restart() {
    let (net, dir) = (Net::start().await, Net::directory());
    let routes = "[[route]]\nchannels = [\"pager\"]\n[[route.step]]\nafter = \"3s\"\nchannels = [\"colleague\"]\n";
    let (config, colleague) = with_a_colleague(&net, dir.path(), routes).await;
    let mut daemon = Daemon::start(&config);
    daemon.ready().await;
    ok(&daemon, &["alert", "raise", "one", "first", "--severity", "page"]).await;
    ok(&daemon, &["ack", "--all"]).await;
    daemon.kill().await;
    let daemon = Daemon::start(&config);
    daemon.ready().await;
    // A later alert escalates; by then the first one would have.
    ok(&daemon, &["alert", "raise", "two", "second", "--severity", "page"]).await;
    until("the second climbs", async || colleague.has("raised/two", "escalated")).await;
    assert!(!colleague.has("raised/one", "escalated"));
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_alerts_at_once_get_one_message() {
    let (net, dir) = (Net::at_real_pace().await, Net::directory());
    let setup = Setup { top: "[alerts]\ngather = \"20s\"\n".into(), ..Setup::default() };
    let daemon = Daemon::start(&net.write(dir.path(), &setup));
    daemon.ready().await;
    let raise = |n: usize| {
        let daemon = &daemon;
        async move {
            let (name, text) = (format!("disk/{n}"), format!("disk {n} is full"));
            ok(daemon, &["alert", "raise", &name, &text, "--severity", "page"]).await;
        }
    };
    futures_util::future::join_all((0..40).map(raise)).await;
    until("the storm's message arrives", async || net.sink.has("daemon/test/storm", "opened")).await;
    let storm = net.sink.alerts("daemon/test/storm", "opened");
    assert_eq!(storm.len(), 1);
    assert_eq!(storm[0].text("severity"), "page");
    assert!(storm[0].text("summary").starts_with("40 alerts opened at once"), "{}", storm[0].body);
    assert!(storm[0].text("details").contains("disk 7 is full"), "{}", storm[0].body);
    assert!(
        !net.sink.received().iter().any(|alert| alert.text("key").contains("raised/disk")),
        "one message, not forty"
    );

    ok(&daemon, &["ack", "daemon/test/storm", "--by", "bob"]).await;
    let list: Value = serde_json::from_str(&ok(&daemon, &["alerts", "--json"]).await).unwrap();
    let open = list["alerts"].as_array().unwrap();
    let of_storm: Vec<_> = open.iter().filter(|alert| alert["key"].as_str().unwrap().contains("raised/disk")).collect();
    assert_eq!(of_storm.len(), 40);
    assert!(of_storm.iter().all(|alert| alert["acknowledged_by"] == "bob"), "the members with the storm");
    for n in 0..40 {
        ok(&daemon, &["alert", "resolve", &format!("disk/{n}")]).await;
    }
    until("the storm is over", async || net.sink.has("daemon/test/storm", "resolved")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_maintenance_is_quiet_and_loses_nothing() {
    let (net, dir) = (Net::at_real_pace().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    assert_eq!(daemon.command(&["maintenance", "start"]).await.status.code(), Some(2), "an end is mandatory");
    ok(&daemon, &["maintenance", "start", "--for", "1h", "--reason", "replay"]).await;
    ok(&daemon, &["alert", "raise", "came", "it came and stayed", "--severity", "page"]).await;
    ok(&daemon, &["alert", "raise", "went", "it came and went", "--severity", "page"]).await;
    ok(&daemon, &["alert", "resolve", "went"]).await;
    assert!(ok(&daemon, &["status"]).await.contains("maintenance: alerts are held back until"));
    let before = net.sink.received().len();
    net.blocks(2).await;
    assert_eq!(net.sink.received().len(), before, "quiet");
    ok(&daemon, &["maintenance", "end"]).await;
    until("the digest comes", async || net.sink.has("daemon/test/maintenance", "report")).await;
    let digest = &net.sink.alerts("daemon/test/maintenance", "report")[0];
    assert!(digest.text("summary").contains("alerts held back: 2, still open: 1"), "{}", digest.body);
    assert!(digest.text("details").contains("it came and went"), "{}", digest.body);
    until("what is open is said", async || net.sink.has("raised/came", "opened")).await;
    assert!(!net.sink.has("raised/went", "opened"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_maintenance_ends_by_itself() {
    let (net, dir) = (Net::start().await, Net::directory());
    let mut daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    ok(&daemon, &["maintenance", "start", "--for", "5s"]).await;
    ok(&daemon, &["alert", "raise", "came", "it came and stayed", "--severity", "page"]).await;
    daemon.kill().await;
    let _daemon = Daemon::start(daemon_config(&daemon));
    until("what is open is said", async || net.sink.has("raised/came", "opened")).await;
}

fn daemon_config(daemon: &Daemon) -> &std::path::Path {
    &daemon.config
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_can_be_tested() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    let quiet = ok(&daemon, &["alert", "test"]).await;
    assert!(quiet.contains("pager") && quiet.contains("not known"), "a webhook has no self-test: {quiet}");
    assert!(!net.sink.has("daemon/test/test", "opened"));
    let loud = ok(&daemon, &["alert", "test", "--channel", "pager", "--as", "page"]).await;
    assert!(loud.contains("delivered"), "{loud}");
    assert!(net.sink.has("daemon/test/test", "opened") && net.sink.has("daemon/test/test", "resolved"));
    net.sink.refuse([401; 4]);
    let refused = daemon.command(&["alert", "test", "--as", "info"]).await;
    assert_eq!(refused.status.code(), Some(7));
    assert!(String::from_utf8_lossy(&refused.stdout).contains("the secret is missing or wrong"));
    let unknown = daemon.command(&["alert", "test", "--channel", "pagr"]).await;
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there are: pager"));
}

/// A phone that rings until someone presses its button, which is the same as running `dogwatch ack`.
#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_at_pushover_counts() {
    use std::os::unix::fs::PermissionsExt;
    let (net, dir) = (Net::at_real_pace().await, Net::directory());
    let authority = dogwatch_services::Authority::new().unwrap();
    let service = dogwatch_services::pushover::Pushover::new();
    let (token, user) = (service.token.clone(), service.user.clone());
    let fake = dogwatch_services::Fake::start(service, &authority).await.unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        path
    };
    let (pem, token, user) = (file("ca.pem", authority.pem()), file("token", &token), file("user", &user));
    let config = net.write(dir.path(), &Setup::default());
    let more = format!(
        "[[channel]]\nname = \"phone\"\nplugin = \"pushover\"\nauthority = {pem:?}\nallow_hosts = [\"{}\"]\n\
         [channel.settings]\nurl = \"{}\"\n[channel.secrets]\ntoken = {{ file = {token:?} }}\n\
         user = {{ file = {user:?} }}\n",
        fake.host(),
        fake.url()
    );
    let text = std::fs::read_to_string(&config).unwrap() + &more;
    std::fs::write(&config, text).unwrap();
    let daemon = Daemon::start(&config);
    daemon.ready().await;
    ok(&daemon, &["alert", "raise", "backup", "the backup failed", "--severity", "page"]).await;
    until("it rings", async || fake.with(|service| service.repeating()) == 1).await;
    fake.with(|service| {
        let device = service.devices[0].clone();
        service.acknowledge(&device);
    });
    until("the others get the acknowledgement", async || net.sink.has("raised/backup", "acknowledged")).await;
    let by = net.sink.alerts("raised/backup", "acknowledged")[0].text("acknowledged_by").to_owned();
    assert!(by.ends_with("(phone)"), "{by}");
    ok(&daemon, &["alert", "raise", "again", "and another one", "--severity", "page"]).await;
    until("it rings again", async || fake.with(|service| service.repeating()) == 1).await;
    ok(&daemon, &["alert", "resolve", "again"]).await;
    until("it stops when that is over", async || fake.with(|service| service.repeating()) == 0).await;
}
