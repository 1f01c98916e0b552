//! The configuration of `dogwatch beat`: `beat.toml` on the machine of a node.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dogwatch_beat::{BeatSigner, Place};
use dogwatch_rpc::Endpoint;

use crate::config::problem::Problems;
use crate::config::reader::{Section, Source};
use crate::config::secret::SecretSource;
use crate::config::{duration, endpoint, file};

/// How often a beat is sent.
const EVERY: duration::Range<'_> = duration::Range {
    least: Duration::from_millis(100),
    most: Duration::from_secs(10),
    why: "watchers call a machine silent after 30 s, and more than ten beats a second say nothing new",
};

/// What `dogwatch beat` is told.
#[derive(Clone, Debug)]
pub struct BeatConfig {
    /// The key that beats are signed with.
    pub signer: Arc<BeatSigner>,
    /// The watchers, as `host:port`.
    pub watchers: Vec<String>,
    /// How often each of them is told.
    pub every: Duration,
    /// Where the node's process is found.
    pub process: Place,
    /// Where the node is asked for its head, if it is.
    pub node: Option<Endpoint>,
    /// The disk to watch, if one is.
    pub disk: Option<Disk>,
}

/// A disk to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// A path on it.
    pub path: PathBuf,
    /// The bytes that are to stay free.
    pub least: u64,
}

impl BeatConfig {
    /// Reads and checks the file. `None` when it has errors.
    pub fn load(path: &Path) -> (Option<Self>, Problems) {
        let mut problems = Problems::new(path);
        let config = match file::read(path) {
            Ok(text) => Self::parse(&text, &mut problems),
            Err(error) => {
                let remedy = "Name the file with --config; examples/beat.toml is one to start from.";
                problems.error(None, error.to_string(), remedy);
                None
            }
        };
        (config.filter(|_| !problems.has_errors()), problems)
    }

    fn parse(text: &str, problems: &mut Problems) -> Option<Self> {
        let source = Source::new(text);
        let document = source.document(problems)?;
        let mut top = Section::new(&source, document.get_ref(), "", 1);
        let signer = signer(&mut top, problems);
        let watchers = watchers(&mut top, problems);
        let every = top.duration_within("every", EVERY, problems).unwrap_or(Duration::from_secs(1));
        let process = match top.table("process", problems) {
            Some(section) => process(section, problems),
            None => {
                let remedy = "Add a [process] table with unit = \"hived.service\".";
                problems.error(
                    None,
                    "[process] is missing: it says where the node's process is found".to_owned(),
                    remedy,
                );
                None
            }
        };
        let node = top.table("node", problems).and_then(|section| node(section, problems));
        let disk = top.table("disk", problems).and_then(|section| disk(section, problems));
        top.finish(problems);
        Some(Self { signer: Arc::new(signer?), watchers, every, process: process?, node, disk })
    }
}

fn signer(top: &mut Section<'_>, problems: &mut Problems) -> Option<BeatSigner> {
    let line = top.line();
    let Some(item) = top.item("key", problems) else {
        let remedy = "Make one with dogwatch beat --new-key /etc/dogwatch/beat.key, and add key = { file = \"…\" }.";
        problems.error(None, "key is missing: beats must be signed".to_owned(), remedy);
        return None;
    };
    let secret = SecretSource::read(item, problems)?.fetch_or_report("key", line, problems)?;
    let read = BeatSigner::from_text(secret.reveal()).map_err(|error| {
        let remedy = "Make one with dogwatch beat --new-key FILE.";
        problems.error(None, format!("key: {error}"), remedy);
    });
    read.ok()
}

fn watchers(top: &mut Section<'_>, problems: &mut Problems) -> Vec<String> {
    let example =
        "Add watchers = [\"watch.example.com:7441\"]: each daemon's host, and the port of its [beats] section.";
    let Some(given) = top.texts("watchers", problems) else {
        problems.error(None, "watchers is missing: nobody would be told".to_owned(), example);
        return Vec::new();
    };
    if given.is_empty() {
        problems.error(None, "watchers is empty: nobody would be told".to_owned(), example);
    }
    let mut watchers = Vec::new();
    for watcher in given.into_iter().flatten() {
        let port =
            watcher.value.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>());
        if matches!(port, Some(Ok(1..))) {
            watchers.push(watcher.value);
        } else {
            let text = format!("watchers: {:?} is not a host and a port", watcher.value);
            problems.error(
                Some(watcher.line),
                text,
                "Write it like \"watch.example.com:7441\" or \"[2001:db8::5]:7441\".",
            );
        }
    }
    watchers
}

