//! A new project.

use std::path::{Path, PathBuf};

use crate::embedded::TEMPLATES;
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
    let template = format!("{}-{}/", kind.as_str(), language.as_str());
    for (path, text) in TEMPLATES {
        if let Some(path) = path.strip_prefix(&template) {
            files::write(&folder.join(real_name(path)), &filled(text, name))?;
        }
    }
    match language {
        Language::Rust => write_sdk(&folder.join("sdk"))?,
        Language::Python | Language::JavaScript => write_newest_wit(&folder.join("wit"), kind)?,
    }
    Ok(folder)
}

/// A template of a manifest must not be taken for one of this repository.
fn real_name(path: &str) -> &str {
    match path {
        "Cargo.toml.template" => "Cargo.toml",
        "gitignore" => ".gitignore",
        path => path,
    }
}

fn filled(text: &str, name: &PluginName) -> String {
    text.replace("{{name}}", name.as_str())
        .replace("{{Type}}", &name.type_name())
        .replace("{{crate}}", &name.as_str().replace('-', "_"))
}
