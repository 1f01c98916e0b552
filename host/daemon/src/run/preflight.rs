//! Everything that is checked before a start: the configuration, the plugins it names, and what the plugins make of their settings.

use std::path::Path;

use dogwatch_alerts::{Alert, AlertEvent, AlertKey, AlertReport, Cause, Notice, Scope, Severity, Subject};
use dogwatch_chain::Time;
use dogwatch_client::Failure;
use dogwatch_plugins::{AlertMessage, ChannelContext, ChannelPlugin, CheckError, Library, MessageMetadata, Sandbox};

use crate::channels::egress::{self, Egress, EgressError};
use crate::config::{ChannelConfig, Config, Problems};

/// Reads the configuration, asks the plugins what they think of it, and opens the plugin directory.
pub fn read(path: &Path) -> Result<(Option<(Config, Library)>, Problems), Failure> {
    let (config, mut problems) = Config::load(path);
    let Some(config) = config else { return Ok((None, problems)) };
    let sandbox = Sandbox::new().map_err(Failure::other)?;
    let (library, broken) = Library::open(sandbox, config.plugins_dir.as_deref());
    for problem in broken {
        problems.warn(None, problem.to_string(), "Create the directory; repair or remove the file.");
    }
    check_plugins(&library, &config, &mut problems);
    if let Some(tls) = config.gateway.as_ref().and_then(|gateway| gateway.tls.as_ref())
        && let Err(why) = tls.load()
    {
        let remedy = "Give it the whole chain and its key, in PEM form; the key with mode 0600.";
        problems.error(Some(tls.line), format!("gateway: tls: {why}"), remedy);
    }
    Ok((Some((config, library)), problems))
}

/// Adds to the problems what the plugins think of their settings.
fn check_plugins(library: &Library, config: &Config, problems: &mut Problems) {
    for witness in &config.witnesses {
        let what = format!("witness {:?}: policy {:?}", witness.name.as_str(), witness.policy);
        match library.policy(&witness.policy) {
            Ok(plugin) => report(&what, witness.line, plugin.check(&witness.settings), problems),
            Err(error) => problems.error(Some(witness.line), format!("{what}: {error}"), PLUGIN_REMEDY),
        }
    }
    let mut deaf = Vec::new();
    for channel in &config.channels {
        let what = format!("channel {:?}: plugin {:?}", channel.name, channel.plugin);
        let secrets: Vec<String> = channel.secrets.keys().cloned().collect();
        match library.channel(&channel.plugin) {
            Ok(plugin) => {
                let checked = plugin.check(&channel.settings, &secrets);
                let fits = checked.is_ok();
                if plugin.describe().is_ok_and(|description| !description.roles.alerts) {
                    deaf.push(channel.name.as_str());
                }
                report(&what, channel.line, checked, problems);
                if fits {
                    rehearse(&what, &config.site, &plugin, channel, problems);
                }
            }
            Err(error) => problems.error(Some(channel.line), format!("{what}: {error}"), PLUGIN_REMEDY),
        }
    }
    hearing(config, &deaf, problems);
}

/// Whether somebody hears of alerts: heartbeats tell a machine that all is well, and nobody that it is not.
fn hearing(config: &Config, deaf: &[&str], problems: &mut Problems) {
    if !config.channels.is_empty() && deaf.len() == config.channels.len() {
        let what = "no [[channel]] tells a human of alerts: there are only heartbeats".to_owned();
        problems.warn(None, what, "Add one that does: dogwatch plugin list.");
    }
    let named = config.alerts.routes.iter().flat_map(|route| &route.steps).flat_map(|step| &step.channels);
    let mut told: Vec<&str> = named.map(String::as_str).filter(|name| deaf.contains(name)).collect();
    told.sort_unstable();
    told.dedup();
    for name in told {
        let what = format!("a [[route]] names channel {name:?}, which takes heartbeats and tells nobody of alerts");
        problems.warn(None, what, "Name a channel that tells somebody.");
    }
}

/// Has the channel compose alerts as it would have to, and asks whether they could go out. Sends nothing.
fn rehearse(what: &str, site: &str, plugin: &ChannelPlugin, channel: &ChannelConfig, problems: &mut Problems) {
    let http = match egress::http_client() {
        Ok(http) => http,
        Err(error) => {
            let remedy = "Nothing can be sent from this machine: see that its certificates are in order.";
            return problems.error(Some(channel.line), format!("{what}: no HTTPS: {error}"), remedy);
        }
    };
    let egress = match Egress::new(channel, &http) {
        Ok(egress) => egress,
        Err(error) => {
            let remedy = "Give it the authority's certificate in PEM form.";
            return problems.error(Some(channel.line), format!("{what}: authority: {error}"), remedy);
        }
    };
    let metadata = MessageMetadata { message_id: format!("{site}-0"), site: site.to_owned() };
    let mut said = Vec::new();
    let secrets = egress.secret_names();
    let context = ChannelContext { settings: &channel.settings, secrets: &secrets, memory: "" };
    for event in [AlertEvent::Opened, AlertEvent::Updated, AlertEvent::Acknowledged, AlertEvent::Resolved] {
        let alert = sample(event, site);
        match plugin.compose(context, AlertMessage { alert: &alert, metadata: &metadata }) {
            Ok(called) => {
                let refused = called.value.iter().filter_map(|request| egress.permits(request).err());
                said.extend(refused.map(|error| (error.to_string(), egress_remedy(&error))));
            }
            Err(error) => said.push((error.to_string(), "Correct its settings, or repair the plugin.")),
        }
    }
    let mut known: Vec<&str> = Vec::new();
    for (text, remedy) in &said {
        if !known.contains(&text.as_str()) {
            known.push(text);
            problems.error(Some(channel.line), format!("{what}: no alert could be sent: {text}"), *remedy);
        }
    }
}

fn egress_remedy(error: &EgressError) -> &'static str {
    match error {
        EgressError::Host(_) => "Add it to allow_hosts if alerts are meant to go there; if not, correct the address.",
        EgressError::Scheme(_) => "Write https:// in the address; for mail use starttls or tls.",
        EgressError::NoSecret(_) => "Add it to [channel.secrets].",
        _ => "Correct the channel's settings and secrets.",
    }
}

/// An alert that nobody gets to see.
fn sample(event: AlertEvent, site: &str) -> Alert {
    let notice = Notice {
        key: AlertKey::new(Scope::daemon(site), Cause::Test),
        severity: Severity::Page,
        subject: Subject::Daemon,
        summary: "a rehearsal".to_owned(),
        details: "The configuration is being checked.".to_owned(),
        remedy: AlertReport::NOTHING_TO_DO.to_owned(),
        command: String::new(),
    };
    notice.message(event, Time::from_millis(0))
}

const PLUGIN_REMEDY: &str =
    "Which plugins there are: dogwatch plugin list. The settings of one: dogwatch plugin list NAME.";

fn report(what: &str, line: usize, checked: Result<(), CheckError>, problems: &mut Problems) {
    match checked {
        Ok(()) => {}
        Err(CheckError::Settings { problems: found, .. }) => {
            for problem in found {
                problems.error(Some(line), format!("{what}: {problem}"), "Correct its settings.");
            }
        }
        Err(error) => problems.error(Some(line), error.to_string(), PLUGIN_REMEDY),
    }
}
