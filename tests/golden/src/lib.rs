//! Golden files: texts that tests compare word for word. Each is at `tests/golden/NAME.txt` of its crate, and a change
//! to one is reviewed as a diff. `UPDATE_GOLDEN=1 cargo test` rewrites them.

use std::fmt::Display;
use std::path::{Path, PathBuf};

/// The golden files of one crate.
#[derive(Clone, Debug)]
pub struct GoldenFiles {
    directory: PathBuf,
}

impl GoldenFiles {
    /// Of the crate in this directory: `env!("CARGO_MANIFEST_DIR")`.
    #[must_use]
    pub fn of(manifest_dir: &str) -> Self {
        Self { directory: Path::new(manifest_dir).join("tests/golden") }
    }

    /// Compares a text with its golden file, or rewrites the file.
    ///
    /// # Panics
    ///
    /// The text differs from the file, or the file cannot be written.
    pub fn compare(&self, name: impl Display, text: &str) {
        let path = self.directory.join(format!("{name}.txt"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(&self.directory).unwrap();
            return std::fs::write(&path, text).unwrap();
        }
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(known == text, "{} differs; UPDATE_GOLDEN=1 rewrites it. It would be:\n{text}", path.display());
    }

    /// Checks that there is a file of each of these names, and no other.
    ///
    /// # Panics
    ///
    /// A file is missing or left over, or the directory cannot be read.
    pub fn are(&self, names: impl IntoIterator<Item = impl Display>) {
        let files = std::fs::read_dir(&self.directory).unwrap();
        let mut found: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        found.sort();
        let mut wanted: Vec<String> = names.into_iter().map(|name| format!("{name}.txt")).collect();
        wanted.sort();
        assert_eq!(found, wanted, "the files in {}, and those that are wanted", self.directory.display());
    }
}
