//! The health of the outbox: deliveries by state, and pages that no channel has delivered.

use dogwatch_alerts::AlertKey;
use dogwatch_chain::Time;
use dogwatch_client::DeliveryCounts;
use rusqlite::params;

use crate::store::{Store, StoreError};

impl Store {
    /// Open pages made at or before `since` that no channel has delivered: their keys and the channels' reasons.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn undelivered_pages(&self, since: Time) -> Result<Vec<(AlertKey, String)>, StoreError> {
        self.blocking(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT i.key, COALESCE(
                   (SELECT GROUP_CONCAT(DISTINCT d.channel || ': ' || d.note) FROM message m
                    JOIN delivery d ON d.message = m.id
                    WHERE m.alert_key = i.key AND m.at_ms >= i.opened_ms AND m.severity = 'page'),
                   'no channel takes it')
                 FROM incident i
                 WHERE i.phase = 'open' AND i.hold = 'free' AND json_extract(i.state, '$.alert.severity') = 'page'
                   AND json_extract(i.state, '$.acknowledged') IS NULL
                   AND COALESCE((SELECT MIN(m.at_ms) FROM message m
                                 WHERE m.alert_key = i.key AND m.at_ms >= i.opened_ms AND m.severity = 'page'),
                                i.opened_ms) <= ?1
                   AND NOT EXISTS (
                     SELECT 1 FROM message om CROSS JOIN delivery od ON od.message = om.id
                     WHERE om.alert_key = i.key AND om.at_ms >= i.opened_ms AND om.severity = 'page'
                       AND od.state = 'delivered')",
            )?;
            let rows = statement.query_map(params![since.as_millis()], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let rows: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
            Ok(rows.into_iter().filter_map(|(key, why)| Some((key.parse().ok()?, why))).collect())
        })
        .await
    }

    /// How many deliveries are in each state.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn outbox_counts(&self) -> Result<DeliveryCounts, StoreError> {
        self.blocking(|connection| {
            let mut statement = connection.prepare("SELECT state, COUNT(*) FROM delivery GROUP BY state")?;
            let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
            let mut counts = DeliveryCounts::default();
            for row in rows {
                let (state, count) = row?;
                let count = u64::try_from(count).unwrap_or(0);
                match state.as_str() {
                    "pending" => counts.pending = count,
                    "delivered" => counts.delivered = count,
                    _ => counts.failed = count,
                }
            }
            Ok(counts)
        })
        .await
    }
}
