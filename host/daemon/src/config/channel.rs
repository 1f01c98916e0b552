//! `[[channel]]` sections.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch_alerts::Severity;
use dogwatch_plugins::Settings;

use crate::config::duration::Range;
use crate::config::problem::Problems;
use crate::config::reader::Section;
use crate::config::secret::{Secret, SecretSource};
use crate::config::{authority, severity};

const HEARTBEAT: Range<'_> = Range {
    least: Duration::from_secs(1),
    most: Duration::from_hours(1),
    why: "services accept a few heartbeats a minute, and a warning that is hours late helps nobody",
};

/// An alert channel.
#[derive(Clone, Debug)]
pub struct ChannelConfig {
    /// The line its section starts in.
    pub line: usize,
    /// The operator's name for it.
    pub name: String,
    /// The plugin that speaks to it.
    pub plugin: String,
    /// The lowest severity it takes.
    pub min_severity: Severity,
    /// Hosts it may send to, as `host` or `host:port`.
    pub allow_hosts: Vec<String>,
    /// Whether it may send by plain http, or mail without TLS, to hosts other than this machine.
    pub allow_http: bool,
    /// Certificate authorities to trust besides this machine's own, in PEM form.
    pub authorities: Vec<Vec<u8>>,
    /// How often a heartbeat is sent, if the channel takes heartbeats.
    pub heartbeat: Duration,
    /// The plugin's settings.
    pub settings: Settings,
    /// Secrets by name.
    pub secrets: BTreeMap<String, Secret>,
    /// Where the secrets come from, by name.
    pub sources: BTreeMap<String, SecretSource>,
}

pub(super) fn read(mut section: Section<'_>, problems: &mut Problems) -> Option<ChannelConfig> {
    let name = section.required("name", "\"ops\"", problems);
    if let Some(name) = &name {
        section.call(format!("channel {:?}", name.value));
        section.check_name("name", name, problems);
    }
    let plugin = section.required("plugin", "\"webhook\"", problems);
    let min_severity = severity::read(&mut section, "min_severity", problems).unwrap_or(Severity::Info);
    let hosts = section.texts("allow_hosts", problems);
    let allow_http = section.flag("allow_http", problems).unwrap_or(false);
    let heartbeat = section.duration_within("heartbeat", HEARTBEAT, problems).unwrap_or(Duration::from_secs(60));
    let authority = section.text("authority", problems);
    let authorities = authority.and_then(|path| authority::read(&path, &section, problems)).into_iter().collect();
    let settings = section.table("settings", problems).map(|table| table.settings(problems)).unwrap_or_default();
    let secrets = section.table("secrets", problems).map(|table| secrets(table, problems)).unwrap_or_default();
    let line = section.line();
    if hosts.as_ref().is_some_and(Vec::is_empty) {
        section.error(
            problems,
            line,
            "allow_hosts is missing: a channel may send only to the hosts it lists",
            "Add allow_hosts = [\"hooks.example.com\"].",
        );
    }
    let mut allow_hosts = Vec::new();
    for host in hosts.into_iter().flatten().flatten() {
        if is_host(&host.value) {
            allow_hosts.push(host.value.to_lowercase());
        } else {
            let text = format!("allow_hosts: {:?} is not a host name", host.value);
            let remedy = "Write only the host, or host:port, such as \"hooks.example.com\".";
            section.error(problems, host.line, &text, remedy);
        }
    }
    section.finish(problems);
    Some(ChannelConfig {
        line,
        name: name?.value,
        plugin: plugin?.value,
        min_severity,
        allow_hosts,
        allow_http,
        authorities,
        heartbeat,
        settings,
        sources: secrets.iter().map(|(name, (_, source))| (name.clone(), source.clone())).collect(),
        secrets: secrets.into_iter().map(|(name, (secret, _))| (name, secret)).collect(),
    })
}

/// Whether this can be a host name, with or without a port, rather than a whole address.
pub(super) fn is_host(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c == '/' || c == '@' || c.is_whitespace() || c.is_control())
}

/// Reads the secrets, and where they come from.
fn secrets(mut table: Section<'_>, problems: &mut Problems) -> BTreeMap<String, (Secret, SecretSource)> {
    let mut secrets = BTreeMap::new();
    let what = table.what().to_owned();
    for (name, item, line) in table.named_items() {
        let Some(item) = item else {
            problems.error(
                Some(line),
                format!("{what}: {name} does not say where the secret is"),
                "Write { file = \"/path\" }, { env = \"NAME\" } or { credential = \"name\" }.",
            );
            continue;
        };
        let Some(source) = SecretSource::read(item, problems) else { continue };
        if let Some(secret) = source.fetch_or_report(&format!("{what}: {name}"), line, problems) {
            secrets.insert(name, (secret, source));
        }
    }
    secrets
}
