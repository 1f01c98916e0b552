//! The store's files, and what happens when somebody removes them while it is open.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dogwatch_client::lock_path;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, params};

use crate::store::{STATE_FILE, Store, StoreError, schema};

/// The name under which a database is written that will take the place of a removed one.
const NEW: &str = "state.sqlite.new";

/// The name of a database that somebody put in the place of the one that is open.
const REPLACED: &str = "state.sqlite.replaced";

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
    /// The lock, held while the store is open: two daemons on one state would both act on it. `None` where a disk that
    /// takes nothing does not have one yet.
    lock: Mutex<Option<File>>,
    database: Mutex<Option<FileIdentity>>,
    /// Whether a restart would find everything, as of the last look.
    in_place: AtomicBool,
}

impl StoreFiles {
    /// Creates the directory if necessary, and takes the lock.
    pub(super) fn lock(directory: &Path) -> Result<File, StoreError> {
        let failed = |source| StoreError::Directory { path: directory.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        let path = lock_path(directory);
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        // A lock that is there can be taken on a file system that is read-only.
        let lock = opened
            .or_else(|error| if takes_nothing(&error) { File::open(&path).map_err(|_| error) } else { Err(error) });
        let lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(directory.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The same, or no lock on a disk that takes nothing.
    pub(super) fn lock_if_possible(directory: &Path) -> Result<Option<File>, StoreError> {
        match Self::lock(directory) {
            Err(StoreError::Directory { source, .. }) if takes_nothing(&source) => Ok(None),
            lock => lock.map(Some),
        }
    }

    /// The files of a database that has just been opened.
    pub(super) fn opened(directory: &Path, lock: Option<File>) -> Self {
        let database = FileIdentity::at(&directory.join(STATE_FILE));
        let in_place = AtomicBool::new(lock.is_some());
        Self { directory: directory.to_owned(), lock: Mutex::new(lock), database: Mutex::new(database), in_place }
    }

    /// The files of a database that is only in memory so far.
    pub(super) fn none_yet(directory: &Path, lock: Option<File>) -> Self {
        let (database, in_place) = (Mutex::new(None), AtomicBool::new(false));
        Self { directory: directory.to_owned(), lock: Mutex::new(lock), database, in_place }
    }

    /// Takes the lock anew if the directory or the lock in it is no longer the one that is held. Returns whether one was.
    fn lock_anew(&self) -> Result<bool, StoreError> {
        let mut lock = held(&self.lock);
        let mine = lock.as_ref().and_then(|lock| lock.metadata().ok()).map(|metadata| FileIdentity::of(&metadata));
        if mine.is_some() && FileIdentity::at(&lock_path(&self.directory)) == mine {
            return Ok(false);
        }
        *lock = Some(Self::lock(&self.directory)?);
        Ok(mine.is_some())
    }

    /// Writes the database anew if its path no longer leads to it, or never did. Until then SQLite goes on with the removed
    /// file, which is complete, and gone once it is closed. Returns whether there was one.
    fn write_anew(&self, connection: &mut Connection) -> Result<bool, StoreError> {
        let mut known = held(&self.database);
        let path = self.directory.join(STATE_FILE);
        if known.is_some() && FileIdentity::at(&path) == *known {
            return Ok(false);
        }
        let failed = |source| StoreError::Directory { path: self.directory.clone(), source };
        let new = self.directory.join(NEW);
        remove(&new).map_err(failed)?;
        // Opened once under its own name, it shows whether there is room for its log, too.
        let written = connection.execute("VACUUM INTO ?1", params![new.to_string_lossy()]);
        if let Err(error) = written.map_err(StoreError::from).and_then(|_| schema::open(&new).map(drop)) {
            for part in ["", "-wal", "-shm"] {
                let _ = remove(&beside(&new, part));
            }
            return Err(error);
        }
        if known.is_some() {
            // Whatever took its place is not deleted.
            not_found_is_fine(std::fs::rename(&path, self.directory.join(REPLACED))).map_err(failed)?;
        }
        for part in ["-wal", "-shm"] {
            remove(&beside(&path, part)).map_err(failed)?;
        }
        std::fs::rename(&new, &path).map_err(failed)?;
        let opened = schema::open(&path)?;
        // Or else closing the old one would remove the log of the new one, by its name.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        *connection = opened;
        Ok(std::mem::replace(&mut *known, FileIdentity::at(&path)).is_some())
    }
}

impl Store {
    /// Makes anew what somebody removed: the directory, its lock, the database with everything in it. Returns what that was.
    /// What a full disk had no room for is written as well.
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

/// The path of a file that SQLite keeps beside the database.
pub(super) fn beside(path: &Path, part: &str) -> PathBuf {
    PathBuf::from(format!("{}{part}", path.display()))
}

fn remove(path: &Path) -> std::io::Result<()> {
    not_found_is_fine(std::fs::remove_file(path))
}

fn not_found_is_fine(done: std::io::Result<()>) -> std::io::Result<()> {
    match done {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether the disk is full or read-only.
pub(crate) fn takes_nothing(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem)
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
