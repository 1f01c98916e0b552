//! The channels of a daemon: as the configuration has them, and where one does not work, as it was kept.

use std::collections::BTreeSet;

use dogwatch_plugins::Library;
use tokio::sync::watch;

use super::{ChannelSenders, PLUGIN_LOOK, StartError};
use crate::boot;
use crate::config::Config;
use crate::courier::Courier;
use crate::desk::AlertDesk;
use crate::egress::{self, Egress};
use crate::plugins;
use crate::words::Trouble;

/// The channels, ready to be used, and where their plugins are replaced.
pub(super) fn couriers(config: &Config, library: &Library) -> Result<Channels, StartError> {
    let http = |error| StartError::Http(format!("{:#}", anyhow::Error::new(error)));
    let client = egress::client().map_err(http)?;
    let (mut couriers, mut senders, mut on_kept) = (Vec::new(), Vec::new(), Vec::new());
    for channel in &config.channels {
        let built = plugins::channel(library, channel);
        let egress = Egress::new(channel, &client).map_err(|error| format!("authority: {error}"));
        let built = built.and_then(|plugin| Ok((plugin, egress?)));
        let (mut settings, mut way_out) = (channel.settings.clone(), None);
        let plugin = match built {
            Ok((plugin, egress)) => {
                way_out = Some(egress);
                Ok(plugin)
            }
            Err(why) => {
                tracing::error!(site = config.site, channel = channel.name, why, "this channel does not work");
                match boot::kept_channel(&config.state_dir, &channel.name) {
                    Some((kept, plugin)) => {
                        on_kept.push((channel.name.clone(), why));
                        settings = kept.settings.clone();
                        way_out = Egress::new(&kept, &client).ok();
                        Ok(plugin)
                    }
                    None => Err(why),
                }
            }
        };
        let (sender, plugin) = watch::channel(plugin);
        senders.push(sender);
        let egress = match way_out {
            Some(egress) => egress,
            None => Egress::shared(channel, &client),
        };
        couriers.push(Courier { name: channel.name.clone(), site: config.site.clone(), plugin, settings, egress });
    }
    Ok(Channels { couriers, senders, on_kept })
}

/// The channels of a daemon.
pub(super) struct Channels {
    pub(super) couriers: Vec<Courier>,
    /// Where their plugins are replaced.
    pub(super) senders: ChannelSenders,
    /// Those that run on the plugin of the last good start, and why.
    pub(super) on_kept: Vec<(String, String)>,
}

/// The channels that tell humans of alerts.
pub(super) fn heard(couriers: &[Courier]) -> Vec<String> {
    couriers.iter().filter(|courier| courier.roles().alerts).map(|courier| courier.name.clone()).collect()
}

/// Says which channels cannot deliver, to the others.
pub(super) async fn tell_of_broken(desk: AlertDesk, couriers: Vec<Courier>, on_kept: Vec<(String, String)>) {
    for courier in &couriers {
        let why = on_kept.iter().find(|(name, _)| *name == courier.name);
        let alert = match why {
            Some((name, why)) => desk.words().kept_plugin(name, why),
            None => desk.words().no_kept_plugin(&courier.name),
        };
        let _ = desk.say(alert).await;
    }
    // What was said before this start is over where all is well now; the desk knows whether anything was.
    let mut well: BTreeSet<String> = BTreeSet::new();
    let mut broken: BTreeSet<String> = BTreeSet::new();
    loop {
        for courier in &couriers {
            let (channel, state) = (&courier.name, courier.plugin.borrow().clone().err());
            let words = desk.words();
            let said = match &state {
                Some(why) if broken.insert(channel.clone()) => {
                    well.remove(channel);
                    desk.say(words.channel(channel, Trouble::Is(why))).await
                }
                None if well.insert(channel.clone()) => {
                    broken.remove(channel);
                    desk.say(words.channel(channel, Trouble::Over)).await
                }
                _ => continue,
            };
            if said.is_err() {
                well.remove(channel);
                broken.remove(channel);
            }
        }
        tokio::time::sleep(PLUGIN_LOOK).await;
    }
}
