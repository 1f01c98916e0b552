//! Plugins for tests, and where they are put.

use std::path::{Path, PathBuf};

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
