//! Planted secrets are looked for in everything the daemon leaves behind.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Daemon, Net, Setup, WITNESS, until};

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_any_log_alert_status_or_state() {
    let (net, dir) = (Net::start().await, Net::directory());
    let token = "tok-3fd0c2-planted-secret";
    let file = dir.path().join("token");
    std::fs::write(&file, token).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    let setup = Setup { channel: format!("[channel.secrets]\ntoken = {{ file = {file:?} }}\n"), ..Setup::default() };
    // The channel fails first: failures must not give anything away either.
    net.sink.refuse([401, 500, 302]);
    let mut command_lines = Vec::new();
    let daemon = Daemon::start_with(&net.write(dir.path(), &setup), |command| {
        command.env("DOGWATCH_LOG", "trace");
    });
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    // What was refused for good waits for minutes; the others are sent, after all the refusals.
    until("alerts get through", async || !net.sink.received().is_empty()).await;

    let sent = net.sink.received();
    assert!(sent.iter().all(|alert| alert.headers["authorization"] == format!("Bearer {token}")), "it is used");
    for arguments in [&["status"][..], &["status", "--json"], &["check"], &["check", "--json"]] {
        let output = daemon.command(arguments).await;
        command_lines.push(String::from_utf8_lossy(&output.stdout).into_owned());
        command_lines.push(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let mut haystacks = daemon.log();
    haystacks.append(&mut command_lines);
    haystacks.extend(sent.iter().map(|alert| alert.body.to_string()));
    for entry in std::fs::read_dir(dir.path().join("state")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            haystacks.push(String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned());
        }
    }
    assert!(haystacks.iter().any(|text| text.contains("decision: switch")), "the log is really there");
    let mut secrets = vec![token.to_owned()];
    for node in ["primary", "second", "third"] {
        secrets.push(net.secret(node).to_wif().to_string());
    }
    for secret in &secrets {
        for text in &haystacks {
            assert!(!text.contains(secret.as_str()), "a secret is in: {}", text.replace(secret.as_str(), "<HERE>"));
        }
    }
}
