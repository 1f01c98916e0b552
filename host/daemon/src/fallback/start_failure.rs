//! Tells the operator that the daemon cannot start, over every channel that can still be built.
//!
//! A channel comes from the configuration if its section can be read, otherwise from what the last good start kept:
//! its settings, where its secrets are (never the secrets), and its plugin as WebAssembly. This needs no chain, no
//! store and no other part of the configuration.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use dogwatch_alerts::Alert;
use dogwatch_plugins::{HeartbeatMessage, HeartbeatStatus};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::alerts::texts::AlertTexts;
use crate::channels::attempt::{self, GivenUp, Retry, RetryPolicy};
use crate::channels::client::ChannelClient;
use crate::channels::egress::{self, Egress};
use crate::channels::plugin::{self, ChannelFault};
use crate::clock::Clock;
use crate::config::{ChannelConfig, Config, Salvaged, narrow};
use crate::fallback::journal::{Announce, Journal};
use crate::fallback::last_good::{LastGood, libraries};
use crate::store::Store;

/// How long the channels have to deliver the message before the process ends and systemd starts the next one.
const DEADLINE: Duration = Duration::from_secs(10);

/// A start that failed.
#[derive(Clone, Debug)]
pub struct StartFailure {
    /// The reason, in one line.
    pub summary: String,
    /// Everything known about it.
    pub details: String,
    /// The one command to type.
    pub command: String,
}

/// What became of the message about a failed start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notified {
    /// The channels that delivered it.
    pub delivered: Vec<String>,
    /// The channels that did not, and why.
    pub failed: Vec<(String, String)>,
    /// Why no message was sent, if none was.
    pub silent: Option<&'static str>,
}

impl Notified {
    /// Writes to standard error which channels delivered the message.
    pub fn print(&self) {
        if let Some(why) = self.silent {
            eprintln!("dogwatch: no message was sent: {why}");
            return;
        }
        for name in &self.delivered {
            eprintln!("dogwatch: channel {name} delivered the message that Dogwatch does not start");
        }
        for (name, why) in &self.failed {
            eprintln!("dogwatch: channel {name} could not deliver the message: {why}");
        }
        if self.delivered.is_empty() {
            eprintln!("dogwatch: NO CHANNEL DELIVERED the message that Dogwatch does not start");
        }
    }
}

/// Who noticed that the daemon failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticedBy {
    /// The process that failed.
    Itself,
    /// Whatever started it.
    Another,
}

/// Tells the operator, unless the operator knows already.
pub async fn tell(
    config: Option<&Path>,
    state_dir: &Path,
    failure: &StartFailure,
    noticed_by: NoticedBy,
    clock: Clock,
) -> Notified {
    let now = clock.now();
    let journal = Journal::open(state_dir);
    let say = match noticed_by {
        NoticedBy::Itself => journal.failed(now),
        NoticedBy::Another if Store::is_in_use(state_dir) => {
            return Notified { silent: Some("a daemon is running on this state by now"), ..Notified::default() };
        }
        NoticedBy::Another => journal.noticed(now),
    };
    if say == Announce::Nothing {
        return Notified { silent: Some("it was reported already; not every failed start is"), ..Notified::default() };
    }
    let salvaged = config.map(Config::salvage).unwrap_or_default();
    let kept = LastGood::read(state_dir);
    let site = salvaged.site.clone().or_else(|| kept.as_ref().map(|kept| kept.site.clone())).unwrap_or_else(hostname);
    let (clients, mut failed) = clients(&site, &salvaged, kept.as_ref(), state_dir);
    let again = (say == Announce::Loop).then(|| journal.failures(now));
    let StartFailure { summary, details, command } = failure;
    let message = AlertTexts { site: &site, now }.start(summary, details, command, again).message();
    // Note it after the first delivery: the next start may come before the slowest channel has answered.
    let mut told = deliver(clients, message, || journal.told(now, say)).await;
    told.failed.append(&mut failed);
    told
}

