//! Where compiled plugins are kept: to compile one takes a small machine seconds, and what is kept is loaded in milliseconds.

use std::ffi::OsString;
use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use dogwatch_plugins::{Compiler, Sandbox, SandboxError};

/// Its name in the state directory.
const NAME: &str = "plugin-cache";
/// The program that runs, even if its file was replaced by a newer version since.
const THIS_PROGRAM: &str = "/proc/self/exe";
/// What makes it a compiler.
const COMPILE: &str = "compile-plugin";

/// A sandbox that compiles plugin files in a process of its own, and keeps what it compiles: in `$CACHE_DIRECTORY`, which
/// systemd sets for `CacheDirectory=`, or in the state directory if there is one. What lies there is run, so it is used only
/// if it belongs to this user, and nobody else may write it.
///
/// # Errors
///
/// If the sandbox cannot start on this machine.
pub(crate) fn sandbox(state_dir: Option<&Path>) -> Result<Sandbox, SandboxError> {
    let given = std::env::var_os("CACHE_DIRECTORY").filter(|given| !given.is_empty());
    let parent = given.map(PathBuf::from).or_else(|| state_dir.map(Path::to_owned));
    let compiler = Compiler::outside(THIS_PROGRAM, [OsString::from(COMPILE)]);
    Sandbox::with_compiler(match parent.and_then(|parent| own(&parent)) {
        Some(directory) => compiler.keeping_in(&directory),
        None => compiler,
    })
}

/// The same for somebody who tries plugins: what is compiled is kept in the user's own cache directory.
///
/// # Errors
///
/// If the sandbox cannot start on this machine.
pub(crate) fn authors_sandbox() -> Result<Sandbox, SandboxError> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let caches = named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")));
    let own = caches.map(|caches| caches.join("dogwatch"));
    if let Some(own) = &own {
        // If it cannot be made, nothing is kept.
        let _ = DirBuilder::new().recursive(true).mode(0o700).create(own);
    }
    sandbox(own.as_deref())
}

/// The directory in there, made if it is missing.
fn own(parent: &Path) -> Option<PathBuf> {
    let is_mine = |path: &Path, allowed: u32| {
        let me = std::fs::metadata("/proc/self").ok()?.uid();
        let metadata = std::fs::symlink_metadata(path).ok()?;
        (metadata.is_dir() && metadata.uid() == me && metadata.mode() & allowed == 0).then_some(())
    };
    is_mine(parent, 0o022)?;
    let directory = parent.join(NAME);
    match DirBuilder::new().mode(0o700).create(&directory) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return None,
        _ => {}
    }
    is_mine(&directory, 0o077)?;
    std::fs::canonicalize(directory).ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_a_directory_that_nobody_else_may_write_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let open = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        let cache = own(folder.path()).unwrap();
        assert_eq!(std::fs::metadata(&cache).unwrap().mode() & 0o777, 0o700);
        assert_eq!(own(folder.path()), Some(cache.clone()), "and used again");
        open(&cache, 0o770);
        assert_eq!(own(folder.path()), None, "its group may write into it");
        open(&cache, 0o700);
        open(folder.path(), 0o777);
        assert_eq!(own(folder.path()), None, "anybody may put another one in its place");
        open(folder.path(), 0o700);
        std::fs::remove_dir(&cache).unwrap();
        std::os::unix::fs::symlink("/tmp", &cache).unwrap();
        assert_eq!(own(folder.path()), None, "it leads elsewhere");
        assert_eq!(own(&folder.path().join("missing")), None);
    }
}
