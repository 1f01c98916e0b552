//! Puts plugin files into use as they appear in the plugin directory.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use dogwatch_plugins::{ChannelPlugin, Library, LibraryChange};
use tokio::sync::{mpsc, watch};

use crate::chain::message::Message;
use crate::chain::policy::{self, Policy};
use crate::channels::plugin::{self, ChannelFault};
use crate::config::Config;
use crate::fallback::last_good;

/// How often to check the plugin directory.
pub(super) const PLUGIN_LOOK: Duration = Duration::from_secs(2);

/// The senders that replace the channels' plugins, in the order of the configuration.
pub(super) type ChannelSenders = Vec<watch::Sender<Result<ChannelPlugin, ChannelFault>>>;

/// Puts plugin files into use as they appear in the plugin directory.
pub(super) async fn follow(
    library: Library,
    config: Config,
    chains: Vec<(String, mpsc::Sender<Message>)>,
    channels: ChannelSenders,
) {
    let library = Arc::new(library);
    let mut ready = ready_policies(&library, &config).await;
    let _ = tokio::task::spawn_blocking(crate::memory::trim).await;
    loop {
        tokio::time::sleep(PLUGIN_LOOK).await;
        if !last_good::is_kept(&config.state_dir)
            && let Err(error) = last_good::keep(&config, &library)
        {
            tracing::debug!(site = config.site, %error, "could not keep the alert configuration for later starts");
        }
        let looked = Arc::clone(&library);
        // Compiling takes a while and must not hold up anything.
        let Ok(changes) = tokio::task::spawn_blocking(move || looked.refresh()).await else { continue };
        let changed = !changes.is_empty();
        for change in changes {
            tracing::info!(site = config.site, "{change}");
            if let LibraryChange::Reloaded { name, .. } | LibraryChange::Available { name } = &change {
                put_into_use(&library, &config, name, &chains, &channels, &mut ready).await;
            }
        }
        if changed {
            let _ = tokio::task::spawn_blocking(crate::memory::trim).await;
        }
    }
}

/// The chain of a witness, and its index there.
type Place = (String, usize);

/// The witnesses whose policies work.
async fn ready_policies(library: &Arc<Library>, config: &Config) -> BTreeSet<Place> {
    let mut ready = BTreeSet::new();
    for chain in &config.chains {
        let name = &chain.profile.name;
        for (index, witness) in config.witnesses.iter().filter(|witness| witness.chain == *name).enumerate() {
            let (library, witness) = (Arc::clone(library), witness.clone());
            let loaded = tokio::task::spawn_blocking(move || policy::load(&library, &witness)).await;
            if matches!(loaded, Ok(Policy::Ready(_))) {
                ready.insert((name.clone(), index));
            }
        }
    }
    ready
}

/// Replaces the plugin wherever it is used, but never a working one by one that does not work.
async fn put_into_use(
    library: &Arc<Library>,
    config: &Config,
    name: &str,
    chains: &[(String, mpsc::Sender<Message>)],
    channels: &ChannelSenders,
    ready: &mut BTreeSet<Place>,
) {
    let site = &config.site;
    for (chain, inbox) in chains {
        let witnesses = config.witnesses.iter().filter(|witness| witness.chain == *chain);
        for (index, watched) in witnesses.enumerate().filter(|(_, witness)| witness.policy == name) {
            let (library, witness) = (Arc::clone(library), watched.clone());
            let loaded = tokio::task::spawn_blocking(move || policy::load(&library, &witness)).await;
            let Ok(policy) = loaded else { continue };
            let place = (chain.clone(), index);
            match &policy {
                Policy::Ready(_) => {
                    ready.insert(place);
                }
                Policy::Broken(why) if ready.contains(&place) => {
                    let witness = watched.name.as_str();
                    tracing::error!(
                        site,
                        chain,
                        witness,
                        policy = name,
                        why,
                        "the policy's new file is refused; the old one stays in use until the daemon stops"
                    );
                    continue;
                }
                Policy::Broken(_) => {}
            }
            let _ = inbox.send(Message::Policy(index, policy)).await;
        }
    }
    for (configured, sender) in config.channels.iter().zip(channels).filter(|(channel, _)| channel.plugin == name) {
        let (library, channel) = (Arc::clone(library), configured.clone());
        let loaded = tokio::task::spawn_blocking(move || plugin::load(&library, &channel)).await;
        let Ok(plugin) = loaded else { continue };
        if let Err(why) = &plugin
            && sender.borrow().is_ok()
        {
            let channel = &configured.name;
            tracing::error!(
                site,
                channel,
                plugin = name,
                %why,
                "the channel's new file is refused; the old one stays in use until the daemon stops"
            );
            continue;
        }
        let _ = sender.send(plugin);
    }
}
