//! The desk's messages: queueing, withdrawing and rewording them.

use std::collections::BTreeSet;
use std::time::Duration;

use dogwatch_alerts::{Alert, AlertEvent, AlertKey, Dispatch};
use dogwatch_chain::Time;
use rusqlite::{Transaction, params};

use crate::store::{StoreError, to_json};

/// How many messages are kept after all their deliveries have ended.
const MESSAGES_KEPT: i64 = 1000;

/// An update that has waited for longer than this is replaced by the next message.
const REPETITION: Duration = Duration::from_secs(60);

/// Puts a message in the outbox.
pub(super) fn enqueue(transaction: &Transaction<'_>, dispatch: &Dispatch, now: Time) -> Result<(), StoreError> {
    let alert = &dispatch.alert;
    let key = alert.key.to_string();
    let json = to_json(&key, alert)?;
    transaction.execute(
        "INSERT INTO message (alert_key, alert, witness, severity, event, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![key, json, alert.key.witness(), alert.severity.to_string(), event(alert.event), alert.at.as_millis()],
    )?;
    let message = transaction.last_insert_rowid();
    for channel in &dispatch.channels {
        // A channel that was down all night must not replay every repetition.
        transaction.execute(
            "UPDATE delivery SET state = 'failed', note = 'a newer message has taken its place'
             WHERE channel = ?1 AND state = 'pending' AND attempts = 0 AND receipt = '' AND message IN (
               SELECT id FROM message WHERE alert_key = ?2 AND event = 'updated' AND at_ms < ?3)",
            params![channel, key, now.minus(REPETITION).as_millis()],
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

/// The first message about an alert, if it still waits for others.
fn waiting(transaction: &Transaction<'_>, key: &AlertKey, now: Time) -> Result<Option<i64>, StoreError> {
    Ok(transaction.query_row(
        "SELECT MAX(m.id) FROM message m JOIN delivery d ON d.message = m.id
         WHERE m.alert_key = ?1 AND m.event = 'opened' AND d.state = 'pending' AND d.attempts = 0 AND d.receipt = ''
           AND d.next_ms > ?2",
        params![key.to_string(), now.as_millis()],
        |row| row.get(0),
    )?)
}

/// Withdraws a first message that still waits for others, and the messages after it. Returns the channels.
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
            params![key.to_string(), opening, channel],
        )?;
    }
    transaction.execute(
        "DELETE FROM message WHERE alert_key = ?1 AND id >= ?2 AND id NOT IN (SELECT message FROM delivery)",
        params![key.to_string(), opening],
    )?;
    Ok(channels)
}

/// Rewords a first message that still waits for others. Returns whether there was one.
pub(super) fn reword(transaction: &Transaction<'_>, alert: &Alert, now: Time) -> Result<bool, StoreError> {
    let Some(opening) = waiting(transaction, &alert.key, now)? else { return Ok(false) };
    let json = to_json(&alert.key.to_string(), alert)?;
    transaction.execute("UPDATE message SET alert = ?2 WHERE id = ?1", params![opening, json])?;
    Ok(true)
}
