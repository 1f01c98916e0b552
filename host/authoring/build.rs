//! Embeds the SDK's source, the interfaces and the templates.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// How the names of source files end.
const SOURCES: [&str; 7] = [".rs", ".toml", ".py", ".js", ".json", ".md", ".wit"];

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let root = here.join("../..").canonicalize()?;
    let mut code = String::new();
    for (name, from) in
        [("SDK", root.join("plugins/sdk/src")), ("WIT", root.join("wit")), ("EXAMPLES", root.join("examples"))]
    {
        println!("cargo::rerun-if-changed={}", from.display());
        let mut files = Vec::new();
        collect(&from, &mut files)?;
        files.sort();
        writeln!(code, "/// Paths and contents, in the order of the paths.")?;
        writeln!(code, "pub(crate) static {name}: &[(&str, &str)] = &[")?;
        for file in files {
            writeln!(code, "    ({:?}, include_str!({file:?})),", file.strip_prefix(&from)?)?;
        }
        writeln!(code, "];")?;
    }
    println!("cargo::rerun-if-changed={}", root.join("Cargo.toml").display());
    println!("cargo::rerun-if-changed={}", root.join("plugins/sdk/Cargo.toml").display());
    writeln!(code, "pub(crate) static SDK_MANIFEST: &str = {:?};", manifest(&root)?)?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("embedded.rs"), code)?;
    Ok(())
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            // What tools leave behind, and the interfaces, which have a list of their own.
            if !["target", "node_modules", "__pycache__", ".venv", "bindings", "wit"].contains(&name.as_ref()) {
                collect(&path, files)?;
            }
        } else if name == ".gitignore" || SOURCES.iter().any(|ending| name.ends_with(ending)) {
            files.push(path);
        }
    }
    Ok(())
}

/// The SDK's manifest as it stands alone: what it takes from the workspace is put in.
fn manifest(root: &Path) -> Result<String, Box<dyn Error>> {
    let workspace: toml::Table = fs::read_to_string(root.join("Cargo.toml"))?.parse()?;
    let mut sdk: toml::Table = fs::read_to_string(root.join("plugins/sdk/Cargo.toml"))?.parse()?;
    let shared = workspace.get("workspace").and_then(toml::Value::as_table).ok_or("there is no [workspace]")?;
    for (section, source) in [("package", "package"), ("dependencies", "dependencies")] {
        let source = shared.get(source).and_then(toml::Value::as_table).ok_or("a section of [workspace] is missing")?;
        let entries = sdk.get_mut(section).and_then(toml::Value::as_table_mut).ok_or("the SDK lacks a section")?;
        for (name, entry) in entries {
            let Some(own) = entry.as_table().filter(|own| own.contains_key("workspace")).cloned() else { continue };
            let mut put = source.get(name).cloned().ok_or_else(|| format!("[workspace] lacks {name}"))?;
            let features = own.get("features").and_then(toml::Value::as_array).cloned().unwrap_or_default();
            if !features.is_empty() {
                let table = put.as_table_mut().ok_or_else(|| format!("{name} needs a table"))?;
                let all = table.entry("features").or_insert_with(|| toml::Value::Array(Vec::new()));
                all.as_array_mut().ok_or_else(|| format!("{name}: features is no list"))?.extend(features);
            }
            *entry = put;
        }
    }
    sdk.remove("lints");
    Ok(toml::to_string(&sdk)?)
}
