//! What must survive a restart: each witness's state, the open alerts, and undelivered messages. Kept in SQLite; every
//! commit is on disk before it returns.

mod alert_desk;
mod channel_memory;
mod chores;
mod deliveries;
mod desk;
mod files;
mod incidents;
mod messages;
mod outbox_health;
mod peek;
mod schema;
mod set_aside;
mod upgrades;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dogwatch_alerts::{AlertReport, Rules};
use dogwatch_chain::Time;
use dogwatch_engine::WatchState;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};

pub use deliveries::Delivery;
pub use desk::Which;
pub use files::FileIdentity;
use files::StoreFiles;
pub(crate) use files::takes_nothing;
pub use set_aside::{EarlierRun, OpenedStore, SetAside};

/// The name of the database in the state directory.
const STATE_FILE: &str = "state.sqlite";

/// The store; clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    connection: Arc<Mutex<Connection>>,
    latest: Arc<Latest>,
    files: Arc<StoreFiles>,
}

/// The latest time that any caller came with. A caller that read the clock early and then had to wait must not appear
/// earlier than one that read it later. A larger step back means that the clock was set back.
#[derive(Debug, Default)]
struct Latest(AtomicI64);

impl Latest {
    /// The longest that a caller may wait for its turn, in milliseconds.
    const WAIT_MS: i64 = 30_000;

    fn no_earlier(&self, now: Time) -> Time {
        let (now, latest) = (now.as_millis(), self.0.load(Ordering::Relaxed));
        let behind = latest.saturating_sub(now);
        let settled = if (1..Self::WAIT_MS).contains(&behind) { latest } else { now };
        self.0.store(settled, Ordering::Relaxed);
        Time::from_millis(settled)
    }
}

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory cannot be created or opened.
    #[error("the state directory {path} cannot be used: {source}; create it and give it to the user Dogwatch runs as")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Another daemon uses the directory.
    #[error("the state directory {0} is in use by another dogwatch; stop that one, or give this one its own state_dir")]
    InUse(PathBuf),
    /// SQLite reports an error.
    #[error("the state could not be read or written: {0}; check the disk")]
    Sql(#[from] rusqlite::Error),
    /// The database is damaged.
    #[error("the state is damaged: {0}; move state.sqlite away to start over")]
    Damaged(String),
    /// A newer version of Dogwatch wrote the state.
    #[error("the state was written by a newer dogwatch (schema {found}, this one knows {known}); run that version")]
    Newer {
        /// The schema that was found.
        found: i64,
        /// The newest schema that this version knows.
        known: i64,
    },
    /// A stored value cannot be read back.
    #[error("the stored state of {what} cannot be read: {source}; move the state directory away to start over")]
    Corrupt {
        /// What was stored.
        what: String,
        /// The cause.
        source: serde_json::Error,
    },
    /// A value cannot be encoded. Nothing was written.
    #[error("the state of {what} could not be encoded: {source}; this is a bug: report it, and restart Dogwatch")]
    Encode {
        /// What was stored.
        what: String,
        /// The cause.
        source: serde_json::Error,
    },
    /// The thread that writes has died.
    #[error("the thread that writes the state has died")]
    Worker,
}

/// One thing to write; several are written together or not at all.
#[derive(Clone, Debug)]
pub enum Write {
    /// A witness's state.
    State {
        /// Its chain.
        chain: String,
        /// Its name.
        witness: String,
        /// The state.
        state: Box<WatchState>,
    },
    /// The endpoints of a chain that are configured with `http://` but polled over https.
    Upgrades {
        /// The chain.
        chain: String,
        /// Their fingerprints.
        fingerprints: Vec<String>,
    },
    /// A report for the alert desk.
    Report(Box<AlertReport>),
}

impl StoreError {
    /// Whether it is the disk that takes nothing.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Sql(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::CannotOpen)
            ),
            Self::Directory { source, .. } => takes_nothing(source),
            _ => false,
        }
    }
}

impl Store {
    /// Opens the store in a directory, creating both if necessary.
    ///
    /// # Errors
    ///
    /// If the directory cannot be used, another daemon uses it, or a newer version wrote the state.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let lock = StoreFiles::lock(directory)?;
        let connection = schema::open(&directory.join(STATE_FILE))?;
        Ok(Self::of(connection, StoreFiles::opened(directory, Some(lock))))
    }

    fn of(connection: Connection, files: StoreFiles) -> Self {
        Self { connection: Arc::new(Mutex::new(connection)), latest: Arc::default(), files: Arc::new(files) }
    }

    /// Runs `work` on a thread that may wait for the disk.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.connection);
        let task = tokio::task::spawn_blocking(move || {
            // A panic in another holder leaves no half-written state: SQLite rolls back.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut connection)
        });
        task.await.map_err(|_| StoreError::Worker)?
    }

    /// Writes everything in one transaction and returns once it is on disk.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn commit(&self, writes: Vec<Write>, rules: Arc<Rules>, now: Time) -> Result<(), StoreError> {
        let latest = Arc::clone(&self.latest);
        self.blocking(move |connection| {
            let transaction = connection.transaction()?;
            let now = latest.no_earlier(now);
            let desk = desk::Work::new(&transaction, &rules, now)?;
            for write in writes {
                match write {
                    Write::State { chain, witness, state } => {
                        let json = to_json(&witness, &state)?;
                        transaction.execute(
                            "INSERT INTO watch (chain, witness, state) VALUES (?1, ?2, ?3)
                             ON CONFLICT (chain, witness) DO UPDATE SET state = excluded.state",
                            params![chain, witness, json],
                        )?;
                    }
                    Write::Upgrades { chain, fingerprints } => upgrades::write(&transaction, &chain, &fingerprints)?,
                    Write::Report(report) => desk.report(*report)?,
                }
            }
            Ok(transaction.commit()?)
        })
        .await
    }

    /// The state of a witness as last written.
    ///
    /// # Errors
    ///
    /// If the store fails or the state cannot be read back.
    pub async fn state(&self, chain: &str, witness: &str) -> Result<Option<WatchState>, StoreError> {
        let (chain, witness) = (chain.to_owned(), witness.to_owned());
        self.blocking(move |connection| {
            let json: Option<String> = connection
                .query_row(
                    "SELECT state FROM watch WHERE chain = ?1 AND witness = ?2",
                    params![chain, witness],
                    |row| row.get(0),
                )
                .optional()?;
            from_json(&witness, json)
        })
        .await
    }
}

fn to_json<T: serde::Serialize>(what: &str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Encode { what: what.to_owned(), source })
}

fn from_json<T: serde::de::DeserializeOwned>(what: &str, json: Option<String>) -> Result<Option<T>, StoreError> {
    let parse = |json: String| serde_json::from_str(&json);
    json.map(parse).transpose().map_err(|source| StoreError::Corrupt { what: what.to_owned(), source })
}

#[cfg(test)]
mod tests;
