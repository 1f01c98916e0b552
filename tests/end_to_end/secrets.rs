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

/// What every channel knows of secrets, and where it sends them: to a service that says back whatever it gets.
const CHANNELS: [(&str, &str, &[&str]); 16] = [
    ("pagerduty", "", &["routing_key"]),
    ("opsgenie", "", &["key"]),
    ("pushover", "", &["token", "user"]),
    ("telegram", "chat = \"-1001\"", &["token"]),
    ("discord", "id = \"123456789012345678\"", &["token"]),
    ("slack", "", &["path"]),
    ("ntfy", "topic = \"night\"", &["token"]),
    ("matrix", "room = \"!room:example.com\"", &["token"]),
    (
        "twilio",
        "mode = \"sms\"\naccount = \"ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\nfrom = \"+15005550006\"\nto = \"+15005550007\"",
        &["token"],
    ),
    ("webhook", "", &["token", "signing_key"]),
    ("gotify", "", &["token"]),
    ("alertmanager", "", &["token"]),
    ("healthchecks", "", &["uuid"]),
    ("uptime-kuma", "", &["push_token"]),
    ("heartbeat", "", &["url"]),
    ("email", "", &["password"]),
];

/// Says back whatever it gets, with one status after the other.
struct Parrot(usize);

impl dogwatch_services::Service for Parrot {
    fn answer(&mut self, seen: &dogwatch_services::Seen) -> dogwatch_services::Answer {
        self.0 += 1;
        let status = [400, 401, 500, 200, 404, 429][self.0 % 6];
        let all = format!(
            "{} {}?{} {:?} {}",
            seen.method,
            seen.path,
            seen.query,
            seen.headers,
            String::from_utf8_lossy(&seen.body)
        );
        let body =
            serde_json::json!({ "message": all, "error": all, "errors": [all], "description": all, "ok": false });
        dogwatch_services::Answer::json(status, &body)
            .with("x-echo", &all.replace(|c: char| !(' '..='~').contains(&c), "?"))
    }

    fn rate_limit(&mut self, seen: &dogwatch_services::Seen) -> dogwatch_services::Answer {
        self.answer(seen)
    }
}

fn section(name: &str, settings: &str, secrets: &str, host: &str, pem: &std::path::Path) -> String {
    format!(
        "[[channel]]\nname = \"{name}\"\nplugin = \"{name}\"\nheartbeat = \"1s\"\nauthority = {pem:?}\n\
         allow_hosts = [\"{host}\"]\n[channel.settings]\n{settings}\n[channel.secrets]\n{secrets}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn no_channel_gives_a_secret_away_whatever_its_service_says_back() {
    use base64::Engine as _;
    let (net, dir) = (Net::start().await, Net::directory());
    let authority = dogwatch_services::Authority::new().unwrap();
    let parrot = dogwatch_services::Fake::start(Parrot(0), &authority).await.unwrap();
    let pem = dir.path().join("authority.pem");
    std::fs::write(&pem, authority.pem()).unwrap();
    let metrics = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let config = net.write(dir.path(), &Setup::default());
    let mut text = std::fs::read_to_string(&config).unwrap() + &format!("[metrics]\nlisten = \"{metrics}\"\n");
    let mut planted = Vec::new();
    for (number, (name, settings, secrets)) in CHANNELS.iter().enumerate() {
        let mut lines = String::new();
        for secret in *secrets {
            let core = format!("PLANTED{number:02}{secret}0123456789abcdef").replace('_', "");
            let value = match *secret {
                "url" => format!("{}/{core}", parrot.url()),
                "routing_key" => core.chars().take(32).collect(),
                _ => core.clone(),
            };
            let file = dir.path().join(format!("{name}-{secret}"));
            std::fs::write(&file, &value).unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
            lines += &format!("{secret} = {{ file = {file:?} }}\n");
            planted.push(core.chars().take(24).collect::<String>());
        }
        let url = match *name {
            "heartbeat" => String::new(),
            "email" => {
                let (host, port) = parrot.host().split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
                format!(
                    "server = \"{host}\"\nport = {port}\nsecurity = \"tls\"\nuser = \"me\"\nfrom = \"a@example.com\"\n\
                     to = [\"b@example.com\"]\n"
                )
            }
            _ => format!("url = \"{}\"\n", parrot.url()),
        };
        text += &section(name, &format!("{url}{settings}"), &lines, &parrot.host(), &pem);
    }
    std::fs::write(&config, text).unwrap();
    let daemon = Daemon::start_with(&config, |command| {
        command.env("DOGWATCH_LOG", "trace");
    });
    daemon.ready().await;
    daemon.command(&["alert", "raise", "x", "something broke", "--severity", "page"]).await;
    until("every channel has tried", async || {
        let log = daemon.log();
        let tried = |name: &str| log.iter().any(|line| line.contains(&format!("\"channel\":\"{name}\"")));
        CHANNELS.iter().all(|(name, ..)| tried(name))
    })
    .await;
    let mut haystacks = Vec::new();
    for arguments in [
        &["status"][..],
        &["status", "--json"],
        &["check", "--json"],
        &["alerts", "--json"],
        &["alert", "test", "--json"],
        &["alert", "test", "--as", "page"],
        &["rehearse"],
    ] {
        let output = daemon.command(arguments).await;
        haystacks.push((arguments.join(" "), String::from_utf8_lossy(&output.stdout).into_owned()));
        haystacks.push((arguments.join(" "), String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let scraped = reqwest::get(format!("http://{metrics}/metrics")).await.unwrap().text().await.unwrap();
    haystacks.push(("metrics".to_owned(), scraped));
    haystacks.push(("log".to_owned(), daemon.log().join("\n")));
    let mut command = crate::support::dogwatch();
    command.args(["alert", "boot-failure"]).env("STATE_DIRECTORY", dir.path().join("state"));
    let output = command.output().await.unwrap();
    haystacks.push(("boot-failure".to_owned(), String::from_utf8_lossy(&output.stderr).into_owned()));
    let mut directories = vec![dir.path().join("state")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.is_file() && path.extension().is_none_or(|extension| extension != "wasm") {
                haystacks.push((
                    path.display().to_string(),
                    String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned(),
                ));
            }
        }
    }
    assert!(haystacks.iter().any(|(_, text)| text.contains("something broke")), "the haystacks are real");
    assert!(parrot.seen().len() > CHANNELS.len(), "the service was really spoken to");
    for secret in &planted {
        let encoded = base64::engine::general_purpose::STANDARD.encode(secret);
        for (place, text) in &haystacks {
            for form in [secret.as_str(), &encoded[4..20]] {
                let found = text.find(form).map(|at| &text[at.saturating_sub(100)..at]);
                assert!(found.is_none(), "{secret} is in {place}, behind: {found:?}");
            }
        }
    }
}
