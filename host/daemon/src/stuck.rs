//! Pages that no channel delivers: said wherever somebody may still look.

use std::time::Duration;

use dogwatch_engine::AlertKey;
use tokio::sync::watch;

use crate::desk::AlertDesk;

/// How often the outbox is looked at, at most.
const LOOK: Duration = Duration::from_secs(5);

/// It is said again after so many looks.
const AGAIN: u32 = 12;

/// Watches the outbox for pages that are older than the deadline and have not reached anybody, and says on standard error what is stuck in it; status, metrics and heartbeats hear of it too.
pub async fn watch(desk: AlertDesk, deadline: Duration, stuck: watch::Sender<Vec<(AlertKey, String)>>) {
    let look = deadline.checked_div(4).unwrap_or(LOOK).min(LOOK);
    let mut looks = 0_u32;
    loop {
        tokio::time::sleep(look).await;
        let Ok(pages) = desk.store.undelivered_pages(desk.clock.now().minus(deadline)).await else { continue };
        let site = &desk.rules.site;
        if pages.is_empty() {
            looks = 0;
        } else {
            if looks.is_multiple_of(AGAIN) {
                for (alert, why) in &pages {
                    tracing::error!(site, %alert, why, "NO CHANNEL HAS DELIVERED THIS PAGE");
                }
            }
            looks = looks.saturating_add(1);
        }
        stuck.send_if_modified(|known| {
            let changed = *known != pages;
            *known = pages;
            changed
        });
    }
}
