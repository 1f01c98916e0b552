//! The cost of the disk: one commit to the daemon's store.

use std::sync::Arc;
use std::time::Duration;

use dogwatch::store::{Store, Write};
use dogwatch_alerts::Rules;
use dogwatch_chain::Time;
use dogwatch_engine::{PolicyFile, PolicyMemory, WatchState};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::stage;

/// A separate store on the same disk as the daemon's.
#[derive(Debug)]
pub(crate) struct Disk {
    store: Store,
    commits: u8,
    _directory: TempDir,
}

impl Disk {
    pub(crate) fn open() -> anyhow::Result<Self> {
        let directory = stage::directory()?;
        Ok(Self { store: Store::open(&directory.path().join("state"))?, commits: 0, _directory: directory })
    }

    /// Commits a changed state.
    pub(crate) async fn commit(&mut self) -> anyhow::Result<Duration> {
        self.commits = self.commits.wrapping_add(1);
        let file = PolicyFile { name: "threshold".to_owned(), sha256: "0".repeat(64) };
        let mut memory = PolicyMemory::default();
        memory.keep(file, vec![self.commits; 256]);
        let state = WatchState { memory, ..WatchState::default() };
        let write = Write::State { chain: "devnet".to_owned(), witness: "alice".to_owned(), state: Box::new(state) };
        let began = Instant::now();
        let rules = Rules::plain("bench", Vec::new(), Duration::from_secs(300));
        self.store.commit(vec![write], Arc::new(rules), Time::from_secs(0)).await?;
        Ok(began.elapsed())
    }
}
