//! The configuration: what an operator writes in `dogwatch.toml`, checked as a whole before anything starts.

mod chain;
mod channel;
mod cross;
mod gateway;
mod problem;
mod reader;
mod routes;
mod secret;
mod witness;

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dogwatch_alerts::{Recipient, Rules};
use dogwatch_chain::{AccountName, Profile, PublicKey, SecretKey};
use dogwatch_engine::{Damping, Mode, Rails, Severity, Unprobed};
use dogwatch_plugins::Settings;
use dogwatch_rpc::{Endpoint, GatewayOptions};

pub use problem::{Level, Problem, Problems};
pub(crate) use reader::parse_duration;
pub use routes::AlertConfig;
pub use secret::{Secret, SecretError, SecretSource, read_private};

const DEFAULT_STATE_DIR: &str = "/var/lib/dogwatch";

/// The longest path of a socket that Linux takes, in bytes.
const LONGEST_SOCKET: usize = 107;

const REPEAT: reader::Range<'_> = reader::Range {
    least: Duration::from_secs(1),
    most: Duration::from_hours(24),
    why: "an alert nobody repeats within a day is forgotten",
};

/// A configuration that can be run.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where this daemon runs; part of every log event and alert.
    pub site: String,
    /// Where state is kept.
    pub state_dir: PathBuf,
    /// Where plugins are dropped, if anywhere.
    pub plugins_dir: Option<PathBuf>,
    /// After how long an open critical alert or page is said again.
    pub repeat: Duration,
    /// The chains.
    pub chains: Vec<ChainConfig>,
    /// The witnesses.
    pub witnesses: Vec<WitnessConfig>,
    /// The alert channels.
    pub channels: Vec<ChannelConfig>,
    /// Who is told of what, and when.
    pub alerts: AlertConfig,
    /// The gateway, if there is to be one.
    pub gateway: Option<GatewayConfig>,
    /// Where metrics are served, if anywhere.
    pub metrics: Option<SocketAddr>,
}

/// The pool, served to other programs.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// Where it listens; with TLS, this port only leads to https.
    pub listen: SocketAddr,
    /// Its certificate.
    pub tls: Option<CertificateFiles>,
    /// What it allows.
    pub options: GatewayOptions,
}

/// A certificate, and where https is spoken with it.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    /// The line its section starts in.
    pub line: usize,
    /// Where https is spoken.
    pub listen: SocketAddr,
    /// The chain, in PEM form.
    pub certificate: PathBuf,
    /// The key, in PEM form.
    pub key: PathBuf,
}

/// A chain and the endpoints it is read from.
#[derive(Clone, Debug)]
pub struct ChainConfig {
    /// What distinguishes the chain; carries the name the witnesses refer to.
    pub profile: Profile,
    /// Where it is read and written.
    pub endpoints: Vec<Endpoint>,
    /// Of how many operators endpoints must agree.
    pub quorum: u32,
    /// How many requests each endpoint is to get in a minute at most.
    pub requests_per_minute: u32,
    /// A head older than this is stale.
    pub stale_after: Duration,
    /// Authorities that are trusted beside this machine's own, in PEM form.
    pub authorities: Vec<Vec<u8>>,
}

/// A witness to watch.
#[derive(Clone, Debug)]
pub struct WitnessConfig {
    /// The line its section starts in.
    pub line: usize,
    /// Its account.
    pub name: AccountName,
    /// The name of its chain.
    pub chain: String,
    /// Whether Dogwatch may act.
    pub mode: Mode,
    /// The name of its policy.
    pub policy: String,
    /// The policy's settings.
    pub settings: Settings,
    /// Its rails.
    pub rails: Rails,
    /// How long a swap may take to get into a block.
    pub expiration: Duration,
    /// How often nodes are probed.
    pub probe_interval: Duration,
    /// Probes that change a node's health.
    pub damping: Damping,
    /// Its nodes, in order of preference.
    pub nodes: Vec<NodeConfig>,
}

/// A node that can produce for a witness.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The operator's name for it.
    pub name: String,
    /// The signing key it produces with.
    pub public_key: PublicKey,
    /// Its private key, if the operator gave it.
    pub key: Option<SecretKey>,
    /// Where its fitness is asked.
    pub probe: Option<Endpoint>,
    /// Whether it may be switched to without a probe.
    pub unprobed: Unprobed,
}

