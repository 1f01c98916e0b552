//! State that cannot be read: set aside under another name, so that the watch goes on without it.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dogwatch_chain::Time;
use dogwatch_engine::WatchState;
use rusqlite::backup::Backup;
use rusqlite::{Connection, ErrorCode, OpenFlags, params};

use crate::store::files::{StoreFiles, beside, takes_nothing};
use crate::store::{STATE_FILE, Store, StoreError, schema};

/// Pages that are copied in one step. Nobody else uses the database: the lock is held.
const PAGES_AT_ONCE: i32 = 1000;

/// What was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where it is now.
    pub path: PathBuf,
    /// Why it cannot be read.
    pub why: String,
}

/// Whether a daemon has run on this state directory before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarlierRun {
    /// One has: its database holds something.
    Known,
    /// None that is known of.
    Unknown,
}

/// A store that was opened in whatever way was possible.
#[derive(Debug)]
pub struct OpenedStore {
    /// The store.
    pub store: Store,
    /// A database that could not be read.
    pub set_aside: Option<SetAside>,
    /// Why the disk takes nothing, if so: until it does, everything is in memory.
    pub unwritable: Option<String>,
}

impl Store {
    /// Opens the store like [`Store::open`]. A database that is damaged, emptied, or none of Dogwatch's, is set aside, and an
    /// empty one takes its place. On a disk that is full or read-only the store is in memory, with what is on disk, until
    /// [`Store::make_anew`] can write it.
    ///
    /// # Errors
    ///
    /// If the directory cannot be used, another daemon uses it, or a newer version wrote the state.
    pub fn open_or_set_aside(directory: &Path, earlier: EarlierRun, now: Time) -> Result<OpenedStore, StoreError> {
        let lock = StoreFiles::lock_if_possible(directory)?;
        let path = directory.join(STATE_FILE);
        // A power cut may leave an empty file, which SQLite takes for a new database.
        let emptied =
            earlier == EarlierRun::Known && std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() == 0);
        let opened = if emptied { Err(StoreError::Damaged("the file is empty".to_owned())) } else { sound(&path) };
        let why = match opened {
            Ok(connection) if lock.is_some() => {
                let store = Self::of(connection, StoreFiles::opened(directory, lock));
                return Ok(OpenedStore { store, set_aside: None, unwritable: None });
            }
            Ok(_) => return in_memory(directory, lock, "there is no room for the lock".to_owned()),
            Err(error) if error.is_full() => return in_memory(directory, lock, first_line(&error.to_string())),
            Err(StoreError::Sql(error)) if is_damage(&error) => first_line(&error.to_string()),
            Err(StoreError::Damaged(what)) => what,
            Err(other) => return Err(other),
        };
        let failed = |source| StoreError::Directory { path: directory.to_owned(), source };
        let aside = directory.join(format!("{STATE_FILE}.damaged-{}", now.as_secs()));
        // Whoever looks at it later needs what SQLite had not merged yet as well.
        for part in ["", "-wal", "-shm"] {
            match std::fs::rename(beside(&path, part), beside(&aside, part)) {
                Err(error) if emptied && takes_nothing(&error) => return in_memory(directory, lock, error.to_string()),
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        let set_aside = Some(SetAside { path: aside, why });
        let connection = match sound(&path) {
            Err(error) if error.is_full() => {
                return Ok(OpenedStore { set_aside, ..in_memory(directory, lock, first_line(&error.to_string()))? });
            }
            opened => opened?,
        };
        let store = Self::of(connection, StoreFiles::opened(directory, lock));
        Ok(OpenedStore { store, set_aside, unwritable: None })
    }

    /// The state of a witness as last written. One that cannot be read is set aside in a file of its own.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn state_or_set_aside(
        &self,
        directory: &Path,
        chain: &str,
        witness: &str,
        now: Time,
    ) -> Result<(Option<WatchState>, Option<SetAside>), StoreError> {
        let source = match self.state(chain, witness).await {
            Err(StoreError::Corrupt { source, .. }) => source,
            other => return Ok((other?, None)),
        };
        let path = directory.join(format!("{}-{witness}.damaged-{}.json", chain.replace('/', "%2F"), now.as_secs()));
        let (chain, witness, kept) = (chain.to_owned(), witness.to_owned(), path.clone());
        self.blocking(move |connection| {
            let row = params![chain, witness];
            let query = "SELECT state FROM watch WHERE chain = ?1 AND witness = ?2";
            let text: String = connection.query_row(query, row, |row| row.get(0))?;
            let file = std::fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&kept);
            let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
            written.map_err(|source| StoreError::Directory { path: kept.clone(), source })?;
            connection.execute("DELETE FROM watch WHERE chain = ?1 AND witness = ?2", row)?;
            Ok(())
        })
        .await?;
        Ok((None, Some(SetAside { path, why: source.to_string() })))
    }
}

