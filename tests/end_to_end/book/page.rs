//! The pages of the README and the book.

use std::path::{Path, PathBuf};

/// A page in Markdown.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// The path from the repository's root, such as `docs/src/README.md`.
    pub(super) name: String,
    pub(super) text: String,
}

impl Page {
    /// The name of the policy that a page works out, if it does.
    pub(super) fn worked_policy(&self) -> Option<&str> {
        self.name.strip_prefix("docs/src/authors/worked/")?.strip_suffix(".md")
    }
}

/// The repository's root.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// All pages of the book, and those at the root that show commands.
pub(super) fn all() -> Vec<Page> {
    let mut names = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    let mut folders = vec![root().join("docs/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                names.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    names.sort();
    names.into_iter().map(|name| Page { text: std::fs::read_to_string(root().join(&name)).unwrap(), name }).collect()
}
