//! What channels remember between messages.

use rusqlite::{OptionalExtension as _, params};

use crate::store::{Store, StoreError};

impl Store {
    /// The channel's memory, or empty.
    ///
    /// # Errors
    ///
    /// If the store fails.
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

    /// Stores a channel's memory.
    ///
    /// # Errors
    ///
    /// If the store fails.
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
}
