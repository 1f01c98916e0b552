//! What the disk costs: one commit of the daemon's own store.

use std::sync::Arc;
use std::time::Duration;

use dogwatch::store::{Store, Write};
use dogwatch_engine::State;
use tokio::time::Instant;

use crate::stage;

/// Commits a changed state so many times.
pub(crate) async fn commits(times: usize) -> anyhow::Result<Vec<Duration>> {
    let directory = stage::directory()?;
    let store = Store::open(&directory.path().join("state"))?;
    let mut took = Vec::new();
    for number in 0..times {
        let state = State { memory: vec![u8::try_from(number % 256)?; 256], ..State::default() };
        let write = Write::State { chain: "devnet".to_owned(), witness: "alice".to_owned(), state: Box::new(state) };
        let began = Instant::now();
        store.commit(vec![write], Arc::new([])).await?;
        took.push(began.elapsed());
    }
    Ok(took)
}
