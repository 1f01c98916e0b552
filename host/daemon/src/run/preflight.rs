//! Everything that is checked before a start: the configuration, the plugins it names, and the plugins' settings.

use std::path::Path;

use dogwatch_alerts::{Alert, AlertEvent, AlertKey, AlertReport, Cause, Notice, Scope, Severity, Subject};
use dogwatch_chain::Time;
use dogwatch_client::Failure;
use dogwatch_plugins::{
    AlertMessage, ChannelContext, ChannelPlugin, CheckError, CompileBudget, Library, LibraryError, MessageMetadata,
    Settings, World,
};
use sd_notify::NotifyState;

use crate::channels::egress::{self, Egress, EgressError};
use crate::config::{ChannelConfig, Config, Problems, refuse_policy, unproven};
use crate::liveness;
use crate::plugin_cache;
use crate::store::Store;

/// How long is waited for plugins to be compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// A few seconds for each: the watch must begin. What takes longer is compiled while it runs.
    Briefly,
    /// Until they are.
    ForAll,
}

/// Reads the configuration, opens the plugin directory, and has the plugins check their settings.
///
/// # Errors
///
/// When the sandbox for plugins cannot be set up.
pub fn read(path: &Path, waits: Waits) -> Result<(Option<(Config, Library)>, Problems), Failure> {
    let (config, mut problems) = Config::load(path);
    let Some(config) = config else { return Ok((None, problems)) };
    let sandbox = plugin_cache::sandbox(Some(&config.state_dir)).map_err(Failure::other)?;
    let (library, broken) = Library::open_with(sandbox, config.plugins_dir.as_deref(), config.file_rules());
    for problem in broken {
        problems.warn(None, problem.to_string(), "Create the directory, or fix or remove the file.");
    }
    // Without its file, a plugin that is not bundled is missed by whoever names it.
    let known = library.names();
    for name in config.pins.keys().filter(|name| known.contains(name) && !library.has_file(name)) {
        let what = format!("[plugin.{name}] pins a file that is not in the plugin directory: {name}.wasm");
        problems.warn(
            None,
            what,
            "Put the file there, or remove the section. A bundled plugin of that name is used meanwhile.",
        );
    }
    if waits == Waits::Briefly {
        library.hurry();
    }
    check_plugins(&library, &config, &mut problems);
    if let Some(tls) = config.gateway.as_ref().and_then(|gateway| gateway.tls.as_ref())
        && let Err(why) = tls.load()
    {
        let remedy = "Name files with the whole certificate chain and its key, in PEM form; give the key mode 0600.";
        problems.error(Some(tls.line), format!("gateway: tls: {why}"), remedy);
    }
    Ok((Some((config, library)), problems))
}

/// Adds the problems that the plugins find in their settings.
fn check_plugins(library: &Library, config: &Config, problems: &mut Problems) {
    for witness in &config.witnesses {
        let what = format!("witness {:?}: policy {:?}", witness.name.as_str(), witness.policy);
        still_starting();
        match library.policy(&witness.policy) {
            Ok(plugin) => {
                imports(&what, witness.line, plugin.stand_ins(), problems);
                report(&what, witness.line, plugin.check(&witness.settings), problems);
            }
            Err(error) => problems.error(Some(witness.line), format!("{what}: {error}"), PLUGIN_REMEDY),
        }
        let Some(fallback) = witness.fallback.name() else { continue };
        let what = format!("witness {:?}: fallback_policy {fallback:?}", witness.name.as_str());
        still_starting();
        match library.bundled_or_file_policy(fallback) {
            Ok(plugin) => report(&what, witness.line, plugin.check(&Settings::default()), problems),
            Err(error) => problems.error(Some(witness.line), format!("{what}: {error}"), PLUGIN_REMEDY),
        }
    }
    let mut heartbeat_only = Vec::new();
    for channel in &config.channels {
        let what = format!("channel {:?}: plugin {:?}", channel.name, channel.plugin);
        let secrets: Vec<String> = channel.secrets.keys().cloned().collect();
        still_starting();
        match library.channel(&channel.plugin) {
            Ok(plugin) => {
                imports(&what, channel.line, plugin.stand_ins(), problems);
                let checked = plugin.check(&channel.settings, &secrets);
                let fits = checked.is_ok();
                if plugin.describe().is_ok_and(|description| !description.roles.alerts) {
                    heartbeat_only.push(channel.name.as_str());
                }
                report(&what, channel.line, checked, problems);
                if fits {
                    rehearse(&what, &config.site, &plugin, channel, problems);
                }
            }
            Err(error) => problems.error(Some(channel.line), format!("{what}: {error}"), PLUGIN_REMEDY),
        }
    }
    for (name, grant) in &config.grants {
        // Policies that a witness has are known from the configuration alone.
        let found = library.channel(name);
        if matches!(found, Err(LibraryError::WrongWorld { found: World::Policy, .. })) {
            refuse_policy(name, grant, problems);
        }
    }
    hearing(config, &heartbeat_only, problems);
    waking(config, &heartbeat_only, problems);
}

/// Notes what a plugin imports and gets no real one of.
fn imports(what: &str, line: usize, stand_ins: &[String], problems: &mut Problems) {
    if !stand_ins.is_empty() {
        let text = format!("{what} imports {}: what a plugin gets there does nothing", stand_ins.join(", "));
        problems.note(
            Some(line),
            text,
            "Nothing has to be done if it works; to see what it does: dogwatch plugin check FILE.",
        );
    }
}

