//! The outbox's part of the store: which messages still have to go to which channels.

use std::sync::Arc;

use dogwatch_alerts::{Alert, AlertKey};
use dogwatch_chain::Time;
use rusqlite::{OptionalExtension as _, params};

use crate::store::{Store, StoreError, from_json, to_json};

/// A message to deliver to one channel.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The message's number.
    pub message: i64,
    /// The message's content.
    pub alert: Alert,
    /// How many attempts were made.
    pub attempts: u32,
    /// The service's receipt, if it took the message and has to be asked what became of it; otherwise empty.
    pub receipt: String,
}

impl Delivery {
    /// A message that is not in the store.
    pub fn past_the_store(alert: Alert) -> Self {
        Self { message: alert.at.as_millis(), alert, attempts: 0, receipt: String::new() }
    }
}

/// Pending deliveries of a channel (?1) that no older one about the same alert precedes.
const FIRST_OF_THEIR_ALERT: &str = "
    FROM delivery d CROSS JOIN message m ON m.id = d.message
    WHERE d.channel = ?1 AND d.state = 'pending'
      AND NOT EXISTS (
        SELECT 1 FROM message om CROSS JOIN delivery older ON older.message = om.id AND older.channel = ?1
        WHERE om.alert_key = m.alert_key AND om.id < m.id AND older.state = 'pending')";

type DeliveryRow = (i64, String, u32, String);

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<DeliveryRow> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn delivery((message, json, attempts, receipt): DeliveryRow) -> Result<Option<Delivery>, StoreError> {
    let alert = from_json("a message", Some(json))?;
    Ok(alert.map(|alert| Delivery { message, alert, attempts, receipt }))
}

