//! Endpoints configured with `http://` but polled over https, by fingerprint, because their URLs may hold tokens.

use rusqlite::{Connection, Transaction, params};

use crate::store::{Store, StoreError};

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

pub(super) fn read(connection: &Connection, chain: &str) -> Result<Vec<String>, StoreError> {
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
}
