//! Pages that no channel delivers: said wherever somebody may still look.

use std::time::Duration;

use dogwatch_engine::AlertKey;
use tokio::sync::watch;

use crate::desk::AlertDesk;

/// How long channels may take to deliver a page between them.
pub const PAGE_DEADLINE: Duration = Duration::from_secs(60);

/// How often the outbox is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// How often it is said again.
const AGAIN: u32 = 12;

/// Watches the outbox, and says on standard error what is stuck in it; status, metrics and heartbeats hear of it too.
pub async fn watch(desk: AlertDesk, stuck: watch::Sender<Vec<(AlertKey, String)>>) {
    let mut looks = 0_u32;
    loop {
        tokio::time::sleep(LOOK).await;
        let Ok(pages) = desk.store.undelivered_pages(desk.clock.now().minus(PAGE_DEADLINE)).await else { continue };
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
