//! The store's files, and what happens when somebody removes them while it is open.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dogwatch_client::lock_path;
use rusqlite::{Connection, params};

use crate::store::{STATE_FILE, Store, StoreError, schema};

/// The name under which a database is written that will take the place of a removed one.
const NEW: &str = "state.sqlite.new";

/// Which file a path leads to: a file of the same name that replaces it is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileIdentity {
    device: u64,
    inode: u64,
}

impl FileIdentity {
    fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    /// The file at that path, if there is one.
    pub fn at(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().map(|metadata| Self::of(&metadata))
    }
}

/// The files that the store holds open.
#[derive(Debug)]
pub(super) struct StoreFiles {
    directory: PathBuf,
    /// The lock, held while the store is open: two daemons on one state would both act on it.
    lock: Mutex<File>,
    database: Mutex<Option<FileIdentity>>,
    /// Whether a restart would find everything, as of the last look.
    in_place: AtomicBool,
}

impl StoreFiles {
    /// Creates the directory if necessary, and takes the lock.
    pub(super) fn lock(directory: &Path) -> Result<File, StoreError> {
        let failed = |source| StoreError::Directory { path: directory.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(lock_path(directory));
        let lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(directory.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The files of a database that has just been opened.
    pub(super) fn opened(directory: &Path, lock: File) -> Self {
        let database = FileIdentity::at(&directory.join(STATE_FILE));
        Self {
            directory: directory.to_owned(),
            lock: Mutex::new(lock),
            database: Mutex::new(database),
            in_place: AtomicBool::new(true),
        }
    }

    /// Takes the lock anew if the directory or the lock in it is no longer the one that is held.
    fn lock_anew(&self) -> Result<bool, StoreError> {
        let mut lock = held(&self.lock);
        let mine = lock.metadata().ok().map(|metadata| FileIdentity::of(&metadata));
        if FileIdentity::at(&lock_path(&self.directory)) == mine {
            return Ok(false);
        }
        *lock = Self::lock(&self.directory)?;
        Ok(true)
    }

    /// Writes the database anew if its path no longer leads to it. Until then SQLite goes on with the removed file, which
    /// is complete, and gone once it is closed.
    fn write_anew(&self, connection: &mut Connection) -> Result<bool, StoreError> {
        let mut known = held(&self.database);
        let path = self.directory.join(STATE_FILE);
        if known.is_some() && FileIdentity::at(&path) == *known {
            return Ok(false);
        }
        let failed = |source| StoreError::Directory { path: self.directory.clone(), source };
        let new = self.directory.join(NEW);
        remove(&new).map_err(failed)?;
        connection.execute("VACUUM INTO ?1", params![new.to_string_lossy()])?;
        // Closing the old one removes its log by name: that must be over before the new one has a log.
        drop(std::mem::replace(connection, Connection::open_in_memory()?));
        for part in ["-wal", "-shm"] {
            remove(&PathBuf::from(format!("{}{part}", path.display()))).map_err(failed)?;
        }
        std::fs::rename(&new, &path).map_err(failed)?;
        let opened = Connection::open(&path)?;
        schema::prepare(&opened)?;
        *connection = opened;
        *known = FileIdentity::at(&path);
        Ok(true)
    }
}

impl Store {
    /// Makes anew what somebody removed: the directory, its lock, the database with everything in it. Returns what was
    /// missing.
    ///
    /// # Errors
    ///
    /// If that is not possible; nothing is lost by it, and it can be tried again.
    pub async fn make_anew(&self) -> Result<Vec<&'static str>, StoreError> {
        let files = Arc::clone(&self.files);
        self.blocking(move |connection| {
            files.in_place.store(false, Ordering::Relaxed);
            let mut missing = Vec::new();
            if files.lock_anew()? {
                missing.push("the lock");
            }
            if files.write_anew(connection)? {
                missing.push("the database");
            }
            files.in_place.store(true, Ordering::Relaxed);
            Ok(missing)
        })
        .await
    }

    /// Whether a restart would find what is written.
    pub fn is_in_place(&self) -> bool {
        self.files.in_place.load(Ordering::Relaxed)
    }

    /// Whether a daemon uses the store in that directory.
    pub fn is_in_use(directory: &Path) -> bool {
        dogwatch_client::is_running(directory)
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