fn process(mut section: Section<'_>, problems: &mut Problems) -> Option<Place> {
    let unit = section.text("unit", problems);
    let cgroup = section.text("cgroup", problems);
    let pid_file = section.text("pid_file", problems);
    let process = section.text("name", problems).map(|name| name.value);
    let line = section.line();
    if process.is_none() && (unit.is_some() || cgroup.is_some()) {
        let remedy = "Add name = \"hived\", as /proc/PID/comm shows it: scripts and helpers may run there, too.";
        section.error(problems, line, "name is missing: it says which process there is the node", remedy);
    }
    let place = match (unit, cgroup, pid_file) {
        (Some(unit), None, None) => Some(Place::Unit { unit: unit.value, process }),
        (None, Some(folder), None) => Some(Place::Cgroup { folder: folder.value.into(), process }),
        (None, None, Some(file)) => Some(Place::PidFile { file: file.value.into(), process }),
        _ => {
            let remedy =
                "Write exactly one of unit = \"hived.service\", cgroup = \"/sys/fs/cgroup/…\" and pid_file = \"…\".";
            section.error(problems, line, "the process needs exactly one place where it is found", remedy);
            None
        }
    };
    section.finish(problems);
    place
}

fn node(mut section: Section<'_>, problems: &mut Problems) -> Option<Endpoint> {
    let rpc = section.item("rpc", problems);
    if rpc.is_none() {
        section.error(problems, section.line(), "rpc is missing", "Add rpc = \"http://127.0.0.1:8091\".");
    }
    section.finish(problems);
    rpc.and_then(|item| endpoint::read(item, "node", problems))
}

fn disk(mut section: Section<'_>, problems: &mut Problems) -> Option<Disk> {
    let path = section.required("path", "\"/var/lib/hived\"", problems);
    let least = section.integer("least_mb", 1..=100_000_000, problems).unwrap_or(5000);
    section.finish(problems);
    Some(Disk { path: path?.value.into(), least: u64::from(least).saturating_mul(1_000_000) })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn load(text: &str) -> (Option<BeatConfig>, Problems) {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("beat.key");
        std::fs::write(&key, "07".repeat(32)).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        let path = folder.path().join("beat.toml");
        std::fs::write(&path, text.replace("KEY", key.to_str().unwrap())).unwrap();
        BeatConfig::load(&path)
    }

    #[test]
    fn the_example_is_read() {
        let example = include_str!("../../../../examples/beat.toml").replace("/etc/dogwatch/beat.key", "KEY");
        let (config, problems) = load(&example);
        let config = config.unwrap_or_else(|| panic!("{problems}"));
        assert_eq!(config.process, Place::Unit { unit: "hived.service".to_owned(), process: Some("hived".to_owned()) });
        assert_eq!(config.disk, Some(Disk { path: "/var/lib/hived".into(), least: 10_000_000_000 }));
        assert_eq!((config.watchers.len(), config.every), (2, Duration::from_secs(1)));
        assert!(config.node.is_some() && problems.sorted().is_empty(), "{problems}");
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let (config, problems) = load(
            "watchers = [\"nowhere\", \"host:0\", \":7441\"]\nevery = \"1m\"\n[process]\nunit = \"a\"\npid_file = \"b\"\n\
             [node]\nchain = \"hive\"\n[disk]\nleast_mb = 0\n",
        );
        let told = problems.to_string();
        assert!(config.is_none());
        let mistakes = [
            "key is missing",
            "\"nowhere\" is not a host and a port",
            "\"host:0\" is not",
            "\":7441\" is not",
            "every",
            "exactly one place",
            "name is missing",
            "rpc is missing",
            "chain",
            "path is missing",
            "least_mb is out of range",
        ];
        for mistake in mistakes {
            assert!(told.contains(mistake), "{mistake}: {told}");
        }
        let (config, problems) = load("key = { file = \"KEY\" }\nwatchers = []\n");
        assert!(config.is_none() && problems.to_string().contains("watchers is empty"), "{problems}");
        assert!(problems.to_string().contains("[process] is missing"), "{problems}");
    }
}
