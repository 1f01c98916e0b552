//! Open alerts about things that the configuration no longer has: nothing watches them, so nothing would resolve them.

use dogwatch_alerts::{AlertKey, AlertReport, Cause, Raiser, Scope};

use crate::alerts::desk::AlertDesk;
use crate::config::Config;
use crate::store::{StoreError, Write};

const HOW: &str = "It is no longer in the configuration, so Dogwatch no longer watches it.";

/// Resolves the alerts about witnesses, nodes, chains, channels and ports that are gone or belong to another site.
///
/// # Errors
///
/// If the store fails.
pub async fn close(desk: &AlertDesk, config: &Config) -> Result<(), StoreError> {
    let now = desk.clock.now();
    let open = desk.open().await?;
    let gone = open.iter().filter(|incident| !is_watched(&incident.alert.key, config));
    let writes: Vec<Write> =
        gone.map(|incident| Write::Report(Box::new(AlertReport::end_of(&incident.alert, now, HOW)))).collect();
    if writes.is_empty() { Ok(()) } else { desk.commit(writes).await }
}

/// Whether a daemon with this configuration can still resolve the alert.
fn is_watched(key: &AlertKey, config: &Config) -> bool {
    let from_engine = key.cause.raiser() == Raiser::Engine;
    match &key.scope {
        Scope::Chain { chain } => from_engine && config.chain(chain).is_some(),
        Scope::Witness { chain, witness } => {
            let known = |known: &crate::config::WitnessConfig| known.chain == *chain && known.name.as_str() == witness;
            from_engine && config.witnesses.iter().any(known)
        }
        Scope::Node { chain, node } => {
            from_engine && config.witnesses.iter().any(|known| known.chain == *chain && known.shares(node))
        }
        Scope::Daemon { site } => !from_engine && *site == config.site && has_part(key, config),
    }
}

/// Whether the part of the daemon that an alert is about is still there.
fn has_part(key: &AlertKey, config: &Config) -> bool {
    match key.cause {
        Cause::Channel | Cause::KeptPlugin | Cause::Heartbeat => {
            config.channels.iter().any(|channel| Some(channel.name.as_str()) == key.part.as_deref())
        }
        // Nothing has been replaced since this start.
        Cause::PluginRefused => false,
        Cause::Gateway => config.gateway.is_some(),
        Cause::Metrics => config.metrics.is_some(),
        _ => true,
    }
}
