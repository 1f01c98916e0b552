//! The channels of a daemon, from the configuration or, if one does not work, from the last good start.

use dogwatch_plugins::Library;
use tokio::sync::watch;

use super::error::StartError;
use super::plugins::{ChannelSenders, PLUGIN_LOOK};
use crate::alerts::condition::StandingAlert;
use crate::alerts::desk::AlertDesk;
use crate::alerts::texts::Condition;
use crate::channels::client::ChannelClient;
use crate::channels::egress::{self, Egress};
use crate::channels::plugin::{self, ChannelFault};
use crate::config::Config;
use crate::fallback::last_good;

/// Builds the channels, and the senders that replace their plugins.
///
/// # Errors
///
/// If there is no HTTP client.
pub(super) fn clients(config: &Config, library: &Library) -> Result<Channels, StartError> {
    let http = egress::http_client().map_err(|error| StartError::Http(egress::root_cause(&error)))?;
    let (mut clients, mut senders, mut on_kept) = (Vec::new(), Vec::new(), Vec::new());
    for channel in &config.channels {
        let built = plugin::load(library, channel);
        let egress = Egress::new(channel, &http).map_err(|error| ChannelFault::new(format_args!("authority: {error}")));
        let built = built.and_then(|plugin| Ok((plugin, egress?)));
        let (mut settings, mut way_out) = (channel.settings.clone(), None);
        let plugin = match built {
            Ok((plugin, egress)) => {
                way_out = Some(egress);
                Ok(plugin)
            }
            Err(fault) => {
                tracing::error!(site = config.site, channel = channel.name, %fault, "this channel does not work");
                match last_good::channel(config, &channel.name) {
                    Some((kept, plugin)) => {
                        on_kept.push((channel.name.clone(), fault.to_string()));
                        settings = kept.settings.clone();
                        way_out = Egress::new(&kept, &http).ok();
                        Ok(plugin)
                    }
                    None => Err(fault),
                }
            }
        };
        let (sender, plugin) = watch::channel(plugin);
        senders.push(sender);
        let egress = match way_out {
            Some(egress) => egress,
            None => Egress::shared(channel, &http),
        };
        clients.push(ChannelClient { name: channel.name.clone(), site: config.site.clone(), plugin, settings, egress });
    }
    Ok(Channels { clients, senders, on_kept })
}

/// The channels of a daemon.
pub(super) struct Channels {
    pub(super) clients: Vec<ChannelClient>,
    /// The senders that replace their plugins.
    pub(super) senders: ChannelSenders,
    /// The channels that run on the plugin of the last good start, and why.
    pub(super) on_kept: Vec<(String, String)>,
}

/// The channels that deliver alerts to people.
pub(super) fn heard(clients: &[ChannelClient]) -> Vec<String> {
    clients.iter().filter(|client| client.roles().alerts).map(|client| client.name.clone()).collect()
}

/// Raises alerts about channels that cannot deliver or run on a kept plugin.
pub(super) async fn watch_plugins(desk: AlertDesk, clients: Vec<ChannelClient>, on_kept: Vec<(String, String)>) {
    for client in &clients {
        let why = on_kept.iter().find(|(name, _)| *name == client.name);
        let condition = why.map_or(Condition::Holds, |(_, why)| Condition::Fails(why));
        let mut alert = StandingAlert::new(desk.clone());
        alert.now(condition, |texts, condition| texts.kept_plugin(&client.name, condition)).await;
    }
    let mut watched: Vec<(ChannelClient, StandingAlert)> =
        clients.into_iter().map(|client| (client, StandingAlert::new(desk.clone()))).collect();
    loop {
        for (client, alert) in &mut watched {
            let broken = client.plugin.borrow().clone().err().map(|fault| fault.to_string());
            let condition = broken.as_deref().map_or(Condition::Holds, Condition::Fails);
            alert.now(condition, |texts, condition| texts.channel(&client.name, condition)).await;
        }
        tokio::time::sleep(PLUGIN_LOOK).await;
    }
}
