//! From a project to a plugin's file.

use std::fs;
use std::path::{Path, PathBuf};

use dogwatch_guest_build::{BuildError, GuestToolchain, MissingToolchain};

/// Why a project was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildProblem {
    /// It is no project that can be built.
    #[error("{} has no Cargo.toml, app.py or app.js: it is no plugin's project; to begin one: dogwatch plugin new NAME", .0.display())]
    NoProject(PathBuf),
    /// Its manifest cannot be used.
    #[error("cannot use {}: {why}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is no compiler.
    #[error(transparent)]
    NoCompiler(#[from] MissingToolchain),
    /// Cargo failed.
    #[error(transparent)]
    Cargo(#[from] BuildError),
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
/// The file is named like the package, with hyphens, and is whole when it appears.
///
/// # Errors
///
/// There is no project, no compiler, or the build fails.
pub fn build(project: &Path, to: Option<&Path>) -> Result<PathBuf, BuildProblem> {
    let manifest = project.join("Cargo.toml");
    if !manifest.is_file() {
        return Err(BuildProblem::NoProject(project.to_owned()));
    }
    let package = package(&manifest)?;
    let built = GuestToolchain::detect()?.build_shown(project, &package, &project.join("target/plugin"))?;
    put(&built, &to.unwrap_or(project).join(package.replace('_', "-")).with_extension("wasm"))
}

/// The package's name.
fn package(manifest: &Path) -> Result<String, BuildProblem> {
    let problem = |why: String| BuildProblem::Manifest { path: manifest.to_owned(), why };
    let text = fs::read_to_string(manifest).map_err(|error| problem(error.to_string()))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| problem(error.message().to_owned()))?;
    let name = table.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
    name.map(str::to_owned).ok_or_else(|| problem("it has no [package] with a name".to_owned()))
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
