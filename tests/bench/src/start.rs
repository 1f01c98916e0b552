//! How soon the daemon watches once it is started, what it holds in memory then, and what `dogwatch plugin list` takes.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::time::Instant;

use crate::Effort;
use crate::daemon::{self, PATIENCE};
use crate::figures::{self, Sample};
use crate::guests::{self, NAME, said};
use crate::process::{self, Memory};
use crate::server::{Kind, Server};
use crate::stage::{self, Stage};

const SLOT: Duration = Duration::from_secs(3);
const ROUND: u32 = 21;
const ENDPOINTS: usize = 3;
/// How long a daemon watches before its memory is read: some decisions, and no start is in it any more.
const SETTLES: Duration = Duration::from_secs(20);

/// The times of one start, from the program's call.
#[derive(Clone, Copy, Debug)]
struct Start {
    /// To `READY=1`, which systemd gets: everything watches.
    ready: Duration,
    /// To the first byte of the first poll.
    polls: Duration,
}

pub(crate) async fn run(effort: Effort) -> anyhow::Result<()> {
    let starts = match effort {
        Effort::Full => 20,
        Effort::Quick => 5,
    };
    let files = stage::directory()?;
    println!("\n8. Starts: the real daemon on three endpoints, 1 witness of 3 probed nodes, 1 webhook channel");
    let built = guests::build(files.path())?;
    let mut policies = vec![("threshold".to_owned(), "threshold, bundled".to_owned())];
    for guest in built.iter() {
        if let Some(file) = guest.or_skipped() {
            let size = std::fs::metadata(file)?.len() as f64 / 1e6;
            policies.push((guest.name.clone(), format!("{}, {size:.2} MB", guest.name)));
        }
    }
    let mut rows = Vec::new();
    for (policy, name) in &policies {
        rows.push((name, starts_with(policy, files.path(), starts).await?));
    }
    figures::columns(["p50", "p90", "max", "p50 is"]);
    let mut baseline: Option<Sample> = None;
    for (name, (cold, warm, _)) in &rows {
        let ready = Sample::new(warm.iter().map(|start| start.ready).collect())?;
        let polls = Sample::new(warm.iter().map(|start| start.polls).collect())?;
        let against: Vec<(&str, &Sample)> = baseline.iter().map(|sample| ("threshold", sample)).collect();
        figures::line(&format!("{name}: ready ({starts} warm starts)"), &ready, ready.max(), &against);
        figures::line("  its first poll leaves", &polls, polls.max(), &[("ready", &ready)]);
        println!("  {:<44}{:>11}", "  the first start, nothing compiled: ready", figures::short(cold.ready));
        baseline = baseline.or(Some(ready));
    }
    println!("\n  Memory after {} s of watching, warm start, in MiB", SETTLES.as_secs());
    println!("  {:<44}{:>11}{:>11}{:>11}{:>11}", "", "RSS", "peak RSS", "anonymous", "files");
    for (name, (_, _, memory)) in &rows {
        let mib = |kib: u64| kib as f64 / 1024.0;
        let Memory { resident, peak, anonymous, file } = *memory;
        println!("  {name:<44}{:>11.1}{:>11.1}{:>11.1}{:>11.1}", mib(resident), mib(peak), mib(anonymous), mib(file));
    }
    list(files.path(), starts)
}

