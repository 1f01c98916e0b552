//! Pages that no channel delivers: reported everywhere that someone may still look.

use std::time::Duration;

use dogwatch_alerts::AlertKey;
use tokio::sync::watch;

use crate::alerts::desk::AlertDesk;

/// Pages that no channel has delivered in time, with the channels' reasons.
pub type UndeliveredPages = watch::Receiver<Vec<(AlertKey, String)>>;

/// The longest wait between two checks of the outbox.
const LOOK: Duration = Duration::from_secs(5);

/// After how many checks the log entry is repeated.
const AGAIN: u32 = 12;

/// Watches the outbox for pages older than the deadline that no channel has delivered, and logs them. Status, metrics
/// and heartbeats read them from `undelivered`.
pub async fn watch(desk: AlertDesk, deadline: Duration, undelivered: watch::Sender<Vec<(AlertKey, String)>>) {
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
        undelivered.send_if_modified(|known| {
            let changed = *known != pages;
            *known = pages;
            changed
        });
    }
}
