//! `dogwatch beat`.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use dogwatch_beat::{BeatSigner, LocalNode, ProcessState, Report};
use dogwatch_client::{Exit, Failure};
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};

use crate::beat::Beater;
use crate::clock::Clock;
use crate::config::BeatConfig;

/// What is to be done on the node's machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BeatOrder {
    /// Tell the watchers how the node is, until a signal comes.
    Run,
    /// Show what would be told.
    Check,
    /// Say that the node's process has ended.
    Gone,
    /// Make a key, and write it to that file.
    NewKey(PathBuf),
}

pub(super) async fn beat(path: &Path, order: BeatOrder, clock: Clock) -> Result<(), Failure> {
    if let BeatOrder::NewKey(file) = order {
        return new_key(&file);
    }
    let (config, problems) = BeatConfig::load(path);
    let Some(config) = config else { return Err(Failure::with(Exit::Input, problems)) };
    let key = config.signer.key();
    let beater = Beater::start(config, clock).await.map_err(Failure::other)?;
    match order {
        BeatOrder::Check => {
            let watchers = beater.watchers();
            let report = beater.once().await.map_err(|error| Failure::with(Exit::Unfit, error))?;
            println!("{}", shown(&report));
            println!("Beats are signed with {key}, and go to {}.", list(&watchers));
            match report.process {
                Some(_) if !watchers.is_empty() => Ok(()),
                Some(_) => Err(Failure::with(Exit::Unfit, "none of the watchers is found: look at their names")),
                None => Err(Failure::with(Exit::Unfit, "the node's process is not found: look at [process]")),
            }
        }
        BeatOrder::Gone => {
            beater.say_ended().await;
            Ok(())
        }
        BeatOrder::Run | BeatOrder::NewKey(_) => {
            let mut terminated = signal(SignalKind::terminate()).map_err(Failure::other)?;
            let mut interrupted = signal(SignalKind::interrupt()).map_err(Failure::other)?;
            tracing::info!(%key, watchers = list(&beater.watchers()), "beating");
            let _ = sd_notify::notify(&[NotifyState::Ready]);
            tokio::select! {
                ended = beater.run() => match ended {
                    Err(error) => Err(Failure::other(error)),
                },
                _ = terminated.recv() => Ok(()),
                _ = interrupted.recv() => Ok(()),
            }
        }
    }
}

fn list(watchers: &[std::net::SocketAddr]) -> String {
    let all: Vec<String> = watchers.iter().map(ToString::to_string).collect();
    if all.is_empty() { "nobody".to_owned() } else { all.join(", ") }
}

fn shown(report: &Report) -> String {
    let process = match report.process {
        Some(ProcessState::Running) => "The node's process runs.",
        Some(ProcessState::Stalled) => "The node's process stands still.",
        Some(ProcessState::Ended) => "The node's process has ended.",
        None => "The node's process is not found.",
    };
    let node = match &report.node {
        LocalNode::NotAsked | LocalNode::AsBefore => "It is not asked for its head.".to_owned(),
        LocalNode::Fails(why) => format!("It does not answer: {why}."),
        LocalNode::Shows { head, version, .. } => format!("Its head is block {}; it runs {version}.", head.num()),
    };
    let disk = match report.disk_low {
        Some(free) => format!(" Its disk has only {} MB left.", free / 1_000_000),
        None => String::new(),
    };
    format!("{process} {node}{disk}")
}

/// Makes a key. A file that is there is not overwritten: beats that are signed with another key are not believed.
fn new_key(file: &Path) -> Result<(), Failure> {
    let (signer, text) = BeatSigner::generate().map_err(Failure::other)?;
    let mut options = std::fs::OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(file);
    let written = opened.and_then(|mut opened| writeln!(opened, "{}", text.as_str()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::other(format!(
            "{} is there already. Beats that are signed with another key are not believed: to replace it, remove it first",
            file.display()
        )),
        _ => Failure::other(format!("{}: {error}", file.display())),
    })?;
    println!("The key is in {}. Add to this node in the dogwatch.toml of every watcher:", file.display());
    println!("beat = \"{}\"", signer.key());
    Ok(())
}
