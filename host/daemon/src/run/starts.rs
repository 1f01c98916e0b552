//! Follows up on earlier failed starts and crashes, once a start has worked.

use std::time::Duration;

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
    if journal.take_told_store() {
        let _ = desk.over_past(desk.texts().store(Condition::Holds)).await.map_err(failed);
    }
    if journal.take_loop(now) {
        let _ = desk.report(desk.texts().crash_loop(journal.failures(now))).await.map_err(failed);
    }
    let mut looped = true;
    let mut next_look = now.plus(SETTLED);
    loop {
        // The message about a failed start may still have been on its way when this start began.
        if journal.take_told() {
            let _ = desk.over_past(desk.texts().started()).await.map_err(failed);
        }
        tokio::time::sleep(TOLD_LOOK).await;
        let now = desk.clock.now();
        if looped && now >= next_look {
            next_look = now.plus(SETTLED);
            looped = journal.is_loop(now);
            if !looped {
                let _ = desk.report(desk.texts().no_crash_loop()).await.map_err(failed);
            }
        }
    }
}