/// Opens a database that is whole and Dogwatch's own.
fn sound(path: &Path) -> Result<Connection, StoreError> {
    let connection = schema::open(path)?;
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(StoreError::Damaged(first_line(&found)));
    }
    Ok(connection)
}

/// A store in memory, with everything that is on the disk.
fn in_memory(directory: &Path, lock: Option<File>, why: String) -> Result<OpenedStore, StoreError> {
    let mut memory = Connection::open_in_memory()?;
    let path = directory.join(STATE_FILE);
    if std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() > 0) {
        let disk = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Else SQLite wants to write an index beside the log before it reads it.
        disk.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        Backup::new(&disk, &mut memory)?.run_to_completion(PAGES_AT_ONCE, Duration::ZERO, None)?;
    }
    schema::prepare(&memory)?;
    let store = Store::of(memory, StoreFiles::none_yet(directory, lock));
    Ok(OpenedStore { store, set_aside: None, unwritable: Some(why) })
}

/// SQLite explains itself at length, with the statements that fail.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// Whether the database itself is wrong, and not the disk, the permissions or another process.
fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(code, _) => matches!(
            code.code,
            // `Unknown`: tables of somebody else, with names or columns that Dogwatch needs.
            ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt | ErrorCode::Unknown | ErrorCode::SchemaChanged
        ),
        // Not the values that Dogwatch writes.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dogwatch_alerts::Rules;
    use tempfile::TempDir;

    use super::*;
    use crate::store::Write;
    use crate::store::tests::memory;

    const NOW: Time = Time::from_secs(1_795_436_256);

    fn state() -> WatchState {
        WatchState { memory: memory(vec![1, 2, 3]), ..WatchState::default() }
    }

    async fn written(directory: &Path) {
        let store = Store::open(directory).unwrap();
        let write = Write::State { chain: "hive".into(), witness: "alice".into(), state: Box::new(state()) };
        let rules = Arc::new(Rules::plain("home", Vec::new(), Duration::from_secs(300)));
        store.commit(vec![write], rules, NOW).await.unwrap();
    }

    #[tokio::test]
    async fn a_damaged_database_is_set_aside_and_a_sound_one_is_not() {
        type Damage = fn(&Path);
        let damages: [(&str, Damage); 6] = [
            ("nothing of it", |path| std::fs::write(path, "").unwrap()),
            ("half of it", |path| {
                let bytes = std::fs::read(path).unwrap();
                std::fs::write(path, &bytes[..bytes.len() / 2 + 100]).unwrap();
            }),
            ("noise", |path| std::fs::write(path, [0x5a; 40_000]).unwrap()),
            ("a page of noise in it", |path| {
                let mut bytes = std::fs::read(path).unwrap();
                bytes[4096..8192].fill(0x5a);
                std::fs::write(path, bytes).unwrap();
            }),
            ("somebody else's", |path| {
                std::fs::remove_file(path).unwrap();
                Connection::open(path).unwrap().execute_batch("CREATE TABLE watch (id INTEGER)").unwrap();
            }),
            ("tables that lack what is needed", |path| {
                Connection::open(path).unwrap().execute_batch("DROP TABLE incident; PRAGMA user_version = 2").unwrap();
            }),
        ];
        for (name, damage) in damages {
            let dir = TempDir::new().unwrap();
            written(dir.path()).await;
            let OpenedStore { store, set_aside: aside, .. } =
                Store::open_or_set_aside(dir.path(), EarlierRun::Known, NOW).unwrap();
            assert_eq!((store.state("hive", "alice").await.unwrap(), aside), (Some(state()), None), "{name}");
            drop(store);
            let path = dir.path().join(STATE_FILE);
            Connection::open(&path).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
            damage(&path);
            let damaged = std::fs::read(&path).unwrap();
            let OpenedStore { store, set_aside: aside, .. } =
                Store::open_or_set_aside(dir.path(), EarlierRun::Known, NOW).unwrap();
            let aside = aside.unwrap_or_else(|| panic!("{name}: not noticed"));
            assert_eq!(aside.path, dir.path().join("state.sqlite.damaged-1795436256"), "{name}");
            assert!(!aside.why.is_empty() && aside.why.lines().count() == 1, "{name}: {}", aside.why);
            assert_eq!(std::fs::read(&aside.path).unwrap().len(), damaged.len(), "{name}: nothing is lost");
            assert_eq!(store.state("hive", "alice").await.unwrap(), None, "{name}");
        }
    }

    /// A first start that did not get far leaves an empty file.
    #[test]
    fn an_empty_database_of_nobody_is_a_new_one() {
        let dir = TempDir::new().unwrap();
        std::fs::write(dir.path().join(STATE_FILE), "").unwrap();
        assert_eq!(Store::open_or_set_aside(dir.path(), EarlierRun::Unknown, NOW).unwrap().set_aside, None);
    }

    #[tokio::test]
    async fn what_is_not_damage_is_an_error() {
        let dir = TempDir::new().unwrap();
        written(dir.path()).await;
        let newer = "PRAGMA user_version = 900";
        Connection::open(dir.path().join(STATE_FILE)).unwrap().execute_batch(newer).unwrap();
        let error = Store::open_or_set_aside(dir.path(), EarlierRun::Known, NOW).unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 900, .. }), "{error}");
    }

    #[tokio::test]
    async fn one_bad_row_costs_the_others_nothing() {
        let dir = TempDir::new().unwrap();
        written(dir.path()).await;
        let bad = "INSERT INTO watch VALUES ('hive', 'bob', '{\"memory\": 7}')";
        Connection::open(dir.path().join(STATE_FILE)).unwrap().execute_batch(bad).unwrap();
        let OpenedStore { store, set_aside: aside, .. } =
            Store::open_or_set_aside(dir.path(), EarlierRun::Known, NOW).unwrap();
        assert_eq!(aside, None);
        let read = async |witness: &str| store.state_or_set_aside(dir.path(), "hive", witness, NOW).await.unwrap();
        assert_eq!(read("alice").await, (Some(state()), None));
        assert_eq!(read("carol").await, (None, None));
        let (found, aside) = read("bob").await;
        let aside = aside.unwrap();
        assert_eq!((found, std::fs::read_to_string(&aside.path).unwrap().as_str()), (None, "{\"memory\": 7}"));
        assert!(aside.why.contains("expected a list of memories"), "{}", aside.why);
        assert_eq!(read("bob").await, (None, None), "it is set aside once");
    }

    #[tokio::test]
    async fn a_store_in_memory_has_what_is_on_disk_and_is_written_once_there_is_room() {
        let dir = TempDir::new().unwrap();
        written(dir.path()).await;
        let lock = StoreFiles::lock_if_possible(dir.path()).unwrap();
        let OpenedStore { store, unwritable, .. } = in_memory(dir.path(), lock, "full".to_owned()).unwrap();
        assert!(unwritable.is_some() && !store.is_in_place());
        assert_eq!(store.state("hive", "alice").await.unwrap(), Some(state()));
        let later = WatchState { memory: memory(vec![4]), ..WatchState::default() };
        let write = Write::State { chain: "hive".into(), witness: "bob".into(), state: Box::new(later.clone()) };
        let rules = Arc::new(Rules::plain("home", Vec::new(), Duration::from_secs(300)));
        store.commit(vec![write], rules, NOW).await.unwrap();
        assert_eq!(store.make_anew().await.unwrap(), [""; 0], "nothing was removed");
        assert!(store.is_in_place());
        drop(store);
        let store = Store::open(dir.path()).unwrap();
        assert_eq!(store.state("hive", "alice").await.unwrap(), Some(state()));
        assert_eq!(store.state("hive", "bob").await.unwrap(), Some(later));
    }
}
