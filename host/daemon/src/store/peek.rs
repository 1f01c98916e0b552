//! Reading what is stored while a daemon may be running.

use std::path::Path;

use dogwatch_engine::WatchState;
use rusqlite::{Connection, OpenFlags, params};

use crate::store::{STATE_FILE, Store, StoreError, upgrades};

/// Opens the database to read from it, and nothing else.
fn peek(directory: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(directory.join(STATE_FILE), flags)?)
}

impl Store {
    /// The fingerprints of a chain's endpoints that were configured with `http://` but polled over https. Empty if nothing
    /// is stored yet.
    pub fn peek_upgrades(directory: &Path, chain: &str) -> Vec<String> {
        peek(directory).and_then(|connection| upgrades::read(&connection, chain)).unwrap_or_default()
    }

    /// A witness's state as last written. `None` if there is none, or none that can be read.
    pub fn peek_state(directory: &Path, chain: &str, witness: &str) -> Option<WatchState> {
        let query = "SELECT state FROM watch WHERE chain = ?1 AND witness = ?2";
        let json: String = peek(directory).ok()?.query_row(query, params![chain, witness], |row| row.get(0)).ok()?;
        serde_json::from_str(&json).ok()
    }
}
