//! Follows up on earlier failed starts and crashes, once a start has worked.

use std::time::Duration;

use dogwatch_alerts::Cause;
use dogwatch_chain::Time;

use crate::alerts::desk::AlertDesk;
use crate::alerts::texts::Condition;
use crate::config::Config;
use crate::fallback::journal::Journal;
use crate::store::StoreError;

/// How often to check whether a channel delivered the message that Dogwatch does not start.
const TOLD_LOOK: Duration = Duration::from_secs(10);

/// How often to check whether a crash loop is over.
const SETTLED: Duration = Duration::from_mins(10);

/// Resolves the alerts about failed starts, and reports a crash loop and its end.
pub(super) async fn remember_start(config: Config, desk: AlertDesk) {
    let site = &config.site;
    let journal = Journal::open(&config.state_dir);
    let now = desk.clock.now();
    let failed = |error: StoreError| tracing::error!(site, %error, "an alert could not be stored");
    journal.started(now);
    // It may be this start that raised it.
    if desk.store.is_in_place() && journal.take_told_store() {
        let _ = desk.over_past(desk.texts().store(Condition::Holds)).await.map_err(failed);
    }
    if journal.take_loop(now) {
        let _ = desk.report(desk.texts().crash_loop(journal.failures(now))).await.map_err(failed);
    }
    let window = config.witnesses.iter().map(|witness| witness.rails.budget_window).max().unwrap_or_default();
    let mut looped = true;
    let mut next_look = now.plus(SETTLED);
    loop {
        // The message about a failed start may still have been on its way when this start began.
        if journal.take_told() {
            let _ = desk.over_past(desk.texts().started()).await.map_err(failed);
        }
        tokio::time::sleep(TOLD_LOOK).await;
        let now = desk.clock.now();
        if now < next_look {
            continue;
        }
        next_look = now.plus(SETTLED);
        if state_was_lost(&desk).await.is_some_and(|at| now >= at.plus(window)) {
            let _ = desk.report(desk.texts().state_regained()).await.map_err(failed);
        }
        if looped {
            looped = journal.is_loop(now);
            if !looped {
                let _ = desk.report(desk.texts().no_crash_loop()).await.map_err(failed);
            }
        }
    }
}

/// When stored state was lost, if the alert about that is open.
async fn state_was_lost(desk: &AlertDesk) -> Option<Time> {
    let open = desk.open().await.ok()?;
    open.iter().find(|incident| incident.alert.key.cause == Cause::StateLost).map(|incident| incident.alert.opened_at)
}