/// The channels that can be built, from the configuration or else from what was kept.
fn clients(
    site: &str,
    salvaged: &Salvaged,
    kept: Option<&LastGood>,
    state_dir: &Path,
) -> (Vec<ChannelClient>, Vec<(String, String)>) {
    let (mut built, mut failed): (Vec<ChannelClient>, Vec<(String, String)>) = (Vec::new(), Vec::new());
    let http = match egress::http_client() {
        Ok(http) => http,
        Err(error) => return (built, vec![("every channel".to_owned(), format!("no HTTPS: {error}"))]),
    };
    // What the configuration pins may be what is wrong with it: a copy that was good is better than silence.
    let libraries = libraries(kept, state_dir, &BTreeMap::new(), &salvaged.signatures);
    let build = |channel: &ChannelConfig| {
        let mut plugin = Err(ChannelFault::new("no plugin could be loaded"));
        for library in &libraries {
            plugin = plugin.or_else(|_| plugin::load(library, channel));
        }
        Ok(ChannelClient {
            name: channel.name.clone(),
            site: site.to_owned(),
            // Nothing replaces it any more.
            plugin: watch::channel(Ok(plugin?)).1,
            settings: channel.settings.clone(),
            egress: Egress::new(channel, &http).map_err(ChannelFault::new)?,
        })
    };
    let readable = salvaged.channels.iter().map(|channel| (channel.name.clone(), Ok(channel.clone())));
    let kept = kept.iter().flat_map(|kept| kept.channels()).map(|channel| match channel {
        Ok(mut channel) => {
            narrow(&salvaged.grants, &mut channel);
            (channel.name.clone(), Ok(channel))
        }
        Err((name, why)) => (name, Err(ChannelFault::new(why))),
    });
    for (name, channel) in readable.chain(kept) {
        if built.iter().any(|known| known.name == name) {
            continue;
        }
        match channel.and_then(|channel| build(&channel)) {
            Ok(client) => built.push(client),
            Err(fault) => failed.push((name, fault.to_string())),
        }
    }
    (built, failed)
}

/// Sends to all channels at once and retries those that fail, until the deadline. Calls `first` at the first delivery.
async fn deliver(clients: Vec<ChannelClient>, alert: Alert, first: impl FnOnce()) -> Notified {
    let mut first = Some(first);
    let (heard, beats): (Vec<_>, Vec<_>) = clients.into_iter().partition(|client| client.roles().alerts);
    let mut tasks = JoinSet::new();
    // A dead man's switch gets the failure too, but does not count as a delivery.
    let mut switches = JoinSet::new();
    for client in beats {
        let heartbeat = HeartbeatMessage {
            status: HeartbeatStatus::Failing(alert.summary.clone()),
            site: client.site.clone(),
            at: alert.at,
        };
        switches.spawn(async move { tokio::time::timeout(DEADLINE, client.heartbeat(&heartbeat)).await });
    }
    for client in heard {
        let alert = alert.clone();
        tasks.spawn(async move {
            let mut last = "no answer in time".to_owned();
            let on_retry = |retry: &Retry| last.clone_from(&retry.why);
            let tries = attempt::deliver(&client, alert, RetryPolicy::START_FAILURE, on_retry, std::future::pending());
            let ended = tokio::time::timeout(DEADLINE, tries).await;
            (client.name.clone(), ended.unwrap_or(Err(GivenUp(last))))
        });
    }
    let mut told = Notified::default();
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok((name, Ok(()))) => {
                if let Some(first) = first.take() {
                    first();
                }
                told.delivered.push(name);
            }
            Ok((name, Err(GivenUp(why)))) => told.failed.push((name, why)),
            Err(error) => told.failed.push(("a channel".to_owned(), error.to_string())),
        }
    }
    while switches.join_next().await.is_some() {}
    told
}

fn hostname() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "an unnamed host".to_owned() } else { name.to_owned() }
}
