//! When daily chores were last done.

use dogwatch_chain::Time;
use rusqlite::{OptionalExtension as _, params};

use crate::store::{Store, StoreError};

impl Store {
    /// When a daily chore was last done.
    ///
    /// # Errors
    ///
    /// If the store fails.
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
    ///
    /// # Errors
    ///
    /// If the store fails.
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
}
