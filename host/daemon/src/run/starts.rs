//! What a start that went well has to do about those that did not.

use std::time::Duration;

use crate::fallback::journal::Journal;
use crate::config::Config;
use crate::alerts::desk::AlertDesk;
use crate::store::StoreError;
use crate::alerts::texts::Condition;

/// How often it is looked whether somebody was told that it does not start.
const TOLD_LOOK: Duration = Duration::from_secs(10);

/// After so long a daemon that ended badly before is well, if it did not do so too often lately.
const SETTLED: Duration = Duration::from_mins(10);

/// Ends what was said of starts that failed, and counts those that ended badly.
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
        // Whoever said it may still have been waiting for a channel when this start came.
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
