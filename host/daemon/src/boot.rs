//! When the daemon cannot start: the operator is told all the same, by whatever channels can still be built.
//!
//! The channels come from the configuration where their sections can be read, and else from what was kept at the last
//! good start: their settings, where their secrets are (never the secrets), and their plugins as WebAssembly. No chain,
//! no store and no other part of the configuration is needed.

mod journal;
mod kept;

use std::path::{Path, PathBuf};
use std::time::Duration;

use dogwatch_engine::Alert;
use dogwatch_plugins::{ChannelPlugin, Library, Sandbox};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::config::{ChannelConfig, Config};
use crate::courier::{Courier, Outcome};
use crate::egress::{self, Egress};
use crate::outbox::backoff;
use crate::plugins;
use crate::store::{Delivery, Store};
use crate::words::Words;

pub use journal::{Journal, Say};
pub use kept::{Kept, keep};

/// How long the channels have to take the message before the process ends, and systemd starts the next one.
const DEADLINE: Duration = Duration::from_secs(10);

/// A start that failed.
#[derive(Clone, Debug)]
pub struct StartFailure {
    /// In one line.
    pub summary: String,
    /// All that is known of it.
    pub details: String,
    /// The one command to type.
    pub command: String,
}

/// What became of the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The channels that took it.
    pub delivered: Vec<String>,
    /// Those that did not, and why.
    pub failed: Vec<(String, String)>,
    /// Why nothing was said, if it was not.
    pub silent: Option<&'static str>,
}

/// Where the state of a daemon with this configuration is: what the file says of it, what systemd says, the default.
pub fn state_dir(config: &Path) -> PathBuf {
    let said = std::env::var_os("STATE_DIRECTORY").map(PathBuf::from);
    Config::state_dir_written(config).or(said).unwrap_or_else(Config::default_state_dir)
}

/// Who says that it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// The process that failed.
    Itself,
    /// Whoever started it.
    Another,
}

/// Tells the operator, unless that was done.
pub async fn tell(config: Option<&Path>, state_dir: &Path, failure: &StartFailure, witness: Witness) -> Told {
    let now = Clock.now();
    let mut journal = Journal::open(state_dir);
    match witness {
        Witness::Itself => journal.failed(now),
        Witness::Another if Store::is_in_use(state_dir) => {
            return Told { silent: Some("a daemon runs on this state by now"), ..Told::default() };
        }
        Witness::Another => journal.noticed(now),
    }
    let say = journal.say(now);
    if say == Say::Nothing {
        return Told { silent: Some("it was said already, and is not said at every start"), ..Told::default() };
    }
    let salvaged = config.map(Config::salvage).unwrap_or_default();
    let kept = Kept::read(state_dir);
    let site = salvaged.site.or_else(|| kept.as_ref().map(|kept| kept.site.clone())).unwrap_or_else(hostname);
    let (couriers, mut failed) = couriers(&site, &salvaged.channels, kept.as_ref(), state_dir);
    let again = (say == Say::Loop).then(|| journal.failures(now));
    let StartFailure { summary, details, command } = failure;
    let mut told = deliver(couriers, Words { site: &site, now }.start(summary, details, command, again)).await;
    told.failed.append(&mut failed);
    if !told.delivered.is_empty() {
        journal.told(now, say);
    }
    told
}

/// The channels that can be built: those of the configuration, and of the kept ones those it does not hold.
fn couriers(
    site: &str,
    salvaged: &[ChannelConfig],
    kept: Option<&Kept>,
    state_dir: &Path,
) -> (Vec<Courier>, Vec<(String, String)>) {
    let (mut built, mut failed) = (Vec::new(), Vec::new());
    let mut channels = salvaged.to_vec();
    for channel in kept.iter().flat_map(|kept| kept.channels()) {
        match channel {
            Ok(channel) if channels.iter().all(|known| known.name != channel.name) => channels.push(channel),
            Ok(_) => {}
            Err((name, why)) => failed.push((name, why)),
        }
    }
    let client = match egress::client() {
        Ok(client) => client,
        Err(error) => return (built, vec![("every channel".to_owned(), format!("no HTTPS: {error}"))]),
    };
    let libraries = libraries(kept, state_dir);
    for channel in &channels {
        let mut plugin = Err("no plugin could be loaded".to_owned());
        for library in &libraries {
            plugin = plugin.or_else(|_| plugins::channel(library, channel));
        }
        let egress = Egress::new(channel, &client).map_err(|error| error.to_string());
        match plugin.and_then(|plugin| Ok((plugin, egress?))) {
            Ok((plugin, egress)) => built.push(Courier {
                name: channel.name.clone(),
                site: site.to_owned(),
                // Nobody replaces it any more.
                plugin: watch::channel(Ok(plugin)).1,
                settings: channel.settings.clone(),
                egress,
            }),
            Err(why) => failed.push((channel.name.clone(), why)),
        }
    }
    (built, failed)
}

/// The plugin of a channel as it was at the last good start.
pub fn kept_plugin(state_dir: &Path, channel: &ChannelConfig) -> Option<ChannelPlugin> {
    let directory = kept::plugins_dir(state_dir);
    if !directory.is_dir() {
        return None;
    }
    let (library, _) = Library::open(Sandbox::new().ok()?, Some(&directory));
    plugins::channel(&library, channel).ok()
}

/// The kept plugins first: they did work.
fn libraries(kept: Option<&Kept>, state_dir: &Path) -> Vec<Library> {
    let directories = [kept.map(|_| kept::plugins_dir(state_dir)), None];
    let open = |directory: Option<PathBuf>| Some(Library::open(Sandbox::new().ok()?, directory.as_deref()).0);
    directories.into_iter().filter_map(open).collect()
}

/// Sends to all channels at once, and again to those that fail, until the time is up.
async fn deliver(couriers: Vec<Courier>, alert: Alert) -> Told {
    let mut tasks = JoinSet::new();
    for courier in couriers {
        let mut delivery = Delivery::past_the_store(alert.clone());
        tasks.spawn(async move {
            let mut last = "no answer in time".to_owned();
            let tries = async {
                loop {
                    let (wait, why) = match courier.deliver("", &delivery).await {
                        Outcome::Delivered(_) | Outcome::Follow(_) => return Ok(()),
                        Outcome::Refused(why) | Outcome::NoPlugin(why) => return Err(why),
                        Outcome::Wait(wait, why) => (wait, why),
                        Outcome::Failed(why) | Outcome::Remember(why) => (backoff(delivery.attempts), why),
                    };
                    last = why;
                    delivery.attempts = delivery.attempts.saturating_add(1);
                    tokio::time::sleep(wait).await;
                }
            };
            let ended = tokio::time::timeout(DEADLINE, tries).await;
            (courier.name.clone(), ended.unwrap_or(Err(last)))
        });
    }
    let mut told = Told::default();
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok((name, Ok(()))) => told.delivered.push(name),
            Ok((name, Err(why))) => told.failed.push((name, why)),
            Err(error) => told.failed.push(("a channel".to_owned(), error.to_string())),
        }
    }
    told
}

fn hostname() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "a place without a name".to_owned() } else { name.to_owned() }
}
