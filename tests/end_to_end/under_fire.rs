//! Ten thousand messages, channels that fail half the time, and a daemon killed a hundred times: every message arrives
//! at least once, and messages about one alert arrive in order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Daemon, Net, Setup, until};

/// How many alerts there are. Each has four messages: it opens, changes twice and is over.
const ALERTS: usize = 2500;
const MESSAGES_EACH: usize = 4;
const DEATHS: usize = 100;

/// The seed; set UNDER_FIRE_SEED=n for another one.
fn seed() -> u64 {
    std::env::var("UNDER_FIRE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_180_728)
}

/// A receiver that fails half the time, before or after it has accepted the message, until it recovers on command.
struct Target {
    address: String,
    inner: Arc<Inner>,
    _task: JoinSet<()>,
}

struct Inner {
    /// What was accepted: the key, the message's number and its text.
    taken: Mutex<Vec<(String, u64, String)>>,
    dice: Mutex<StdRng>,
    calm: AtomicBool,
}

impl Target {
    async fn start(seed: u64) -> Self {
        let inner = Arc::new(Inner {
            taken: Mutex::new(Vec::new()),
            dice: Mutex::new(StdRng::seed_from_u64(seed)),
            calm: AtomicBool::new(false),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Router::new().route("/hook", post(take)).with_state(Arc::clone(&inner));
        let mut task = JoinSet::new();
        task.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, inner, _task: task }
    }
}

async fn take(State(inner): State<Arc<Inner>>, axum::Json(body): axum::Json<Value>) -> Response {
    let luck = inner.dice.lock().unwrap().random_range(0..8);
    let luck = if inner.calm.load(Ordering::Relaxed) { 7 } else { luck };
    let refused = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_GATEWAY];
    if let Some(status) = refused.get(luck) {
        return status.into_response();
    }
    let text = |member: &str| body[member].as_str().unwrap().to_owned();
    let number = text("message_id").rsplit('-').next().unwrap().parse().unwrap();
    let said = format!("{} {}", text("event"), text("summary"));
    inner.taken.lock().unwrap().push((text("key"), number, said));
    // Accepted, but the sender gets an error.
    if luck == 3 { StatusCode::GATEWAY_TIMEOUT.into_response() } else { StatusCode::NO_CONTENT.into_response() }
}

/// Posts a request to the daemon until the daemon confirms that it is on disk.
async fn say(socket: &Path, body: &Value) {
    loop {
        // Connect each time: it may be another daemon by now.
        let client = reqwest::Client::builder().unix_socket(socket).timeout(Duration::from_secs(20)).build().unwrap();
        let answer = client.post("http://dogwatch/alert/raise").json(body).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn configuration(net: &Net, dir: &Path, targets: &[Target]) -> PathBuf {
    let setup = Setup {
        mode: "observe",
        top: "[alerts]\nstorm = 0\ngather = \"0s\"\nrehearsal = \"never\"\n".into(),
        ..Setup::default()
    };
    let path = net.write(dir, &setup);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut text = text.split("\n[[channel]]").next().unwrap().to_owned();
    for (n, target) in targets.iter().enumerate() {
        let address = &target.address;
        text += &format!(
            "\n[[channel]]\nname = \"target{n}\"\nplugin = \"webhook\"\nallow_hosts = [\"{address}\"]\n\
             [channel.settings]\nurl = \"http://{address}/hook\"\n"
        );
    }
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_is_lost_or_out_of_order() {
    dogwatch::install_tls_provider();
    println!("UNDER_FIRE_SEED={}", seed());
    let (net, dir) = (Net::at_real_pace().await, Net::directory());
    let targets = [Target::start(seed()).await, Target::start(seed() + 1).await];
    let config = configuration(&net, dir.path(), &targets);
    let socket = dir.path().join("state/dogwatch.sock");
    let said = Arc::new(AtomicUsize::new(0));

    let mut speakers = JoinSet::new();
    for speaker in 0..10 {
        let (socket, said) = (socket.clone(), Arc::clone(&said));
        speakers.spawn(async move {
            for alert in (0..ALERTS).filter(|alert| alert % 10 == speaker) {
                for text in ["broke", "broke more", "broke altogether"] {
                    let body =
                        json!({ "cause": format!("a{alert}"), "severity": "page", "summary": text, "details": "" });
                    say(&socket, &body).await;
                    said.fetch_add(1, Ordering::Relaxed);
                }
                let over = json!({ "cause": format!("a{alert}"), "severity": "info", "summary": null, "details": "" });
                say(&socket, &over).await;
                said.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    // It is killed at fixed points of the run, whatever it is doing at that moment.
    let mut dice = StdRng::seed_from_u64(seed() + 2);
    let all = ALERTS * MESSAGES_EACH;
    let mut deaths: Vec<usize> = (0..DEATHS).map(|_| dice.random_range(0..all)).collect();
    deaths.sort_unstable();
    let mut daemon = Daemon::start(&config);
    for death in deaths {
        until("more is said", async || said.load(Ordering::Relaxed) >= death).await;
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..30))).await;
        daemon.kill().await;
        daemon = Daemon::start(&config);
    }
    while let Some(ended) = speakers.join_next().await {
        ended.unwrap();
    }
    for target in &targets {
        target.inner.calm.store(true, Ordering::Relaxed);
    }
    let left = async || daemon.status().await.map(|status| status["outbox"]["pending"].as_u64().unwrap());
    let mut before = u64::MAX;
    while before > 0 {
        // The message that failed last waits for up to a minute.
        until("the outbox gets shorter", async || left().await.is_some_and(|left| left < before)).await;
        before = left().await.unwrap();
    }
    for (n, target) in targets.iter().enumerate() {
        let taken = target.inner.taken.lock().unwrap().clone();
        check(n, &taken);
    }
}

fn check(target: usize, taken: &[(String, u64, String)]) {
    let mut stories: BTreeMap<&str, Vec<(u64, &str)>> = BTreeMap::new();
    for (key, number, said) in taken.iter().filter(|(key, ..)| key.contains("/raised/")) {
        stories.entry(key).or_default().push((*number, said));
    }
    assert_eq!(stories.len(), ALERTS, "alerts at target {target}");
    let mut duplicates = 0;
    for (key, story) in &stories {
        let numbers: Vec<u64> = story.iter().map(|(number, _)| *number).collect();
        assert!(numbers.is_sorted(), "out of order at target {target}: {key} {story:?}");
        let distinct: BTreeSet<u64> = numbers.iter().copied().collect();
        duplicates += numbers.len() - distinct.len();
        let mut texts: Vec<&str> = story.iter().map(|(_, said)| *said).collect();
        texts.dedup();
        assert_eq!(
            texts,
            ["opened broke", "updated broke more", "updated broke altogether", "resolved resolved: broke altogether"],
            "at target {target}: {key} {story:?}"
        );
    }
    println!("target {target}: {} messages, {duplicates} of them twice or more", ALERTS * MESSAGES_EACH);
}
