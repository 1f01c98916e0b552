//! The outbox's part of the store: which message still has to go to which channel.

use dogwatch_chain::Time;
use dogwatch_engine::Alert;
use rusqlite::{OptionalExtension as _, Transaction, params};

use crate::store::{Recipient, Store, StoreError, from_json, to_json};

/// How many messages are kept after all their deliveries have ended.
const MESSAGES_KEPT: i64 = 1000;

/// A message that is to go to one channel.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The message's number.
    pub message: i64,
    /// What it says.
    pub alert: Alert,
    /// The witness it is about, or empty.
    pub witness: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// How many deliveries are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OutboxCounts {
    /// Still to be delivered.
    pub pending: u64,
    /// The channel said it has them.
    pub delivered: u64,
    /// The channel said it will never take them.
    pub failed: u64,
}

pub(super) fn enqueue(
    transaction: &Transaction<'_>,
    alert: &Alert,
    witness: &str,
    recipients: &[Recipient],
) -> Result<(), StoreError> {
    let json = to_json(&alert.key.0, alert)?;
    transaction.execute(
        "INSERT INTO message (alert_key, alert, witness) VALUES (?1, ?2, ?3)",
        params![alert.key.0, json, witness],
    )?;
    let message = transaction.last_insert_rowid();
    for recipient in recipients.iter().filter(|recipient| alert.severity >= recipient.min_severity) {
        transaction.execute(
            "INSERT INTO delivery (message, channel, state) VALUES (?1, ?2, 'pending')",
            params![message, recipient.name],
        )?;
    }
    transaction.execute(
        "DELETE FROM delivery WHERE state <> 'pending' AND message <= ?1",
        params![message.saturating_sub(MESSAGES_KEPT)],
    )?;
    transaction.execute(
        "DELETE FROM message WHERE id <= ?1 AND id NOT IN (SELECT message FROM delivery)",
        params![message.saturating_sub(MESSAGES_KEPT)],
    )?;
    Ok(())
}

/// Deliveries of a channel (?1) that no older one about the same alert stands in front of.
const FIRST_OF_THEIR_ALERT: &str = "
    FROM delivery d JOIN message m ON m.id = d.message
    WHERE d.channel = ?1 AND d.state = 'pending'
      AND NOT EXISTS (
        SELECT 1 FROM delivery older JOIN message om ON om.id = older.message
        WHERE older.channel = ?1 AND older.state = 'pending' AND om.alert_key = m.alert_key AND om.id < m.id)";

/// No wait is as long as this: a time further ahead was written before the clock was set back.
const FARTHEST_MS: i64 = 2 * 3600 * 1000;

impl Store {
    /// The oldest message that is due for a channel, and has no older one about the same alert before it.
    pub async fn next_delivery(&self, channel: &str, now: Time) -> Result<Option<Delivery>, StoreError> {
        let channel = channel.to_owned();
        self.blocking(move |connection| {
            let row = connection
                .query_row(
                    &format!(
                        "SELECT m.id, m.alert, m.witness, d.attempts {FIRST_OF_THEIR_ALERT}
                         AND (d.next_ms <= ?2 OR d.next_ms > ?2 + {FARTHEST_MS}) ORDER BY m.id LIMIT 1"
                    ),
                    params![channel, now.as_millis()],
                    |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?)),
                )
                .optional()?;
            let Some((message, json, witness, attempts)) = row else { return Ok(None) };
            let alert = from_json("a message", Some(json))?;
            Ok(alert.map(|alert| Delivery { message, alert, witness, attempts }))
        })
        .await
    }

    /// When the next message is due for a channel, if there is one.
    pub async fn next_due(&self, channel: &str) -> Result<Option<Time>, StoreError> {
        let channel = channel.to_owned();
        self.blocking(move |connection| {
            let query = format!("SELECT MIN(d.next_ms) {FIRST_OF_THEIR_ALERT}");
            let due: Option<i64> = connection.query_row(&query, params![channel], |row| row.get(0))?;
            Ok(due.map(Time::from_millis))
        })
        .await
    }

    /// Notes that a channel has a message, or will never have it.
    pub async fn settle(
        &self,
        message: i64,
        channel: &str,
        state: &'static str,
        note: String,
    ) -> Result<(), StoreError> {
        let channel = channel.to_owned();
        self.blocking(move |connection| {
            connection.execute(
                "UPDATE delivery SET state = ?3, note = ?4, attempts = attempts + 1 WHERE message = ?1 AND channel = ?2",
                params![message, channel, state, note],
            )?;
            Ok(())
        })
        .await
    }

    /// Notes that a delivery failed and when to try again.
    pub async fn postpone(&self, message: i64, channel: &str, until: Time, note: String) -> Result<(), StoreError> {
        let channel = channel.to_owned();
        self.blocking(move |connection| {
            connection.execute(
                "UPDATE delivery SET next_ms = ?3, note = ?4, attempts = attempts + 1 WHERE message = ?1 AND channel = ?2",
                params![message, channel, until.as_millis(), note],
            )?;
            Ok(())
        })
        .await
    }

    /// Gives up what is addressed to channels that are no longer configured.
    pub async fn forget_channels_but(&self, names: Vec<String>) -> Result<(), StoreError> {
        self.blocking(move |connection| {
            let known = to_json("the channels", &names)?;
            connection.execute(
                "UPDATE delivery SET state = 'failed', note = 'the channel is no longer configured'
                 WHERE state = 'pending' AND channel NOT IN (SELECT value FROM json_each(?1))",
                params![known],
            )?;
            Ok(())
        })
        .await
    }

    /// How many deliveries are in which state.
    pub async fn outbox_counts(&self) -> Result<OutboxCounts, StoreError> {
        self.blocking(|connection| {
            let mut statement = connection.prepare("SELECT state, COUNT(*) FROM delivery GROUP BY state")?;
            let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
            let mut counts = OutboxCounts::default();
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
