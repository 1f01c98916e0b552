//! What a pinned channel plugin may use: hosts and secrets, whatever its channels' sections allow.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::{Daemon, Net, Setup, WITNESS, put, ran, threshold, until};

/// A configuration whose channel speaks by the plugin `mine`, a file; with `more` in the channel's section.
fn wired(net: &Net, dir: &TempDir, more: &str) -> PathBuf {
    let plugins = dir.path().join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    put(&plugins, "mine", dogwatch_bundled::find("webhook").unwrap().wasm);
    let top = format!("plugins_dir = {plugins:?}");
    let config = net.write(dir.path(), &Setup { top, channel: more.to_owned(), ..Setup::default() });
    change(&config, "plugin = \"webhook\"", "plugin = \"mine\"");
    config
}

fn change(config: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(config).unwrap();
    assert!(text.contains(from), "{from} is not in: {text}");
    std::fs::write(config, text.replacen(from, to, 1)).unwrap();
}

/// Runs a command with that configuration, and looks at its exit code and at what it says.
fn says(config: &Path, command: &[&str], code: i32, parts: &[&str]) -> String {
    let output = ran(&[command, &["--config", config.to_str().unwrap()]].concat());
    for part in parts {
        assert!(output.said.contains(part), "{part} is not in: {}", output.said);
    }
    assert_eq!(output.code, Some(code), "{}", output.said);
    output.said
}

const TRUST: &[&str] = &["plugin", "trust", "mine"];
const CHECK: &[&str] = &["check"];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_trusted_is_granted_and_no_more() {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = wired(&net, &dir, "# the pager\n");
    let sink = &net.sink.address;
    let hosts = format!("hosts = [\"{sink}\"]");
    let secrets = "secrets = [\"signing_key\", \"token\", \"url\"]";
    let asked = format!("host    {sink} (channel pager)");
    let told = says(&config, TRUST, 0, &[&asked, "secret  token", "imports   ", "setting   url", &hosts, secrets]);
    assert!(!told.contains("granted before"), "{told}");
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains("# the pager") && text.contains("[plugin.mine]\nsha256 = "), "{text}");
    says(&config, CHECK, 0, &["The configuration is valid"]);
    says(&config, TRUST, 0, &["That is no more than it was granted before."]);
    let mut daemon = Daemon::start(&config);
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the channel delivers", async || net.sink.has("/switching", "opened")).await;
    daemon.terminate().await;

    // Its section allows one host more: neither the check nor the start takes that.
    change(&config, "allow_hosts = [", "allow_hosts = [\"other.example\", ");
    let refused = "channel \"pager\": allow_hosts has \"other.example\", which hosts of [plugin.mine] does not grant";
    says(&config, CHECK, 3, &[refused, "dogwatch plugin trust mine"]);
    says(&config, &["run"], 3, &[refused, "channel pager delivered the message"]);
    until("what is granted still tells", async || net.sink.has("daemon/test/start", "opened")).await;

    let more = "That is more than it was granted before: host other.example";
    says(&config, TRUST, 0, &[more]);
    says(&config, CHECK, 0, &["The configuration is valid"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_granted_gets_nothing() {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = wired(&net, &dir, "");
    says(&config, TRUST, 0, &[]);
    // A start that went well keeps a copy of the plugin for those that do not.
    let mut daemon = Daemon::start(&config);
    daemon.ready().await;
    daemon.terminate().await;
    let before = net.sink.received().len();
    change(&config, "\nhosts = [\"127.", "\nhosts = [\"other.example\"] # 127.");
    says(&config, CHECK, 3, &["which hosts of [plugin.mine] does not grant"]);
    says(&config, &["run"], 3, &["NO CHANNEL DELIVERED", "is not in allow_hosts"]);
    assert_eq!(net.sink.received().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_granted_is_refused() {
    let (net, dir) = (Net::start().await, Net::directory());
    let token = dir.path().join("primary.wif");
    let config = wired(&net, &dir, &format!("secrets = {{ token = {{ file = {token:?} }} }}"));
    says(&config, TRUST, 0, &["secret  token"]);
    says(&config, CHECK, 0, &[]);
    change(&config, "\"token\", ", "");
    let refused = "channel \"pager\": it has the secret \"token\", which secrets of [plugin.mine] does not grant";
    says(&config, CHECK, 3, &[refused]);
    // One of the two keys alone grants nothing of the other.
    change(&config, "secrets = [", "# secrets = [");
    says(&config, CHECK, 3, &[refused]);
    says(&config, TRUST, 0, &["That is more than it was granted before: secret signing_key, secret token, secret url"]);
    says(&config, CHECK, 0, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_granted_nothing() {
    let (net, dir) = (Net::start().await, Net::directory());
    let config = wired(&net, &dir, "");
    // One that no witness has.
    put(&dir.path().join("plugins"), "spare", threshold());
    let told = says(&config, &["plugin", "trust", "spare"], 0, &["the rails hold", "[plugin.spare]\nsha256 = \""]);
    assert!(!told.contains("hosts") && !told.contains("secrets ="), "{told}");
    change(&config, "[plugin.spare]", "[plugin.spare]\nhosts = []");
    says(&config, CHECK, 3, &["plugin.spare: it is a policy", "Remove hosts and secrets"]);
    says(&config, &["plugin", "trust", "spare"], 0, &[]);
    says(&config, CHECK, 0, &[]);
}
