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
use dogwatch_plugins::{ChannelPlugin, HeartbeatMessage, HeartbeatStatus, Library, Sandbox};
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
    Config::state_dir_written(config).unwrap_or_else(Config::default_state_dir)
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
    let journal = Journal::open(state_dir);
    let say = match witness {
        Witness::Itself => journal.failed(now),
        Witness::Another if Store::is_in_use(state_dir) => {
            return Told { silent: Some("a daemon runs on this state by now"), ..Told::default() };
        }
        Witness::Another => journal.noticed(now),
    };
    if say == Say::Nothing {
        return Told { silent: Some("it was said already, and is not said at every start"), ..Told::default() };
    }
    let salvaged = config.map(Config::salvage).unwrap_or_default();
    let kept = Kept::read(state_dir);
    let site = salvaged.site.or_else(|| kept.as_ref().map(|kept| kept.site.clone())).unwrap_or_else(hostname);
    let (couriers, mut failed) = couriers(&site, &salvaged.channels, kept.as_ref(), state_dir);
    let again = (say == Say::Loop).then(|| journal.failures(now));
    let StartFailure { summary, details, command } = failure;
    let message = Words { site: &site, now }.start(summary, details, command, again);
    // At once: the next start may come before the slowest channel has answered.
    let mut told = deliver(couriers, message, || journal.told(now, say)).await;
    told.failed.append(&mut failed);
    told
}

/// The channels that can be built: as the configuration has them, and else as they were kept.
fn couriers(
    site: &str,
    salvaged: &[ChannelConfig],
    kept: Option<&Kept>,
    state_dir: &Path,
) -> (Vec<Courier>, Vec<(String, String)>) {
    let (mut built, mut failed): (Vec<Courier>, Vec<(String, String)>) = (Vec::new(), Vec::new());
    let client = match egress::client() {
        Ok(client) => client,
        Err(error) => return (built, vec![("every channel".to_owned(), format!("no HTTPS: {error}"))]),
    };
    let libraries = libraries(kept, state_dir);
    let build = |channel: &ChannelConfig| {
        let mut plugin = Err("no plugin could be loaded".to_owned());
        for library in &libraries {
            plugin = plugin.or_else(|_| plugins::channel(library, channel));
        }
        let egress = Egress::new(channel, &client).map_err(|error| error.to_string());
        Ok(Courier {
            name: channel.name.clone(),
            site: site.to_owned(),
            // Nobody replaces it any more.
            plugin: watch::channel(Ok(plugin?)).1,
            settings: channel.settings.clone(),
            egress: egress?,
        })
    };
    let mut try_one = |name: &str, channel: Result<ChannelConfig, String>, built: &mut Vec<Courier>| match channel
        .and_then(|channel| build(&channel))
    {
        Ok(courier) => built.push(courier),
        Err(why) => failed.push((name.to_owned(), why)),
    };
    for channel in salvaged {
        try_one(&channel.name, Ok(channel.clone()), &mut built);
    }
    for channel in kept.iter().flat_map(|kept| kept.channels()) {
        let name = channel.as_ref().map_or_else(|(name, _)| name.clone(), |channel| channel.name.clone());
        if built.iter().all(|known| known.name != name) {
            try_one(&name, channel.map_err(|(_, why)| why), &mut built);
        }
    }
    (built, failed)
}

/// A channel as it was at the last good start, if it was.
pub fn kept_channel(state_dir: &Path, name: &str) -> Option<(ChannelConfig, ChannelPlugin)> {
    let kept = Kept::read(state_dir)?;
    let channel = kept.channels().into_iter().flatten().find(|channel| channel.name == name)?;
    let plugin =
        libraries(Some(&kept), state_dir).iter().find_map(|library| plugins::channel(library, &channel).ok())?;
    Some((channel, plugin))
}

/// The kept plugins first: they did work.
fn libraries(kept: Option<&Kept>, state_dir: &Path) -> Vec<Library> {
    let directories = [kept.map(|_| kept::plugins_dir(state_dir)), None];
    let open = |directory: Option<PathBuf>| Some(Library::open(Sandbox::new().ok()?, directory.as_deref()).0);
    directories.into_iter().filter_map(open).collect()
}

/// Sends to all channels at once, and again to those that fail, until the time is up.
async fn deliver(couriers: Vec<Courier>, alert: Alert, first: impl FnOnce()) -> Told {
    let mut first = Some(first);
    let (heard, beats): (Vec<_>, Vec<_>) = couriers.into_iter().partition(|courier| courier.roles().alerts);
    let mut tasks = JoinSet::new();
    // A dead man's switch hears of it too, and is nobody who was told.
    let mut switches = JoinSet::new();
    for courier in beats {
        let heartbeat = HeartbeatMessage {
            status: HeartbeatStatus::Failing(alert.summary.clone()),
            site: courier.site.clone(),
            at: alert.at,
        };
        switches.spawn(async move { tokio::time::timeout(DEADLINE, courier.beat(&heartbeat)).await });
    }
    for courier in heard {
        let mut delivery = Delivery::past_the_store(alert.clone());
        tasks.spawn(async move {
            let mut last = "no answer in time".to_owned();
            let tries = async {
                let mut memory = String::new();
                loop {
                    let (wait, why) = match courier.deliver(&memory, &delivery).await {
                        Outcome::Delivered(_) | Outcome::Follow(_) => return Ok(()),
                        Outcome::Refused(why) | Outcome::NoPlugin(why) => return Err(why),
                        Outcome::Wait(wait, why) => (wait, why),
                        Outcome::Failed(why) => (backoff(delivery.attempts), why),
                        Outcome::Remember(learned) if delivery.attempts == 0 => {
                            memory = learned;
                            (Duration::ZERO, "the service wants it sent elsewhere".to_owned())
                        }
                        Outcome::Remember(_) => return Err("the service sends it from place to place".to_owned()),
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
            Ok((name, Ok(()))) => {
                if let Some(first) = first.take() {
                    first();
                }
                told.delivered.push(name);
            }
            Ok((name, Err(why))) => told.failed.push((name, why)),
            Err(error) => told.failed.push(("a channel".to_owned(), error.to_string())),
        }
    }
    while switches.join_next().await.is_some() {}
    told
}

fn hostname() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "a place without a name".to_owned() } else { name.to_owned() }
}
