//! What an earlier configuration watched and this one does not: its open alerts would stay open for ever.

use dogwatch_chain::Time;
use dogwatch_engine::Alert;

use crate::config::Config;
use crate::alerts::desk::AlertDesk;
use crate::store::{StoreError, Write};

const HOW: &str = "It is no longer in the configuration, and nobody watches it any more.";

/// Closes the alerts about witnesses and chains that are gone. Their state is kept, in case they come back.
pub async fn close(desk: &AlertDesk, config: &Config, now: Time) -> Result<(), StoreError> {
    let store = &desk.store;
    let mut writes = Vec::new();
    let told = |alerts: Vec<Alert>, witness: &str| {
        let tell = |alert| Write::Alert { alert: Box::new(alert), witness: witness.to_owned() };
        alerts.into_iter().map(tell).collect::<Vec<_>>()
    };
    for (chain, witness) in store.known_witnesses().await? {
        let watched = |known: &&crate::config::WitnessConfig| known.chain == chain && known.name.as_str() == witness;
        if config.witnesses.iter().any(|known| watched(&known)) {
            continue;
        }
        let Some(mut state) = store.state(&chain, &witness).await? else { continue };
        let closed = state.alerts.close(now, HOW);
        if !closed.is_empty() {
            writes.extend(told(closed, &witness));
            writes.push(Write::State { chain, witness, state: Box::new(state) });
        }
    }
    for chain in store.known_chains().await? {
        if config.chain(&chain).is_some() {
            continue;
        }
        let Some(mut book) = store.book(&chain).await? else { continue };
        let closed = book.close(now, HOW);
        if !closed.is_empty() {
            writes.extend(told(closed, ""));
            writes.push(Write::Book { chain, book });
        }
    }
    if writes.is_empty() { Ok(()) } else { desk.commit(writes).await }
}
