//! From a project to a plugin's file.

mod rust;
mod scripts;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use dogwatch_guest_build::{BuildError, MissingToolchain};

use crate::kind::Language;
use crate::name::{PluginName, PluginNameError};

/// Why a project was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildProblem {
    /// It is no project that can be built.
    #[error("{} has no Cargo.toml, app.py or app.js: it is no plugin's project; to begin one: dogwatch plugin new NAME", .0.display())]
    NoProject(PathBuf),
    /// A file of it cannot be used.
    #[error("cannot use {}: {why}", path.display())]
    Project {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The folder's name is none that a plugin can have.
    #[error(transparent)]
    Name(#[from] PluginNameError),
    /// There is no compiler for Rust.
    #[error(transparent)]
    NoCompiler(#[from] MissingToolchain),
    /// Cargo failed.
    #[error(transparent)]
    Cargo(#[from] BuildError),
    /// There is no compiler for the language.
    #[error("{tool} is not there; once, in the project's folder: {remedy}")]
    NoTool {
        /// The program.
        tool: &'static str,
        /// How to get it.
        remedy: &'static str,
    },
    /// The compiler cannot be run.
    #[error("cannot run {}: {source}", program.display())]
    Tool {
        /// The program.
        program: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The compiler failed, and has said why.
    #[error("{} failed ({status}); what it said is above", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
    /// The file cannot be put in place.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// Builds the project in a folder, and puts the plugin's file into `to`, or into the project's folder. Returns its path.
///
/// The file is named like the package, or the folder where there is no package, with hyphens, and is whole when it appears.
///
/// # Errors
///
/// There is no project, no compiler, or the build fails.
pub fn build(project: &Path, to: Option<&Path>) -> Result<PathBuf, BuildProblem> {
    let has = |file: &str| project.join(file).is_file();
    let language = [("Cargo.toml", Language::Rust), ("app.py", Language::Python), ("app.js", Language::JavaScript)];
    let language = language.into_iter().find(|(file, _)| has(file)).map(|(_, language)| language);
    let (built, name) = match language {
        None => return Err(BuildProblem::NoProject(project.to_owned())),
        Some(Language::Rust) => rust::build(project)?,
        Some(script) => {
            let whole =
                fs::canonicalize(project).map_err(|source| BuildProblem::Write { path: project.to_owned(), source })?;
            let name = PluginName::new(&whole.file_name().unwrap_or_default().to_string_lossy())?;
            (scripts::build(&whole, script)?, name)
        }
    };
    put(&built, &to.unwrap_or(project).join(name.as_str()).with_extension("wasm"))
}

/// Copies the file beside its place and renames it: a daemon that looks meanwhile sees the old one or the new one.
fn put(built: &Path, place: &Path) -> Result<PathBuf, BuildProblem> {
    let problem = |source| BuildProblem::Write { path: place.to_owned(), source };
    let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let half = place.with_file_name(format!(".{name}.part"));
    fs::copy(built, &half).map_err(problem)?;
    fs::rename(&half, place).map_err(problem)?;
    Ok(place.to_owned())
}
