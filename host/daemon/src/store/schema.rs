//! The tables of the database.

use std::path::Path;

use rusqlite::Connection;

use crate::store::StoreError;

/// The schema version. It goes up by one with each change; older databases are upgraded step by step.
const VERSION: i64 = 4;

/// What each version added, in order.
const STEPS: [&str; 4] = [TABLES, UPGRADES, INCIDENTS, ONE_TRUTH];

/// Opens the database at that path, with its tables. Writes something, so that a disk that takes nothing shows at once.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    prepare(&connection)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    Ok(connection)
}

pub(super) fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = usize::try_from(found).ok().filter(|_| found <= VERSION);
    let Some(known) = known else { return Err(StoreError::Newer { found, known: VERSION }) };
    let steps: String = STEPS.iter().skip(known).copied().collect();
    if steps.is_empty() {
        return Ok(());
    }
    // Tables and version in one transaction: if killed in between, the next start finds both or neither.
    Ok(connection.execute_batch(&format!("BEGIN; {steps} PRAGMA user_version = {VERSION}; COMMIT;"))?)
}

/// Version 4: open alerts are only in `incident`, and summaries no longer start with "resolved: ".
const ONE_TRUTH: &str = "
DROP TABLE chain_alerts;
UPDATE incident SET state = json_set(state, '$.alert.summary', substr(json_extract(state, '$.alert.summary'), 11))
    WHERE CASE WHEN json_valid(state) THEN json_extract(state, '$.alert.summary') LIKE 'resolved: %' ELSE 0 END;
UPDATE message SET alert = json_set(alert, '$.summary', substr(json_extract(alert, '$.summary'), 11))
    WHERE CASE WHEN json_valid(alert) THEN json_extract(alert, '$.summary') LIKE 'resolved: %' ELSE 0 END;
";

/// Version 3: incidents.
const INCIDENTS: &str = "
CREATE TABLE incident (
    key TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    phase TEXT NOT NULL,
    hold TEXT NOT NULL,
    gathers_ms INTEGER,
    due_ms INTEGER,
    opened_ms INTEGER NOT NULL,
    touched_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX incident_due ON incident (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX incident_gathers ON incident (gathers_ms) WHERE gathers_ms IS NOT NULL;
CREATE INDEX incident_held ON incident (hold) WHERE hold <> 'free';
CREATE TABLE maintenance (state TEXT NOT NULL) STRICT;
CREATE TABLE channel_memory (channel TEXT PRIMARY KEY, memory TEXT NOT NULL) STRICT;
CREATE TABLE chore (name TEXT PRIMARY KEY, done_ms INTEGER NOT NULL) STRICT;
ALTER TABLE message ADD COLUMN severity TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN event TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN written_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN receipt TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN follow_ms INTEGER;
CREATE INDEX message_of_alert ON message (alert_key, id);
CREATE INDEX message_page ON message (at_ms) WHERE severity = 'page';
CREATE INDEX delivery_followed ON delivery (channel, follow_ms) WHERE follow_ms IS NOT NULL;
";

/// Version 2: endpoints upgraded to https.
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