/// An alert channel.
#[derive(Clone, Debug)]
pub struct ChannelConfig {
    /// The line its section starts in.
    pub line: usize,
    /// The operator's name for it.
    pub name: String,
    /// The plugin that speaks to it.
    pub plugin: String,
    /// What it takes.
    pub min_severity: Severity,
    /// Hosts it may send to, as `host` or `host:port`.
    pub allow_hosts: Vec<String>,
    /// Whether it may send by plain http, or mail without TLS, to hosts other than this machine.
    pub allow_http: bool,
    /// Authorities that it trusts beside this machine's own, in PEM form.
    pub authorities: Vec<Vec<u8>>,
    /// How often a heartbeat is sent, if it is one that takes them.
    pub heartbeat: Duration,
    /// The plugin's settings.
    pub settings: Settings,
    /// Secrets by name.
    pub secrets: std::collections::BTreeMap<String, Secret>,
    /// Where they are kept.
    pub sources: std::collections::BTreeMap<String, SecretSource>,
}

/// What of a configuration can be read to tell somebody that the rest cannot.
#[derive(Clone, Debug, Default)]
pub struct Salvaged {
    /// Where the daemon runs.
    pub site: Option<String>,
    /// The channels in whose sections nothing is wrong.
    pub channels: Vec<ChannelConfig>,
}

impl Config {
    /// Reads and checks the file. `Err` when anything in it is wrong; the problems also hold warnings.
    pub fn load(path: &Path) -> (Option<Self>, Problems) {
        let mut problems = Problems::new(path);
        match read_regular(path) {
            Ok(text) => {
                let config = Self::parse(&text, &mut problems);
                (config.filter(|_| !problems.has_errors()), problems)
            }
            Err(why) => {
                problems.error(
                    None,
                    why,
                    "Give the right file with --config; examples/dogwatch.toml is one to start from.",
                );
                (None, problems)
            }
        }
    }

    /// Checks a configuration's text.
    pub fn parse(text: &str, problems: &mut Problems) -> Option<Self> {
        let source = reader::Source::new(text);
        let (document, errors) = toml::de::DeTable::parse_recoverable(text);
        for error in &errors {
            let line = error.span().map(|span| source.line(span.start));
            problems.error(line, format!("not TOML: {}", error.message()), "Mend the syntax.");
        }
        if !errors.is_empty() {
            return None;
        }
        let mut top = reader::Section::new(&source, document.get_ref(), "", 1);

        let site = top.text("site", problems);
        if let Some(site) = &site {
            top.check_name("site", site, problems);
        } else if !document.get_ref().contains_key("site") {
            problems.error(
                None,
                "site is missing".to_owned(),
                "Name the place this daemon runs in, such as site = \"fsn1\": alerts from several sites must be told apart.",
            );
        }
        let state_dir = state_dir(&mut top, problems);
        let plugins_dir = top.text("plugins_dir", problems).map(|dir| PathBuf::from(dir.value));
        let mode = witness::mode(&mut top, problems).unwrap_or_default();
        let repeat = top.duration_within("repeat", REPEAT, problems).unwrap_or(Duration::from_secs(300));

        let chain_sections: Vec<_> = top.tables("chain", problems).into_iter().flatten().flatten().collect();
        let chain_names: Vec<&str> = chain_sections.iter().filter_map(reader::Section::own_name).collect();
        let chains: Vec<ChainConfig> =
            chain_sections.into_iter().filter_map(|section| chain::read(section, problems)).collect();
        let witness_sections = top.tables("witness", problems);
        let channel_sections = top.tables("channel", problems);
        let (witness, channel) =
            (cross::Sections::of(witness_sections.as_ref()), cross::Sections::of(channel_sections.as_ref()));
        let witness_sections = witness_sections.into_iter().flatten().flatten();
        let witnesses: Vec<witness::Located> = witness_sections
            .filter_map(|section| witness::read(section, &chains, &chain_names, mode, problems))
            .collect();
        let channel_sections = channel_sections.into_iter().flatten().flatten();
        let channels: Vec<ChannelConfig> =
            channel_sections.filter_map(|section| channel::read(section, problems)).collect();
        let names: Vec<String> = channels.iter().map(|channel| channel.name.clone()).collect();
        let alert_section = top.table("alerts", problems);
        let route_sections = top.tables("route", problems).into_iter().flatten().flatten().collect();
        let alerts = routes::read(alert_section, route_sections, &names, problems);
        let metrics = top.table("metrics", problems).and_then(|section| gateway::metrics(section, problems));
        let gateway = top.table("gateway", problems).and_then(|section| gateway::read(section, problems));
        top.finish(problems);

        cross::check_present(witness, channel, problems);
        cross::check(&chains, &witnesses, &channels, problems);
        Some(Self {
            site: site?.value,
            state_dir,
            plugins_dir,
            repeat,
            chains,
            witnesses: witnesses.into_iter().map(|located| located.config).collect(),
            channels,
            alerts,
            gateway,
            metrics,
        })
    }