/// A first start, further ones, and the memory of the last.
async fn starts_with(policy: &str, plugins: &Path, starts: usize) -> anyhow::Result<(Start, Vec<Start>, Memory)> {
    let stage = Stage::set(SLOT, ROUND).await?;
    let server = Server::start(&stage.devnet.handle(), ENDPOINTS).await?;
    let own = stage.path().join("plugins");
    std::fs::create_dir(&own)?;
    if policy.starts_with(NAME) {
        std::fs::copy(plugins.join(policy).with_extension("wasm"), own.join(policy).with_extension("wasm"))?;
    }
    let config = stage.write(&server.urls(), &format!("policy = {policy:?}"))?;
    let text = std::fs::read_to_string(&config)?;
    std::fs::write(&config, format!("plugins_dir = {own:?}\n{text}"))?;

    // A file that takes long to compile is compiled after the start: this one waits until it decides.
    let cold = Started::start(&config, &server).await?;
    cold.decides(&config, policy).await?;
    let first = cold.times;
    drop(cold);
    let mut warm = Vec::with_capacity(starts);
    for _ in 0..starts {
        warm.push(Started::start(&config, &server).await?.times);
    }
    let last = Started::start(&config, &server).await?;
    last.decides(&config, policy).await?;
    tokio::time::sleep(SETTLES).await;
    let memory = process::memory(last.child.id().context("the daemon has ended")?)?;
    Ok((first, warm, memory))
}

/// A daemon that has started.
struct Started {
    child: tokio::process::Child,
    times: Start,
}

impl Started {
    async fn start(config: &Path, server: &Server) -> anyhow::Result<Self> {
        let notify = config.with_file_name("notify");
        let _ = std::fs::remove_file(&notify);
        let socket = UnixDatagram::bind(&notify)?;
        socket.set_nonblocking(true)?;
        let socket = tokio::net::UnixDatagram::from_std(socket)?;
        server.take();
        let mut command = daemon::program()?;
        command.args(["run", "--config"]).arg(config).env("NOTIFY_SOCKET", &notify).stdout(Stdio::null());
        command.stderr(std::fs::File::create(config.with_file_name("daemon.log"))?);
        let began = Instant::now();
        let child = command.spawn()?;
        let deadline = began + PATIENCE;
        let mut said = [0; 4096];
        let ready = loop {
            let length =
                tokio::time::timeout_at(deadline, socket.recv(&mut said)).await.context("it is not ready")??;
            if said.get(..length).is_some_and(|said| said.starts_with(b"READY=1")) {
                break began.elapsed();
            }
        };
        let polls = loop {
            let polled = server.take().into_iter().find(|exchange| exchange.kind == Kind::Poll);
            if let Some(polled) = polled {
                break polled.asked.saturating_duration_since(began);
            }
            ensure!(Instant::now() < deadline, "it does not poll");
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        Ok(Self { child, times: Start { ready, polls } })
    }

    /// Waits until that policy decides.
    async fn decides(&self, config: &Path, policy: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE * 4;
        loop {
            let output = daemon::program()?.args(["status", "--json", "--config"]).arg(config).output().await?;
            let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
            let name = status.pointer("/chains/0/witnesses/0/policy/name").and_then(serde_json::Value::as_str);
            if name == Some(policy) {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{policy} does not decide");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// `dogwatch plugin list`, with nothing compiled and with everything.
fn list(plugins: &Path, times: usize) -> anyhow::Result<()> {
    let empty = stage::directory()?;
    let cases: [(&str, PathBuf); 2] =
        [("the bundled plugins", empty.path().to_owned()), ("and the files above", plugins.to_owned())];
    println!("\n  dogwatch plugin list");
    figures::columns(["p50", "p90", "max", "p50 is"]);
    for (name, directory) in cases {
        let cache = stage::directory()?;
        let once = || {
            let began = Instant::now();
            said(
                guests::dogwatch()?
                    .args(["plugin", "list", "--dir"])
                    .arg(&directory)
                    .env("CACHE_DIRECTORY", cache.path()),
            )?;
            anyhow::Ok(began.elapsed())
        };
        let cold = Sample::new(vec![once()?])?;
        let warm = Sample::new((0..times).map(|_| once()).collect::<anyhow::Result<_>>()?)?;
        figures::line(&format!("{name}: nothing compiled (1 ×)"), &cold, cold.max(), &[]);
        figures::line(&format!("{name}: warm ({times} ×)"), &warm, warm.max(), &[("nothing compiled", &cold)]);
    }
    Ok(())
}
