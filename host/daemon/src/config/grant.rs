//! What a pinned plugin may use: `hosts` and `secrets` of a `[plugin.NAME]` section.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::channel::{self, ChannelConfig};
use crate::config::problem::Problems;
use crate::config::reader::{At, Section};
use crate::config::witness::WitnessConfig;

/// What a channel's plugin may use, whatever the sections of its channels allow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// The line of its section.
    pub line: usize,
    /// Hosts that it may send to, as `host` or `host:port`.
    pub hosts: BTreeSet<String>,
    /// Names of the secrets that it may use.
    pub secrets: BTreeSet<String>,
}

/// The grants, by the plugins' names.
pub type Grants = BTreeMap<String, Grant>;

impl Grant {
    /// Leaves a channel only what is granted, too.
    fn narrow(&self, channel: &mut ChannelConfig) {
        channel.allow_hosts.retain(|host| self.hosts.contains(host));
        channel.secrets.retain(|name, _| self.secrets.contains(name));
        channel.sources.retain(|name, _| self.secrets.contains(name));
    }
}

/// Leaves a channel only what its plugin is granted, too. Without a grant, a channel has what its section allows.
pub fn narrow(grants: &Grants, channel: &mut ChannelConfig) {
    if let Some(grant) = grants.get(&channel.plugin) {
        grant.narrow(channel);
    }
}

/// The grant of a section, if it has one of the keys. The other one grants nothing then.
pub(super) fn read(section: &mut Section<'_>, problems: &mut Problems) -> Option<Grant> {
    let given = [section.line_of("hosts"), section.line_of("secrets")];
    let hosts = section.texts("hosts", problems).unwrap_or_default();
    let secrets = section.texts("secrets", problems).unwrap_or_default();
    let mut grant = Grant { line: section.line(), ..Grant::default() };
    for At { value, line } in hosts.into_iter().flatten() {
        if channel::is_host(&value) {
            grant.hosts.insert(value.to_lowercase());
        } else {
            let remedy = "Write only the host, or host:port, such as \"hooks.example.com\".";
            section.error(problems, line, &format!("hosts: {value:?} is not a host name"), remedy);
        }
    }
    grant.secrets.extend(secrets.into_iter().flatten().map(|name| name.value));
    given.iter().any(Option::is_some).then_some(grant)
}

/// Reports channels that ask for more than their plugins are granted, and grants of what decides and sends nothing.
pub(super) fn check(
    grants: &Grants,
    channels: &[ChannelConfig],
    witnesses: &[&WitnessConfig],
    problems: &mut Problems,
) {
    for (plugin, grant) in grants {
        if witnesses.iter().any(|witness| witness.policy == *plugin || witness.fallback.name() == Some(plugin.as_str()))
        {
            refuse_policy(plugin, grant, problems);
        }
        for channel in channels.iter().filter(|channel| channel.plugin == *plugin) {
            let what = format!("channel {:?}", channel.name);
            for host in channel.allow_hosts.iter().filter(|host| !grant.hosts.contains(*host)) {
                let text = format!("{what}: allow_hosts has {host:?}, which hosts of [plugin.{plugin}] does not grant");
                let remedy =
                    format!("Take it out; or, if the plugin is meant to send there: dogwatch plugin trust {plugin}.");
                problems.error(Some(channel.line), text, remedy);
            }
            for name in channel.secrets.keys().filter(|name| !grant.secrets.contains(*name)) {
                let text =
                    format!("{what}: it has the secret {name:?}, which secrets of [plugin.{plugin}] does not grant");
                let remedy =
                    format!("Take it out; or, if the plugin is meant to use it: dogwatch plugin trust {plugin}.");
                problems.error(Some(channel.line), text, remedy);
            }
        }
    }
}

/// Reports that a policy has a grant.
pub(crate) fn refuse_policy(plugin: &str, grant: &Grant, problems: &mut Problems) {
    problems.error(
        Some(grant.line),
        format!("plugin.{plugin}: it is a policy: it sends nothing and sees no secret, so there is nothing to grant"),
        "Remove hosts and secrets; sha256 alone pins it.",
    );
}
