//! Projects in Rust.

use std::fs;
use std::path::{Path, PathBuf};

use dogwatch_guest_build::GuestToolchain;

use super::BuildProblem;
use crate::name::PluginName;

/// Builds it; returns the core module and the plugin's name.
pub(super) fn build(project: &Path) -> Result<(PathBuf, PluginName), BuildProblem> {
    let manifest = project.join("Cargo.toml");
    let problem = |why: String| BuildProblem::Project { path: manifest.clone(), why };
    let text = fs::read_to_string(&manifest).map_err(|error| problem(error.to_string()))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| problem(error.message().to_owned()))?;
    let package = table.get("package").ok_or_else(|| problem("it has no [package]".to_owned()))?;
    let name =
        package.get("name").and_then(toml::Value::as_str).ok_or_else(|| problem("[package] has no name".to_owned()))?;
    let stack = package.get("metadata").and_then(|data| data.get("dogwatch")?.get("stack")?.as_integer());
    let mut toolchain = GuestToolchain::detect()?;
    if let Some(bytes) = stack {
        let bytes = u32::try_from(bytes).map_err(|_| problem(format!("{bytes} bytes are no size for a stack")))?;
        toolchain = toolchain.with_stack(bytes);
    }
    // Where cargo's own files go is the author's choice; the plugin's are apart, since another compiler makes them.
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| project.join("target"), PathBuf::from);
    let target = std::path::absolute(&target).map_err(|source| BuildProblem::Write { path: target, source })?;
    let built = toolchain.build_shown(project, name, &target.join("plugin"))?;
    Ok((built, PluginName::new(name)?))
}
