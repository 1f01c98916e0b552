//! Plugins for tests, and where they are put.

use std::path::{Path, PathBuf};
use std::process::Command;

use dogwatch_guest_build::GuestToolchain;

use super::net::Setup;

/// The bundled policy `threshold`.
pub(crate) fn threshold() -> &'static [u8] {
    dogwatch_bundled::find("threshold").unwrap().wasm
}

/// A plugin of the workspace that is not bundled, compiled now.
pub(crate) fn built(package: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = root.join("target/guests");
    GuestToolchain::detect().unwrap().build(&root, &[package], &target).unwrap().remove(0)
}

/// Runs a program, and returns what it said if it succeeded.
pub(crate) fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {text}");
    text
}

/// Builds a project in Rust, with what has been compiled for other plugins, and in the versions of this repository. What it
/// compiles goes to a folder beside the project.
pub(crate) fn build_project(project: &Path, options: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    std::fs::copy(root.join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    said(
        Command::new("cargo").args(["metadata", "--offline", "--format-version", "1", "--quiet"]).current_dir(project),
    );
    let target = project.with_file_name("target");
    if !target.exists() {
        std::fs::create_dir(&target).unwrap();
        std::os::unix::fs::symlink(root.join("target/guests"), target.join("plugin")).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_dogwatch"));
    said(command.args(["plugin", "build"]).args(options).current_dir(project).env("CARGO_TARGET_DIR", target))
}

/// The hostile policy, with another behaviour where no setting says which.
pub(crate) fn hostile(behaviour: &[u8; 4]) -> Vec<u8> {
    let mut bytes = std::fs::read(built("hostile-policy")).unwrap();
    let marker = b"by default: ";
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(marker)).collect();
    let [place] = places[..] else { unreachable!("the default behaviour is in the file {} times", places.len()) };
    bytes[place + marker.len()..][..4].copy_from_slice(behaviour);
    bytes
}

/// Puts a whole file in place.
pub(crate) fn put(plugins: &Path, name: &str, bytes: &[u8]) {
    let half = plugins.join(format!(".{name}.part"));
    std::fs::write(&half, bytes).unwrap();
    std::fs::rename(&half, plugins.join(format!("{name}.wasm"))).unwrap();
}

/// A directory for plugins, and a configuration whose policy is `mine`.
pub(crate) fn mine(dir: &Path, more: &str) -> (PathBuf, Setup) {
    let plugins = dir.join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    let top = format!("plugins_dir = {plugins:?}");
    (plugins, Setup { top, witness: format!("policy = \"mine\"\n{more}"), ..Setup::default() })
}
