//! The SDK and the interfaces, as files.

use std::path::Path;

use crate::embedded::{SDK, SDK_MANIFEST, WIT};
use crate::files::{self, WriteError};
use crate::kind::Kind;

/// Where the SDK's own source finds the interfaces, and where they are beside a copy of it.
const WIT_PATH: (&str, &str) = ("\"../../wit/", "\"wit/");
/// Where the part of the SDK's source begins that only this repository has the files for.
const REPOSITORY_ONLY: &str = "/// The book's pages for authors";

/// Writes the SDK's crate and, in `wit/` below it, the interfaces.
///
/// # Errors
///
/// The folder is not empty, or cannot be written.
pub fn write_sdk(folder: &Path) -> Result<(), WriteError> {
    files::must_be_free(folder)?;
    files::write(&folder.join("Cargo.toml"), SDK_MANIFEST)?;
    for (path, text) in SDK {
        files::write(&folder.join("src").join(path), &alone(text))?;
    }
    write_wit(&folder.join("wit"))
}

/// Writes the newest version of a kind's interface.
pub(crate) fn write_newest_wit(folder: &Path, kind: Kind) -> Result<(), WriteError> {
    let of_kind = || WIT.iter().filter(|(path, _)| path.split('/').next() == Some(kind.as_str()));
    let version = |path: &str| path.split('/').nth(1).unwrap_or_default().to_owned();
    let newest = of_kind().map(|(path, _)| version(path)).max().unwrap_or_default();
    of_kind()
        .filter(|(path, _)| version(path) == newest)
        .try_for_each(|(path, text)| files::write(&folder.join(path), text))
}

fn write_wit(folder: &Path) -> Result<(), WriteError> {
    WIT.iter().try_for_each(|(path, text)| files::write(&folder.join(path), text))
}

/// A source file as it is outside the repository.
fn alone(text: &str) -> String {
    let own = text.split_once(REPOSITORY_ONLY).map_or(text, |(own, _)| own);
    own.replace(WIT_PATH.0, WIT_PATH.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_stands_alone() {
        let folder = tempfile::tempdir().unwrap();
        let sdk = folder.path().join("sdk");
        write_sdk(&sdk).unwrap();
        let read = |path: &str| std::fs::read_to_string(sdk.join(path)).unwrap();
        assert!(!read("Cargo.toml").contains("workspace"), "{}", read("Cargo.toml"));
        assert!(!read("src/lib.rs").contains("include_str"));
        assert!(read("src/bindings.rs").contains("path: \"wit/policy/v0.2\""));
        assert!(read("wit/policy/v0.2/policy.wit").contains("package dogwatch:policy@0.2.0"));
        assert!(matches!(write_sdk(&sdk), Err(WriteError::NotEmpty(_))));
    }
}