/// Asks systemd for time to compile one more plugin: a start that it takes for one that hangs would begin anew for ever.
fn still_starting() {
    let longest = CompileBudget::default().clock.saturating_mul(2);
    let micros = u32::try_from(longest.as_micros()).unwrap_or(u32::MAX);
    liveness::tell(&[NotifyState::ExtendTimeoutUsec(micros)]);
}

/// Warns when nobody would get alerts: a heartbeat tells a service that all is well, but no person that it is not.
fn hearing(config: &Config, heartbeat_only: &[&str], problems: &mut Problems) {
    if !config.channels.is_empty() && heartbeat_only.len() == config.channels.len() {
        let what = "no [[channel]] sends alerts to people: there are only heartbeats".to_owned();
        problems.warn(None, what, "Add one that does; to see the plugins: dogwatch plugin list.");
    }
    let named = config.alerts.routes.iter().flat_map(|route| &route.steps).flat_map(|step| &step.channels);
    let mut told: Vec<&str> = named.map(String::as_str).filter(|name| heartbeat_only.contains(name)).collect();
    told.sort_unstable();
    told.dedup();
    for name in told {
        let what = format!("a [[route]] names channel {name:?}, which only sends heartbeats and no alerts");
        problems.warn(None, what, "Name a channel that sends alerts.");
    }
}

/// Warns when nobody would be woken: every alert goes where it waits to be read.
fn waking(config: &Config, heartbeat_only: &[&str], problems: &mut Problems) {
    let mut alerts =
        config.channels.iter().filter(|channel| !heartbeat_only.contains(&channel.name.as_str())).peekable();
    if alerts.peek().is_some() && alerts.all(|channel| TO_BE_READ.contains(&channel.plugin.as_str())) {
        let what = "no [[channel]] wakes anybody: messages and mail wait until they are read".to_owned();
        problems.warn(None, what, "Add one that rings, such as pushover, pagerduty, opsgenie, twilio or ntfy.");
    }
}

/// Plugins of services that do not ring through the night.
const TO_BE_READ: [&str; 5] = ["telegram", "discord", "slack", "matrix", "email"];

/// Notes the standbys that have not been seen to sign a block, as far as the stored state tells.
pub fn proven(config: &Config, problems: &mut Problems) {
    for witness in &config.witnesses {
        let state = Store::peek_state(&config.state_dir, &witness.chain, witness.name.as_str());
        let Some((state, held)) = state.and_then(|state| state.key.map(|record| record.key).map(|key| (state, key)))
        else {
            continue;
        };
        for node in witness.nodes.iter().filter(|node| node.public_key != held && !state.has_signed(&node.name)) {
            let (what, remedy) = unproven::note(witness.name.as_str(), &node.name);
            problems.note(Some(witness.line), what, remedy);
        }
    }
}

/// Has the channel compose sample alerts, and checks whether they could be sent. Sends nothing.
fn rehearse(what: &str, site: &str, plugin: &ChannelPlugin, channel: &ChannelConfig, problems: &mut Problems) {
    let http = match egress::http_client() {
        Ok(http) => http,
        Err(error) => {
            let remedy = "Nothing can be sent from this machine: check its certificates.";
            return problems.error(Some(channel.line), format!("{what}: https does not work: {error}"), remedy);
        }
    };
    let egress = match Egress::new(channel, &http) {
        Ok(egress) => egress,
        Err(error) => {
            let remedy = "Name a file with the authority's certificate in PEM form.";
            return problems.error(Some(channel.line), format!("{what}: authority: {error}"), remedy);
        }
    };
    let metadata = MessageMetadata { message_id: format!("{site}-0"), site: site.to_owned() };
    let mut obstacles = Vec::new();
    let secrets = egress.secret_names();
    let context = ChannelContext { settings: &channel.settings, secrets: &secrets, memory: "" };
    for event in [AlertEvent::Opened, AlertEvent::Updated, AlertEvent::Acknowledged, AlertEvent::Resolved] {
        let alert = sample(event, site);
        match plugin.compose(context, AlertMessage { alert: &alert, metadata: &metadata }) {
            Ok(called) => {
                let refused = called.value.iter().filter_map(|request| egress.permits(request).err());
                obstacles.extend(refused.map(|error| (error.to_string(), egress_remedy(&error))));
            }
            Err(error) => obstacles.push((error.to_string(), "Fix its settings, or the plugin.")),
        }
    }
    let mut known: Vec<&str> = Vec::new();
    for (text, remedy) in &obstacles {
        if !known.contains(&text.as_str()) {
            known.push(text);
            problems.error(Some(channel.line), format!("{what}: no alert could be sent: {text}"), *remedy);
        }
    }
}

fn egress_remedy(error: &EgressError) -> &'static str {
    match error {
        EgressError::Host(_) => "Add it to allow_hosts if alerts are meant to go there; if not, fix the address.",
        EgressError::Scheme(_) => "Write https:// in the address; for mail use starttls or tls.",
        EgressError::NoSecret(_) => "Add it to [channel.secrets].",
        _ => "Fix the channel's settings and secrets.",
    }
}

/// A sample alert that nobody gets.
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
    "To see the plugins: dogwatch plugin list. To see the settings of one: dogwatch plugin list NAME.";

fn report(what: &str, line: usize, checked: Result<(), CheckError>, problems: &mut Problems) {
    match checked {
        Ok(()) => {}
        Err(CheckError::Settings { problems: found, .. }) => {
            for problem in found {
                problems.error(Some(line), format!("{what}: {problem}"), "Fix its settings.");
            }
        }
        Err(error) => problems.error(Some(line), error.to_string(), PLUGIN_REMEDY),
    }
}
