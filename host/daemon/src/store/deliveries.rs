//! The outbox's part of the store: which message still has to go to which channel.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use dogwatch_alerts::Dispatch;
use dogwatch_chain::Time;
use dogwatch_client::DeliveryCounts;
use dogwatch_engine::{Alert, AlertEvent, AlertKey};
use rusqlite::{OptionalExtension as _, Transaction, params};

use crate::store::{Store, StoreError, from_json, to_json};

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
    /// What the service calls it, if it took it and is to be asked what became of it.
    pub receipt: String,
}

impl Delivery {
    /// A message that is in no store.
    pub fn past_the_store(alert: Alert) -> Self {
        Self { message: alert.at.as_millis(), alert, witness: String::new(), attempts: 0, receipt: String::new() }
    }
}

/// Puts a message in the outbox.
pub(super) fn enqueue(
    transaction: &Transaction<'_>,
    dispatch: &Dispatch,
    witness: &str,
    now: Time,
) -> Result<(), StoreError> {
    let alert = &dispatch.alert;
    let json = to_json(&alert.key.0, alert)?;
    transaction.execute(
        "INSERT INTO message (alert_key, alert, witness, severity, event, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![alert.key.0, json, witness, alert.severity.to_string(), event(alert.event), alert.at.as_millis()],
    )?;
    let message = transaction.last_insert_rowid();
    for channel in &dispatch.channels {
        // A channel that comes back after a night is not to play back every repetition of it.
        transaction.execute(
            "UPDATE delivery SET state = 'failed', note = 'a newer message has taken its place'
             WHERE channel = ?1 AND state = 'pending' AND attempts = 0 AND receipt = '' AND message IN (
               SELECT id FROM message WHERE alert_key = ?2 AND event = 'updated' AND at_ms < ?3)",
            params![channel, alert.key.0, now.minus(REPETITION).as_millis()],
        )?;
        transaction.execute(
            "INSERT INTO delivery (message, channel, state, next_ms, written_ms) VALUES (?1, ?2, 'pending', ?3, ?4)",
            params![message, channel, dispatch.not_before.as_millis(), now.as_millis()],
        )?;
    }
    transaction.execute(
        "DELETE FROM delivery WHERE state <> 'pending' AND follow_ms IS NULL AND message <= ?1",
        params![message.saturating_sub(MESSAGES_KEPT)],
    )?;
    transaction.execute(
        "DELETE FROM message WHERE id <= ?1 AND id NOT IN (SELECT message FROM delivery)",
        params![message.saturating_sub(MESSAGES_KEPT)],
    )?;
    Ok(())
}

const fn event(event: AlertEvent) -> &'static str {
    match event {
        AlertEvent::Opened => "opened",
        AlertEvent::Updated => "updated",
        AlertEvent::Escalated => "escalated",
        AlertEvent::Acknowledged => "acknowledged",
        AlertEvent::Resolved => "resolved",
        AlertEvent::Report => "report",
    }
}

/// The opening of an alert that still waits for others, if it does.
fn waiting(transaction: &Transaction<'_>, key: &AlertKey, now: Time) -> Result<Option<i64>, StoreError> {
    Ok(transaction.query_row(
        "SELECT MAX(m.id) FROM message m JOIN delivery d ON d.message = m.id
         WHERE m.alert_key = ?1 AND m.event = 'opened' AND d.state = 'pending' AND d.attempts = 0 AND d.receipt = ''
           AND d.next_ms > ?2",
        params![key.0, now.as_millis()],
        |row| row.get(0),
    )?)
}

/// Takes back an opening that still waits for others, and what was to be said after it; says from which channels.
pub(super) fn withdraw(
    transaction: &Transaction<'_>,
    key: &AlertKey,
    now: Time,
) -> Result<BTreeSet<String>, StoreError> {
    let Some(opening) = waiting(transaction, key, now)? else { return Ok(BTreeSet::new()) };
    let mut statement = transaction.prepare_cached(
        "SELECT channel FROM delivery
         WHERE message = ?1 AND state = 'pending' AND attempts = 0 AND receipt = '' AND next_ms > ?2",
    )?;
    let channels = statement.query_map(params![opening, now.as_millis()], |row| row.get(0))?;
    let channels: BTreeSet<String> = channels.collect::<Result<_, _>>()?;
    for channel in &channels {
        transaction.execute(
            "DELETE FROM delivery WHERE channel = ?3 AND state = 'pending'
               AND message IN (SELECT id FROM message WHERE alert_key = ?1 AND id >= ?2)",
            params![key.0, opening, channel],
        )?;
    }
    transaction.execute(
        "DELETE FROM message WHERE alert_key = ?1 AND id >= ?2 AND id NOT IN (SELECT message FROM delivery)",
        params![key.0, opening],
    )?;
    Ok(channels)
}

