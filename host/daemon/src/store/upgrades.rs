//! Endpoints configured with `http://` but polled over https, by fingerprint, because their URLs may hold tokens.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, Transaction, params};

use crate::store::{STATE_FILE, Store, StoreError};

pub(super) fn write(transaction: &Transaction<'_>, chain: &str, fingerprints: &[String]) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM endpoint_upgrade WHERE chain = ?1", params![chain])?;
    for fingerprint in fingerprints {
        transaction.execute(
            "INSERT OR IGNORE INTO endpoint_upgrade (chain, fingerprint) VALUES (?1, ?2)",
            params![chain, fingerprint],
        )?;
    }
    Ok(())
}

fn read(connection: &Connection, chain: &str) -> Result<Vec<String>, StoreError> {
    let mut statement =
        connection.prepare("SELECT fingerprint FROM endpoint_upgrade WHERE chain = ?1 ORDER BY rowid")?;
    let rows = statement.query_map(params![chain], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Store {
    /// The fingerprints of a chain's endpoints that were configured with `http://` but polled over https.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn upgrades(&self, chain: &str) -> Result<Vec<String>, StoreError> {
        let chain = chain.to_owned();
        self.blocking(move |connection| read(connection, &chain)).await
    }

    /// The same, read while a daemon may be running. Empty if nothing is stored yet.
    pub fn peek_upgrades(directory: &Path, chain: &str) -> Vec<String> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(directory.join(STATE_FILE), flags).map_err(StoreError::from);
        opened.and_then(|connection| read(&connection, chain)).unwrap_or_default()
    }
}
