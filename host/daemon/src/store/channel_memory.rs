//! What channels are to remember between messages.

use rusqlite::{OptionalExtension as _, params};

use crate::store::{Store, StoreError};

impl Store {
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
}
