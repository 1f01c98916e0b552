//! Plugin files that must be signed: from the author's key to the daemon that uses the file.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::support::{Author, Daemon, Net, Setup, hostile, mine, put, ran, ran_with, threshold, until};

/// A configuration whose policy is `mine`, where plugin files must be signed by that author.
fn signed_by(author: &Author, dir: &Path) -> (PathBuf, Setup) {
    let (plugins, setup) = mine(dir, "");
    let top = format!("{}\n[plugins]\nrequire_signature = [{:?}]", setup.top, author.public());
    (plugins, Setup { top, ..setup })
}

/// Puts a file in the signature's place.
fn put_signature(plugins: &Path, bytes: &[u8]) {
    let half = plugins.join(".signature.part");
    std::fs::write(&half, bytes).unwrap();
    std::fs::rename(&half, plugins.join("mine.wasm.minisig")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_file_decides_once_its_signature_arrives() {
    let (net, dir) = (Net::start().await, Net::directory());
    let author = Author::new(dir.path(), "author.key");
    let (plugins, setup) = signed_by(&author, dir.path());
    put(&plugins, "mine", threshold());
    let daemon = Daemon::start(&net.write(dir.path(), &setup));
    until("the unsigned policy is reported", async || net.sink.has("/policy-failed", "opened")).await;
    let details = net.sink.alerts("/policy-failed", "opened")[0].text("details").to_owned();
    for part in
        ["is not signed, and the configuration requires a signature", "mine.wasm.minisig", "dogwatch plugin sign"]
    {
        assert!(details.contains(part), "{part} is not in: {details}");
    }
    let listed = ran(&["plugin", "list", "mine", "--config", daemon.config.to_str().unwrap()]);
    assert_eq!(listed.code, Some(3));
    assert!(listed.said.contains("is not signed") && !listed.said.contains("minisig.minisig"), "{}", listed.said);

    author.sign(&plugins.join("mine.wasm"));
    until("the policy works", async || net.sink.has("/policy-failed", "resolved")).await;
    daemon.ready().await;
    let listed = ran(&["plugin", "list", "mine", "--config", daemon.config.to_str().unwrap()]);
    assert!(
        listed.code == Some(0) && listed.said.contains(&format!("signed by key {}: timestamp:", author.id())),
        "{}",
        listed.said
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_signed_as_it_is_does_not_replace_one_that_was() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (author, other) = (Author::new(dir.path(), "author.key"), Author::new(dir.path(), "other.key"));
    let (plugins, setup) = signed_by(&author, dir.path());
    let file = plugins.join("mine.wasm");
    put(&plugins, "mine", threshold());
    author.sign(&file);
    let good = std::fs::read(plugins.join("mine.wasm.minisig")).unwrap();
    let daemon = Daemon::start(&net.write(dir.path(), &setup));
    daemon.ready().await;
    let told = |part: &str| {
        let texts =
            [net.sink.alerts("/plugin-refused/mine", "opened"), net.sink.alerts("/plugin-refused/mine", "updated")];
        texts.iter().flatten().any(|alert| alert.text("details").contains(part))
    };
    put(&plugins, "mine", &hostile(b"good"));
    until("changed bytes are refused", async || told("mine.wasm.minisig does not fit the file")).await;
    let listed = |part: &str| {
        let listed = ran(&["plugin", "list", "mine", "--config", daemon.config.to_str().unwrap()]);
        assert!(listed.code == Some(3) && listed.said.contains(part), "{part} is not in: {}", listed.said);
    };
    other.sign(&file);
    listed(&format!("is by key {}, which is none of those that may sign plugins ({})", other.id(), author.id()));
    put_signature(&plugins, &good[..good.len() / 2]);
    listed("is not in minisign's format, or cut short");
    put_signature(&plugins, &vec![b'\n'; 10_000_000]);
    listed("is larger than a signature may be");
    std::fs::remove_file(plugins.join("mine.wasm.minisig")).unwrap();
    author.sign(&file);
    std::fs::rename(plugins.join("mine.wasm.minisig"), dir.path().join("good.minisig")).unwrap();
    symlink(dir.path().join("good.minisig"), plugins.join("mine.wasm.minisig")).unwrap();
    listed("it is not a regular file; put the file itself there, not a link to it");
    assert!(!net.sink.has("/plugin-refused/mine", "resolved") && !net.sink.has("/policy-failed", "opened"));
    std::fs::rename(dir.path().join("good.minisig"), plugins.join("mine.wasm.minisig")).unwrap();
    until("it is used once its author has signed it", async || net.sink.has("/plugin-refused/mine", "resolved")).await;
    assert!(!net.sink.has("/policy-failed", "opened"), "the old one decided all the while");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_copy_is_used_as_long_as_its_signers_key_is_trusted() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (author, other) = (Author::new(dir.path(), "author.key"), Author::new(dir.path(), "other.key"));
    let (plugins, setup) = signed_by(&author, dir.path());
    put(&plugins, "mine", dogwatch_bundled::find("webhook").unwrap().wasm);
    author.sign(&plugins.join("mine.wasm"));
    let setup = Setup { witness: String::new(), ..setup };
    let config = net.write(dir.path(), &setup);
    let text = std::fs::read_to_string(&config).unwrap().replace("plugin = \"webhook\"", "plugin = \"mine\"");
    std::fs::write(&config, &text).unwrap();
    let mut daemon = Daemon::start(&config);
    daemon.ready().await;
    daemon.terminate().await;
    let kept = dir.path().join("state/alerting/plugins/mine.wasm.minisig");
    assert!(kept.exists(), "the copy has its signature beside it");
    std::fs::remove_file(plugins.join("mine.wasm")).unwrap();
    let mut daemon = Daemon::start(&config);
    until("it delivers, and says with what", async || net.sink.has("kept-plugin/pager", "opened")).await;
    daemon.terminate().await;

    std::fs::write(&config, text.replace(&author.public(), &other.public())).unwrap();
    let daemon = Daemon::start(&config);
    let open = async || {
        let alerts = daemon.command(&["alerts", "--json"]).await;
        String::from_utf8_lossy(&alerts.stdout).into_owned()
    };
    until("the channel is broken", async || open().await.contains("daemon/test/channel/pager")).await;
    assert!(daemon.logged(&["this channel does not work", "there is no plugin mine"]));
}

#[test]
fn an_author_signs_and_anybody_verifies() {
    let dir = Net::directory();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let password = |text: &'static str| {
        move |command: &mut std::process::Command| {
            command.env("DOGWATCH_SIGN_PASSWORD", text);
        }
    };
    let (key, file) = (at("author.key"), at("mine.wasm"));
    std::fs::write(&file, threshold()).unwrap();
    let made = ran_with(&["plugin", "sign", "--new-key", &key], password("correct horse"));
    assert!(made.code == Some(0) && made.said.contains("require_signature = [\"RW"), "{}", made.said);
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let again = ran(&["plugin", "sign", "--new-key", &key, "--no-password"]);
    assert!(again.code == Some(1) && again.said.contains("a key is never overwritten"), "{}", again.said);

    let signed = ran_with(&["plugin", "sign", &file, "--key", &key], password("correct horse"));
    assert!(signed.code == Some(0) && signed.said.contains("mine.wasm.minisig"), "{}", signed.said);
    for given in [&at("author.key.pub"), std::fs::read_to_string(at("author.key.pub")).unwrap().lines().nth(1).unwrap()]
    {
        let verified = ran(&["plugin", "verify", &file, "--key", given]);
        assert_eq!(verified.code, Some(0), "{}", verified.said);
        assert!(
            verified.said.contains("is signed by key ") && verified.said.contains(" file:mine.wasm "),
            "{}",
            verified.said
        );
    }
    let inspected = ran(&["plugin", "inspect", &file]);
    assert!(
        inspected.said.contains("signed    by key ") && inspected.said.contains("not verified"),
        "{}",
        inspected.said
    );

    let refused = |arguments: &[&str], with: &'static str, why: &str| {
        let output = ran_with(arguments, password(with));
        assert!(output.code == Some(3) && output.said.contains(why), "{why} is not in: {}", output.said);
        let secret = std::fs::read_to_string(&key).unwrap();
        assert!(!output.said.contains(secret.lines().nth(1).unwrap()) && !output.said.contains("correct horse"));
    };
    let sign = ["plugin", "sign", &file, "--key", &key];
    refused(&sign, "wrong", "is protected by another password");
    refused(
        &["plugin", "sign", &file, "--key", &at("author.key.pub")],
        "correct horse",
        "users other than its owner can read it",
    );
    refused(&["plugin", "verify", &file, "--key", &key], "", "is a secret key");
    refused(&["plugin", "verify", &file], "", "Name a public key with --key");
    refused(&["plugin", "verify", &file, "--key", &at("nothing")], "", "is not a public key");
    let public = at("author.key.pub");
    std::fs::write(&file, hostile(b"good")).unwrap();
    refused(&["plugin", "verify", &file, "--key", &public], "", "does not fit the file");
    std::fs::remove_file(at("mine.wasm.minisig")).unwrap();
    refused(&["plugin", "verify", &file, "--key", &public], "", "is not signed");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    refused(&sign, "correct horse", "users other than its owner can read it");
}
