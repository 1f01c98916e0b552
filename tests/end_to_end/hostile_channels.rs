//! Channels that mean harm, beside an honest one: its pages are in time, and what a service says of secrets stays where it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use dogwatch_hostile::{ECHO, Ends, Entry, Failure, Kind, catalogue};
use dogwatch_plugins::PluginFunction;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::support::{Daemon, Net, Setup, WITNESS, put, until};

/// What every channel's address holds, and nobody may ever read.
const SECRET: &str = "hush-5bf66975d4c74bf5";

/// A service that refuses every request, and says again what it was asked; it counts the requests by path.
struct Echoing {
    address: String,
    asked: Arc<Mutex<BTreeMap<String, usize>>>,
    _task: JoinSet<()>,
}

impl Echoing {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::default());
        let router = Router::new().fallback(echo).with_state(Arc::clone(&asked));
        let mut task = JoinSet::new();
        task.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, asked, _task: task }
    }

    fn asked(&self, name: &str) -> usize {
        self.asked.lock().unwrap().get(&format!("/{name}")).copied().unwrap_or_default()
    }
}

async fn echo(State(asked): State<Arc<Mutex<BTreeMap<String, usize>>>>, uri: Uri) -> (StatusCode, String) {
    *asked.lock().unwrap().entry(uri.path().to_owned()).or_default() += 1;
    (StatusCode::INTERNAL_SERVER_ERROR, format!("cannot POST {uri}"))
}

/// The hostile channels that are set up: all that are hostile once they are in use, save that of a kind that each function has two
/// are enough.
fn hostile() -> Vec<Entry> {
    let rather = |entry: &Entry| match &entry.ends {
        Ends::Fails(functions, failure) => {
            let [function] = functions[..] else { return false };
            let early = matches!(function, PluginFunction::Describe | PluginFunction::Check);
            let kinds = [Failure::OutOfFuel, Failure::AnswerTooLarge].contains(failure);
            !early && kinds || function == PluginFunction::Compose
        }
        ends => *ends == Ends::Bounded,
    };
    catalogue().into_iter().filter(|entry| entry.kind == Kind::Channel && rather(entry)).collect()
}

fn set_up(dir: &Path, config: &Path, service: &str, entries: &[Entry]) {
    let mut text = fs::read_to_string(config).unwrap();
    for entry in entries {
        let (name, file) = (&entry.name, dir.join(&entry.name));
        fs::write(&file, format!("http://{service}/{name}?token={SECRET}")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        write!(
            text,
            "\n[[channel]]\nname = \"{name}\"\nplugin = \"{name}\"\nmin_severity = \"warning\"\nallow_hosts = [\"{service}\"]\n\
             [channel.secrets]\nurl = {{ file = {file:?} }}\n"
        )
        .unwrap();
    }
    fs::write(config, text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_channel_is_in_time_beside_hostile_ones() {
    let (net, dir, service, entries) = (Net::start().await, Net::directory(), Echoing::start().await, hostile());
    assert!(entries.len() > 20, "{}", entries.len());
    let plugins = dir.path().join("plugins");
    fs::create_dir(&plugins).unwrap();
    entries.iter().for_each(|entry| put(&plugins, &entry.name, &entry.wasm()));
    let config = net.write(dir.path(), &Setup { top: format!("plugins_dir = {plugins:?}"), ..Setup::default() });
    set_up(dir.path(), &config, &service.address, &entries);
    let daemon = Daemon::start(&config);
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    until("the honest channel has it", async || net.sink.has("/missing", "opened")).await;
    until("it hears of the end", async || net.sink.has("/missing", "resolved")).await;

    for entry in &entries {
        let Ends::Fails(functions, failure) = &entry.ends else { continue };
        // The others are asked later or not at all.
        if functions.iter().any(|function| matches!(function, PluginFunction::Compose | PluginFunction::Judge)) {
            let (channel, blamed) =
                (format!("\"channel\":\"{}\"", entry.name), format!("plugin {} failed in", entry.name));
            let words = [channel, blamed, failure.to_string()];
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            until(&format!("{entry:?} is blamed"), async || daemon.logged(&words)).await;
        }
    }
    until("the echo is told", async || daemon.logged(&[&format!("\"channel\":\"{ECHO}\""), "cannot POST /"])).await;
    until("each that asks for it is asked again", async || {
        ["channel-floods", "channel-remembers-for-ever", "channel-remembers-echoes"]
            .iter()
            .all(|name| service.asked(name) > 1)
    })
    .await;
    let often = entries.iter().map(|entry| service.asked(&entry.name)).max().unwrap_or_default();
    assert!(often < 500, "a channel asked its service {often} times");
    assert!(!daemon.log().iter().any(|line| line.contains(SECRET)), "a secret is in the log");
    let held = |text: &[u8]| text.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
    for file in fs::read_dir(dir.path().join("state")).unwrap().flatten().filter(|file| file.path().is_file()) {
        assert!(!held(&fs::read(file.path()).unwrap()), "a secret is in {}", file.path().display());
    }
}
