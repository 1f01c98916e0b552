//! Searches everything the daemon leaves behind for planted secrets.

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
    // The channel fails first: failures must not leak anything either.
    net.sink.refuse([401, 500, 302]);
    let mut command_lines = Vec::new();
    let daemon = Daemon::start_with(&net.write(dir.path(), &setup), |command| {
        command.env("DOGWATCH_LOG", "trace");
    });
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    // A message refused for good waits for minutes. The others go out after all the refusals.
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

/// Echoes whatever it gets, with one status after the other.
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

/// Points each channel of the examples at a service that echoes whatever it gets.
struct Wires<'a> {
    parrot: &'a dogwatch_services::Fake<Parrot>,
    directory: &'a std::path::Path,
    authority: &'a std::path::Path,
    /// The names of the channels.
    names: Vec<String>,
    /// The texts that must not be found.
    planted: Vec<String>,
}

impl Wires<'_> {
    /// Every channel of the examples, with our own secrets, so that each channel with an example is covered.
    fn sections(&mut self) -> toml::Table {
        // A webhook can also sign.
        let text = include_str!("../../examples/channels.toml").replace("# signing_key = ", "signing_key = ");
        let mut examples: toml::Table = text.parse().unwrap();
        for (number, channel) in examples["channel"].as_array_mut().unwrap().iter_mut().enumerate() {
            self.rewire(number, channel.as_table_mut().unwrap());
        }
        for plugin in dogwatch_bundled::CHANNELS {
            let tried = |channel: &toml::Value| channel["plugin"].as_str() == Some(plugin.name);
            assert!(examples["channel"].as_array().unwrap().iter().any(tried), "no example of {}", plugin.name);
        }
        examples
    }

    fn rewire(&mut self, number: usize, channel: &mut toml::Table) {
        let (url, host) = (self.parrot.url(), self.parrot.host());
        let plugin = channel["plugin"].as_str().unwrap().to_owned();
        self.names.push(channel["name"].as_str().unwrap().to_owned());
        channel.insert("min_severity".to_owned(), "info".into());
        channel.insert("heartbeat".to_owned(), "1s".into());
        channel.insert("authority".to_owned(), self.authority.to_str().unwrap().into());
        channel.insert("allow_hosts".to_owned(), vec![host.clone()].into());
        let secrets = channel["secrets"].as_table().unwrap().clone();
        let mut sources = toml::Table::new();
        for secret in secrets.keys() {
            let core = format!("PLANTED{number:02}{secret}0123456789abcdef").replace('_', "");
            let value = match (plugin.as_str(), secret.as_str()) {
                ("discord", "webhook") => format!("{url}/api/webhooks/123456789012345678/{core}"),
                ("slack", "webhook") => format!("{url}/services/T0/B0/{core}"),
                (_, "url" | "start_url" | "fail_url") => format!("{url}/{core}"),
                ("pagerduty", _) => core.chars().take(32).collect(),
                _ => core.clone(),
            };
            let file = self.directory.join(format!("{number:02}-{secret}"));
            std::fs::write(&file, &value).unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
            let source = toml::Table::from_iter([("file".to_owned(), file.to_str().unwrap().into())]);
            sources.insert(secret.clone(), source.into());
            self.planted.push(core.chars().take(24).collect());
        }
        channel.insert("secrets".to_owned(), sources.into());
        let settings = channel["settings"].as_table_mut().unwrap();
        if plugin == "email" {
            let (host, port) = host.split_once(':').unwrap();
            settings.insert("server".to_owned(), host.into());
            settings.insert("port".to_owned(), port.parse::<i64>().unwrap().into());
            settings.insert("security".to_owned(), "tls".into());
        } else if !secrets.contains_key("webhook") && !secrets.contains_key("url") {
            settings.insert("url".to_owned(), url.into());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_channel_leaks_a_secret_that_its_service_echoes() {
    use base64::Engine as _;
    let (net, dir) = (Net::start().await, Net::directory());
    let authority = dogwatch_services::Authority::new().unwrap();
    let parrot = dogwatch_services::Fake::start(Parrot(0), &authority).await.unwrap();
    let pem = dir.path().join("authority.pem");
    std::fs::write(&pem, authority.pem()).unwrap();
    let metrics = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let config = net.write(dir.path(), &Setup::default());
    let mut wires =
        Wires { parrot: &parrot, directory: dir.path(), authority: &pem, names: Vec::new(), planted: Vec::new() };
    let channels = wires.sections();
    let Wires { names, planted, .. } = wires;
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}[metrics]\nlisten = \"{metrics}\"\n{channels}")).unwrap();
    let daemon = Daemon::start_with(&config, |command| {
        command.env("DOGWATCH_LOG", "trace");
    });
    daemon.ready().await;
    daemon.command(&["alert", "raise", "x", "something broke", "--severity", "page"]).await;
    until("every channel has tried", async || {
        let log = daemon.log();
        let tried = |name: &str| log.iter().any(|line| line.contains(&format!("\"channel\":\"{name}\"")));
        names.iter().all(|name| tried(name))
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
    assert!(parrot.seen().len() > names.len(), "the service really got requests");
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