/// Puts other words into an opening that still waits for others; says whether there was one.
pub(super) fn reword(transaction: &Transaction<'_>, alert: &Alert, now: Time) -> Result<bool, StoreError> {
    let Some(opening) = waiting(transaction, &alert.key, now)? else { return Ok(false) };
    let json = to_json(&alert.key.0, alert)?;
    transaction.execute("UPDATE message SET alert = ?2 WHERE id = ?1", params![opening, json])?;
    Ok(true)
}

/// Deliveries of a channel (?1) that no older one about the same alert stands in front of.
const FIRST_OF_THEIR_ALERT: &str = "
    FROM delivery d CROSS JOIN message m ON m.id = d.message
    WHERE d.channel = ?1 AND d.state = 'pending'
      AND NOT EXISTS (
        SELECT 1 FROM message om CROSS JOIN delivery older ON older.message = om.id AND older.channel = ?1
        WHERE om.alert_key = m.alert_key AND om.id < m.id AND older.state = 'pending')";

/// An update that has waited for longer is replaced by what is said next.
const REPETITION: Duration = Duration::from_secs(60);

type Row = (i64, String, String, u32, String);

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn delivery((message, json, witness, attempts, receipt): Row) -> Result<Option<Delivery>, StoreError> {
    let alert = from_json("a message", Some(json))?;
    Ok(alert.map(|alert| Delivery { message, alert, witness, attempts, receipt }))
}

impl Store {
    /// The oldest message that is due for a channel, and has no older one about the same alert before it.
    pub async fn next_delivery(&self, channel: &str, now: Time) -> Result<Option<Delivery>, StoreError> {
        let (channel, latest) = (channel.to_owned(), Arc::clone(&self.latest));
        self.blocking(move |connection| {
            let now = latest.no_earlier(now);
            let row = connection
                .query_row(
                    &format!(
                        "SELECT m.id, m.alert, m.witness, d.attempts, d.receipt {FIRST_OF_THEIR_ALERT}
                         AND (d.next_ms <= ?2 OR d.written_ms > ?2)
                         ORDER BY m.severity <> 'page', d.message LIMIT 1"
                    ),
                    params![channel, now.as_millis()],
                    read,
                )
                .optional()?;
            let Some(row) = row else { return Ok(None) };
            let message = row.0;
            delivery(row).or_else(|error| {
                // One message that cannot be read must not hold up the channel.
                tracing::error!(channel, message, %error, "a message cannot be read, and is given up");
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

    /// A service asks to be left alone for a while: so it is with all that it is to get.
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

    /// Whether a channel still has to get something younger about the same alert.
    pub async fn has_younger(&self, message: i64, channel: &str, key: &AlertKey) -> Result<bool, StoreError> {
        let (channel, key) = (channel.to_owned(), key.0.clone());
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

    /// Notes that a service took a message, what it calls it, and when to ask what became of it. `delivered`: whether it
    /// counts as delivered already.
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

    /// The message of a channel that counts as delivered and is due to be asked for.
    pub async fn next_followed(&self, channel: &str, now: Time) -> Result<Option<Delivery>, StoreError> {
        let channel = channel.to_owned();
        self.blocking(move |connection| {
            let row = connection
                .query_row(
                    "SELECT m.id, m.alert, m.witness, d.attempts, d.receipt
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

    /// Asks for it later, or no more.
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

    /// A message that did not reach anybody is to be sent once more.
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

    /// What a channel had remembered last, or empty.
    pub async fn memory(&self, channel: &str) -> Result<String, StoreError> {
        let channel = channel.to_owned();
        self.blocking(move |connection| {
            let memory = connection
                .query_row("SELECT memory FROM channel_memory WHERE channel = ?1", params![channel], |row| row.get(0))
                .optional()?;
            Ok(memory.unwrap_or_default())
        })
        .await
    }

    /// What a channel is to remember.
    pub async fn remember(&self, channel: &str, memory: String) -> Result<(), StoreError> {
        let channel = channel.to_owned();
        self.blocking(move |connection| {
            connection.execute(
                "INSERT INTO channel_memory (channel, memory) VALUES (?1, ?2)
                 ON CONFLICT (channel) DO UPDATE SET memory = excluded.memory",
                params![channel, memory],
            )?;
            Ok(())
        })
        .await
    }

    /// Pages that no channel has delivered since then or before, though they are open: their keys, and what the channels
    /// say.
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
            let rows =
                statement.query_map(params![since.as_millis()], |row| Ok((AlertKey(row.get(0)?), row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// When a daily chore was last done.
    pub async fn chore(&self, name: &'static str) -> Result<Option<Time>, StoreError> {
        self.blocking(move |connection| {
            let done: Option<i64> = connection
                .query_row("SELECT done_ms FROM chore WHERE name = ?1", params![name], |row| row.get(0))
                .optional()?;
            Ok(done.map(Time::from_millis))
        })
        .await
    }

    /// Notes that a daily chore was done.
    pub async fn chore_done(&self, name: &'static str, at: Time) -> Result<(), StoreError> {
        self.blocking(move |connection| {
            connection.execute(
                "INSERT INTO chore (name, done_ms) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET done_ms = excluded.done_ms",
                params![name, at.as_millis()],
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
