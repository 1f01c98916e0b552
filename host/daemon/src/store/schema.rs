//! The tables.

use rusqlite::Connection;

use crate::store::StoreError;

/// Goes up by one with each change of the tables; older ones are brought up step by step.
const VERSION: i64 = 2;

pub(super) fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match found {
        0 => {
            // Tables and version in one transaction: killed in between, the next start finds both or neither.
            connection
                .execute_batch(&format!("BEGIN; {TABLES} {UPGRADES} PRAGMA user_version = {VERSION}; COMMIT;"))?;
            Ok(())
        }
        1 => Ok(connection.execute_batch(&format!("BEGIN; {UPGRADES} PRAGMA user_version = {VERSION}; COMMIT;"))?),
        VERSION => Ok(()),
        found => Err(StoreError::Newer { found, known: VERSION }),
    }
}

/// Since version 2.
const UPGRADES: &str = "
CREATE TABLE endpoint_upgrade (
    chain TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    PRIMARY KEY (chain, fingerprint)
) STRICT;
";

const TABLES: &str = "
CREATE TABLE watch (
    chain TEXT NOT NULL,
    witness TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (chain, witness)
) STRICT;
CREATE TABLE chain_alerts (
    chain TEXT PRIMARY KEY,
    book TEXT NOT NULL
) STRICT;
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_key TEXT NOT NULL,
    alert TEXT NOT NULL,
    witness TEXT NOT NULL
) STRICT;
CREATE TABLE delivery (
    message INTEGER NOT NULL REFERENCES message (id),
    channel TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_ms INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (message, channel)
) STRICT;
CREATE INDEX delivery_pending ON delivery (channel, message) WHERE state = 'pending';
";
