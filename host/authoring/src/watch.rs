//! Waits until a project's sources change.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// An editor writes a file in several steps: the change is whole once nothing has happened for so long.
const SETTLED: Duration = Duration::from_millis(200);

/// Folders that builds and package managers write into.
const NOT_SOURCES: [&str; 6] = ["target", "node_modules", "__pycache__", ".venv", ".git", "bindings"];

/// Why a project cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("cannot watch {}: {source}", folder.display())]
pub struct WatchError {
    folder: PathBuf,
    source: notify::Error,
}

/// Watches a project's folder.
#[derive(Debug)]
pub struct SourceWatch {
    folder: PathBuf,
    events: Receiver<notify::Result<Event>>,
    _watcher: RecommendedWatcher,
}

impl SourceWatch {
    /// Watches that folder from now on.
    ///
    /// # Errors
    ///
    /// The folder is not there, or the system has no room for one more watch.
    pub fn new(project: &Path) -> Result<Self, WatchError> {
        let failed = |source| WatchError { folder: project.to_owned(), source };
        let folder = std::path::absolute(project).map_err(|error| failed(error.into()))?;
        let (sender, events) = channel();
        let mut watcher = notify::recommended_watcher(sender).map_err(failed)?;
        watcher.watch(&folder, RecursiveMode::Recursive).map_err(failed)?;
        Ok(Self { folder, events, _watcher: watcher })
    }

    /// Waits until a source has changed, and is whole.
    ///
    /// # Errors
    ///
    /// The folder can no longer be watched.
    pub fn changed(&self) -> Result<(), WatchError> {
        let failed = |source| WatchError { folder: self.folder.clone(), source };
        let gone = || failed(notify::Error::generic("the watch has ended"));
        loop {
            let event = self.events.recv().map_err(|_| gone())?.map_err(failed)?;
            if self.is_of_a_source(&event) {
                break;
            }
        }
        loop {
            match self.events.recv_timeout(SETTLED) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => return Err(gone()),
            }
        }
    }

    fn is_of_a_source(&self, event: &Event) -> bool {
        !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(|path| is_source(&self.folder, path))
    }
}

/// Whether a file of the project is one that its author writes.
fn is_source(project: &Path, path: &Path) -> bool {
    let Ok(within) = path.strip_prefix(project) else { return false };
    let written_by_tools =
        |component: Component<'_>| NOT_SOURCES.iter().any(|folder| component.as_os_str() == OsStr::new(folder));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let built = name.ends_with(".wasm") || name.ends_with(".wasm.part") || name == "Cargo.lock";
    !built && !name.ends_with('~') && !within.components().any(written_by_tools)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_build_writes_is_no_source() {
        let project = Path::new("/p");
        for source in ["/p/src/lib.rs", "/p/Cargo.toml", "/p/app.py", "/p/sdk/src/lib.rs"] {
            assert!(is_source(project, Path::new(source)), "{source}");
        }
        for built in [
            "/p/target/debug/x",
            "/p/owl.wasm",
            "/p/.owl.wasm.part",
            "/p/node_modules/a.js",
            "/p/Cargo.lock",
            "/q/a.rs",
        ] {
            assert!(!is_source(project, Path::new(built)), "{built}");
        }
    }

    #[test]
    fn a_change_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let watch = SourceWatch::new(folder.path()).unwrap();
        std::fs::write(folder.path().join("owl.wasm"), "built").unwrap();
        std::fs::write(folder.path().join("app.py"), "source").unwrap();
        watch.changed().unwrap();
        assert!(SourceWatch::new(&folder.path().join("gone")).is_err());
    }
}
