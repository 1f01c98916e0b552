//! A new project.

use std::path::{Path, PathBuf};

use crate::embedded::EXAMPLES;
use crate::files::{self, WriteError};
use crate::kind::{Kind, Language};
use crate::name::PluginName;
use crate::sdk::{write_newest_wit, write_sdk};

/// Writes a project that builds, passes its own tests and loads: into a folder of the plugin's name. Returns the folder.
///
/// # Errors
///
/// The folder is not empty, or cannot be written.
pub fn new_project(parent: &Path, name: &PluginName, kind: Kind, language: Language) -> Result<PathBuf, WriteError> {
    let folder = parent.join(name.as_str());
    files::must_be_free(&folder)?;
    let example = Example::of(kind, language);
    for (path, text) in EXAMPLES {
        if let Some(path) = path.strip_prefix(&example.folder) {
            files::write(&folder.join(path), &example.renamed(path, text, name))?;
        }
    }
    match language {
        Language::Rust => write_sdk(&folder.join("sdk"))?,
        Language::Python | Language::JavaScript => write_newest_wit(&folder.join("wit"), kind)?,
    }
    Ok(folder)
}

/// What only this repository's manifests say: under which terms a project is given away is its author's to say.
const LICENSE: &str = "license = \"MIT OR Apache-2.0\"\n";

/// What only a manifest outside the repository needs.
const STANDING_ALONE: &str = r#"
# What `dogwatch plugin build` compiles with: for size. An overflow is a panic, which the daemon sees, and no wrong number.
[profile.guest]
inherits = "release"
opt-level = "s"
lto = true
codegen-units = 1
strip = true
panic = "abort"
overflow-checks = true

[workspace]
"#;

/// An example of this repository, of which a new project is a copy under another name.
struct Example {
    /// Where it lies, with a slash at the end.
    folder: String,
    name: &'static str,
    type_name: &'static str,
}

impl Example {
    fn of(kind: Kind, language: Language) -> Self {
        let folder = match language {
            Language::Rust => format!("{}/", kind.as_str()),
            _ => format!("{}-{}/", kind.as_str(), language.as_str()),
        };
        let (name, type_name) = match kind {
            Kind::Policy => ("patient", "Patient"),
            Kind::Channel => ("one-line", "OneLine"),
        };
        Self { folder, name, type_name }
    }

    fn renamed(&self, path: &str, text: &str, name: &PluginName) -> String {
        let text = text.replace(self.name, name.as_str()).replace(self.type_name, &name.type_name());
        match path {
            "Cargo.toml" => text.replace("../../plugins/sdk", "sdk").replace(LICENSE, "") + STANDING_ALONE,
            _ => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_project_keeps_the_name_of_the_example() {
        for kind in Kind::ALL {
            for language in Language::ALL {
                let folder = tempfile::tempdir().unwrap();
                let name = PluginName::new("night-owl").unwrap();
                let project = new_project(folder.path(), &name, kind, language).unwrap();
                let example = Example::of(kind, language);
                let sources: Vec<_> =
                    EXAMPLES.iter().filter_map(|(path, _)| path.strip_prefix(&example.folder)).collect();
                assert!(
                    sources.contains(&"README.md") && sources.contains(&".gitignore"),
                    "{kind:?} {language:?}: {sources:?}"
                );
                for path in sources {
                    let text = std::fs::read_to_string(project.join(path)).unwrap();
                    assert!(!text.contains("license"), "{path}");
                    let kept = text.contains(example.name) || text.contains(example.type_name);
                    assert!(!kept, "{kind:?} {language:?}: {path}: {text}");
                }
                assert!(new_project(folder.path(), &name, kind, language).is_err(), "nothing is written over");
            }
        }
    }
}
