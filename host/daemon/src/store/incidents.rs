//! Incidents as rows of the database.

use dogwatch_alerts::{AlertKey, Hold, Incident, Maintenance, Phase};
use dogwatch_chain::Time;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::store::{StoreError, from_json, to_json};

pub(super) fn load(connection: &Connection, key: &AlertKey) -> Result<Option<Incident>, StoreError> {
    let json = connection
        .query_row("SELECT state FROM incident WHERE key = ?1", params![key.to_string()], |row| row.get(0))
        .optional()?;
    Ok(readable(&key.to_string(), json))
}

/// Parses a value, or drops it if it is unreadable: it must not prevent the state in the same transaction from being
/// stored, nor a switch that waits for that.
fn readable<T: serde::de::DeserializeOwned>(what: &str, json: Option<String>) -> Option<T> {
    from_json(what, json).unwrap_or_else(|error| {
        tracing::error!(what, %error, "a stored alert cannot be read; leaving it out");
        None
    })
}

pub(super) fn save(
    connection: &Connection,
    key: &AlertKey,
    incident: &Incident,
    due: Option<Time>,
    now: Time,
) -> Result<(), StoreError> {
    let phase = match incident.phase {
        Phase::Open => "open",
        Phase::Over => "over",
    };
    let hold = match incident.hold {
        Hold::Free => "free",
        Hold::Maintenance => "maintenance",
        Hold::Storm => "storm",
    };
    connection.execute(
        "INSERT INTO incident (key, state, phase, hold, gathers_ms, due_ms, opened_ms, touched_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (key) DO UPDATE SET state = excluded.state, phase = excluded.phase, hold = excluded.hold,
         gathers_ms = excluded.gathers_ms, due_ms = excluded.due_ms, opened_ms = excluded.opened_ms,
         touched_ms = excluded.touched_ms",
        params![
            key.to_string(),
            to_json(&key.to_string(), incident)?,
            phase,
            hold,
            incident.gathers_until.map(Time::as_millis),
            due.map(Time::as_millis),
            incident.alert.opened_at.as_millis(),
            now.as_millis()
        ],
    )?;
    Ok(())
}

pub(super) fn forget(connection: &Connection, key: &AlertKey) -> Result<(), StoreError> {
    connection.execute("DELETE FROM incident WHERE key = ?1", params![key.to_string()])?;
    Ok(())
}

pub(super) fn keys(
    connection: &Connection,
    query: &str,
    wanted: impl rusqlite::Params,
) -> Result<Vec<AlertKey>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let rows: Vec<String> = statement.query_map(wanted, |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut keys = Vec::new();
    for text in rows {
        match text.parse::<AlertKey>() {
            Ok(key) if key.to_string() == text => keys.push(key),
            // Another version wrote it. No report would ever match it, and its condition is raised anew.
            _ => {
                tracing::error!(key = text, "this version cannot read this alert key; its alert is removed");
                connection.execute("DELETE FROM incident WHERE key = ?1", params![text])?;
            }
        }
    }
    Ok(keys)
}

pub(super) fn all(connection: &Connection, query: &str) -> Result<Vec<Incident>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let rows: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut incidents = Vec::new();
    for json in rows {
        incidents.extend(readable::<Incident>("an incident", Some(json)));
    }
    Ok(incidents)
}

pub(super) fn maintenance(connection: &Connection) -> Result<Option<Maintenance>, StoreError> {
    let json = connection.query_row("SELECT state FROM maintenance", [], |row| row.get(0)).optional()?;
    Ok(readable("the maintenance", json))
}