impl Store {
    /// The oldest message that is due for a channel and that no older one about the same alert precedes.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn next_delivery(&self, channel: &str, now: Time) -> Result<Option<Delivery>, StoreError> {
        let (channel, latest) = (channel.to_owned(), Arc::clone(&self.latest));
        self.blocking(move |connection| {
            let now = latest.no_earlier(now);
            let mut row = None;
            // Pages first. Two queries, because each ends at its first row in the index; sorting would read every row.
            for urgency in ["= 'page'", "<> 'page'"] {
                let mut statement = connection.prepare_cached(&format!(
                    "SELECT m.id, m.alert, d.attempts, d.receipt {FIRST_OF_THEIR_ALERT}
                     AND (d.next_ms <= ?2 OR d.written_ms > ?2) AND m.severity {urgency}
                     ORDER BY d.message LIMIT 1"
                ))?;
                row = statement.query_row(params![channel, now.as_millis()], read).optional()?;
                if row.is_some() {
                    break;
                }
            }
            let Some(row) = row else { return Ok(None) };
            let message = row.0;
            delivery(row).or_else(|error| {
                // One message that cannot be read must not hold up the channel.
                tracing::error!(channel, message, %error, "a message cannot be read; giving it up");
                connection.execute(
                    "UPDATE delivery SET state = 'failed', note = 'it cannot be read'
                     WHERE message = ?1 AND channel = ?2",
                    params![message, channel],
                )?;
                Ok(None)
            })
        })
        .await
    }

    /// When the next message is due for a channel, if there is one.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn next_due(&self, channel: &str) -> Result<Option<Time>, StoreError> {
        let channel = channel.to_owned();
        self.blocking(move |connection| {
            let query = format!("SELECT MIN(d.next_ms) {FIRST_OF_THEIR_ALERT}");
            let due: Option<i64> = connection.query_row(&query, params![channel], |row| row.get(0))?;
            let query = "SELECT MIN(follow_ms) FROM delivery WHERE channel = ?1 AND follow_ms IS NOT NULL";
            let follow: Option<i64> = connection.query_row(query, params![channel], |row| row.get(0))?;
            Ok(due.into_iter().chain(follow).min().map(Time::from_millis))
        })
        .await
    }

    /// Notes that a message was delivered to a channel, or never will be.
    ///
    /// # Errors
    ///
    /// If the store fails.
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

    /// Pauses all deliveries to a channel, because its service asked for it.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn rest(&self, channel: &str, now: Time, until: Time) -> Result<(), StoreError> {
        let channel = channel.to_owned();
        self.blocking(move |connection| {
            connection.execute(
                "UPDATE delivery SET next_ms = MAX(next_ms, ?2), written_ms = ?3
                 WHERE channel = ?1 AND state = 'pending' AND receipt = ''",
                params![channel, until.as_millis(), now.as_millis()],
            )?;
            Ok(())
        })
        .await
    }

    /// Whether a newer message about the same alert waits for the channel.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn has_younger(&self, message: i64, channel: &str, key: &AlertKey) -> Result<bool, StoreError> {
        let (channel, key) = (channel.to_owned(), key.to_string());
        self.blocking(move |connection| {
            Ok(connection.query_row(
                "SELECT EXISTS (SELECT 1 FROM message m CROSS JOIN delivery d ON d.message = m.id AND d.channel = ?2
                                WHERE m.alert_key = ?3 AND m.id > ?1 AND d.state = 'pending')",
                params![message, channel, key],
                |row| row.get(0),
            )?)
        })
        .await
    }

    /// Notes that a delivery failed and when to try again.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn postpone(
        &self,
        message: i64,
        channel: &str,
        now: Time,
        until: Time,
        note: String,
    ) -> Result<(), StoreError> {
        let channel = channel.to_owned();
        self.blocking(move |connection| {
            connection.execute(
                "UPDATE delivery SET next_ms = ?3, written_ms = ?4, note = ?5, attempts = attempts + 1
                 WHERE message = ?1 AND channel = ?2",
                params![message, channel, until.as_millis(), now.as_millis(), note],
            )?;
            Ok(())
        })
        .await
    }

    /// Notes that a service took a message, its receipt, and when to ask what became of it. `delivered` is whether it
    /// counts as delivered already.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn follow(
        &self,
        message: i64,
        channel: &str,
        receipt: String,
        at: Time,
        delivered: bool,
    ) -> Result<(), StoreError> {
        let channel = channel.to_owned();
        self.blocking(move |connection| {
            let (state, follow) = if delivered { ("delivered", Some(at.as_millis())) } else { ("pending", None) };
            connection.execute(
                "UPDATE delivery SET state = ?3, receipt = ?4, follow_ms = ?5, next_ms = ?6
                 WHERE message = ?1 AND channel = ?2",
                params![message, channel, state, receipt, follow, at.as_millis()],
            )?;
            Ok(())
        })
        .await
    }

    /// The next delivered message about which a channel's service has to be asked now.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn next_followed(&self, channel: &str, now: Time) -> Result<Option<Delivery>, StoreError> {
        let channel = channel.to_owned();
        self.blocking(move |connection| {
            let row = connection
                .query_row(
                    "SELECT m.id, m.alert, d.attempts, d.receipt
                     FROM delivery d JOIN message m ON m.id = d.message
                     WHERE d.channel = ?1 AND (d.follow_ms <= ?2 OR (d.written_ms > ?2 AND d.follow_ms IS NOT NULL)) ORDER BY d.follow_ms LIMIT 1",
                    params![channel, now.as_millis()],
                    read,
                )
                .optional()?;
            row.map_or(Ok(None), delivery)
        })
        .await
    }

    /// Sets when to ask about a message again; `None` means no more.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn followed(&self, message: i64, channel: &str, next: Option<Time>) -> Result<(), StoreError> {
        let channel = channel.to_owned();
        self.blocking(move |connection| {
            connection.execute(
                "UPDATE delivery SET follow_ms = ?3 WHERE message = ?1 AND channel = ?2",
                params![message, channel, next.map(Time::as_millis)],
            )?;
            Ok(())
        })
        .await
    }

    /// Sends a message again that did not reach anyone.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn send_again(&self, message: i64, channel: &str, at: Time, why: String) -> Result<(), StoreError> {
        let channel = channel.to_owned();
        self.blocking(move |connection| {
            connection.execute(
                "UPDATE delivery SET receipt = '', next_ms = ?3, note = ?4, attempts = attempts + 1
                 WHERE message = ?1 AND channel = ?2",
                params![message, channel, at.as_millis(), why],
            )?;
            Ok(())
        })
        .await
    }

    /// Gives up messages to channels that are no longer configured.
    ///
    /// # Errors
    ///
    /// If the store fails.
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
}