    /// What can be read of a file in which something is wrong.
    pub fn salvage(path: &Path) -> Salvaged {
        let Ok(text) = read_regular(path) else { return Salvaged::default() };
        let source = reader::Source::new(&text);
        let (document, _) = toml::de::DeTable::parse_recoverable(&text);
        let mut ignored = Problems::new(path);
        let mut top = reader::Section::new(&source, document.get_ref(), "", 1);
        let site = top.text("site", &mut ignored).map(|site| site.value);
        let sections = top.tables("channel", &mut ignored).into_iter().flatten().flatten();
        let whole = |section| {
            let mut problems = Problems::new(path);
            channel::read(section, &mut problems).filter(|_| !problems.has_errors())
        };
        Salvaged { site, channels: sections.filter_map(whole).collect() }
    }

    /// The state directory that is written in the file, if one is, whatever else is wrong with it.
    pub fn state_dir_written(path: &Path) -> Option<PathBuf> {
        let text = read_regular(path).ok()?;
        let (document, _) = toml::de::DeTable::parse_recoverable(&text);
        let written = document.get_ref().get("state_dir")?.get_ref().as_str()?;
        Some(PathBuf::from(written)).filter(|path| path.is_absolute())
    }

    /// The state directory where none is written: what systemd says, or the default.
    pub fn default_state_dir() -> PathBuf {
        // systemd names several with colons between them.
        let said = std::env::var("STATE_DIRECTORY").unwrap_or_default();
        let first = said.split(':').next().filter(|first| !first.is_empty());
        PathBuf::from(first.unwrap_or(DEFAULT_STATE_DIR))
    }

    /// Where the daemon with this configuration keeps its state, whatever else is wrong with the file.
    pub fn state_dir_of(path: &Path) -> Result<PathBuf, String> {
        read_regular(path).map_err(|why| format!("{} {why}; give the right one with --config", path.display()))?;
        Ok(Self::state_dir_written(path).unwrap_or_else(Self::default_state_dir))
    }

    /// Where this configuration has its plugins, whatever else is wrong with the file.
    pub fn plugins_dir_of(path: &Path) -> Result<Option<PathBuf>, String> {
        Ok(Self::top_text(path, "plugins_dir")?.map(PathBuf::from))
    }

    fn top_text(path: &Path, key: &str) -> Result<Option<String>, String> {
        let text =
            read_regular(path).map_err(|why| format!("{} {why}; give the right one with --config", path.display()))?;
        let table: toml::Table = text.parse().map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(table.get(key).and_then(toml::Value::as_str).map(str::to_owned))
    }

    /// Who is told of what; `heard` are the channels that tell humans of alerts.
    pub fn rules(&self, heard: &[String]) -> Rules {
        let recipients = self.channels.iter().filter(|channel| heard.contains(&channel.name));
        let recipient =
            |channel: &ChannelConfig| Recipient { name: channel.name.clone(), min_severity: channel.min_severity };
        Rules {
            routes: self.alerts.routes.clone(),
            gather: self.alerts.gather,
            storm: self.alerts.storm,
            damping: self.alerts.damping,
            zone: self.alerts.zone.clone(),
            rehearsal: self.alerts.rehearsal,
            ..Rules::plain(&self.site, recipients.map(recipient).collect(), self.repeat)
        }
    }

    /// The chain of that name.
    pub fn chain(&self, name: &str) -> Option<&ChainConfig> {
        self.chains.iter().find(|chain| chain.profile.name == name)
    }
}

/// Reads the configuration file, or says why not.
fn read_regular(path: &Path) -> Result<String, String> {
    let unreadable = |error| format!("cannot be read: {error}");
    let (mut file, _) = secret::open_regular(path)
        .map_err(unreadable)?
        .ok_or_else(|| "cannot be read: it is a directory, pipe or device, and must be a regular file".to_owned())?;
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// Where state is kept, which must be a place that can hold it.
fn state_dir(top: &mut reader::Section<'_>, problems: &mut Problems) -> PathBuf {
    let Some(reader::At { value, line }) = top.text("state_dir", problems) else { return Config::default_state_dir() };
    let dir = PathBuf::from(&value);
    if !dir.is_absolute() {
        let text = format!("state_dir = {value:?} is relative: it would depend on where Dogwatch is started");
        top.error(problems, line, &text, "Write an absolute path, such as \"/var/lib/dogwatch\".");
        return dir;
    }
    let is_file = match std::fs::metadata(&dir) {
        Ok(metadata) => !metadata.is_dir(),
        Err(error) => error.kind() == std::io::ErrorKind::NotADirectory,
    };
    if is_file {
        let text = format!("state_dir = {value:?} is not a directory");
        top.error(problems, line, &text, "Name a directory, or a path where one can be made.");
    }
    let socket = crate::control::socket_path(&dir);
    if socket.as_os_str().len() > LONGEST_SOCKET {
        let text = format!("state_dir is too long: {} would be longer than {LONGEST_SOCKET} bytes", socket.display());
        top.error(problems, line, &text, "Write a shorter path: Linux opens no longer socket.");
    }
    dir
}
