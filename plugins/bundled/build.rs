//! Builds the bundled plugins, so that the binary carries what its own source says.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use dogwatch_guest_build::GuestToolchain;

/// The name under which a plugin is bundled, and its package, which is also its directory.
const PLUGINS: [(&str, &str); 17] = [
    ("threshold", "policy-threshold"),
    ("alertmanager", "channel-alertmanager"),
    ("discord", "channel-discord"),
    ("email", "channel-email"),
    ("gotify", "channel-gotify"),
    ("healthchecks", "channel-healthchecks"),
    ("heartbeat", "channel-heartbeat"),
    ("matrix", "channel-matrix"),
    ("ntfy", "channel-ntfy"),
    ("opsgenie", "channel-opsgenie"),
    ("pagerduty", "channel-pagerduty"),
    ("pushover", "channel-pushover"),
    ("slack", "channel-slack"),
    ("telegram", "channel-telegram"),
    ("twilio", "channel-twilio"),
    ("uptime-kuma", "channel-uptime-kuma"),
    ("webhook", "channel-webhook"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let root = here.join("../..").canonicalize()?;
    watch(&root);

    let packages = PLUGINS.map(|(_, package)| package);
    match build(&root, &packages, &guests(&out)) {
        Ok(modules) => {
            for ((name, _), module) in PLUGINS.iter().zip(modules) {
                fs::copy(&module, out.join(name).with_extension("wasm"))?;
            }
        }
        // Cargo shows what is printed; of an error it would show the debug format.
        Err(error) => {
            for line in error.to_string().lines() {
                println!("cargo::error={line}");
            }
        }
    }
    Ok(())
}

fn build(root: &Path, packages: &[&str], target: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    Ok(GuestToolchain::detect()?.build(root, packages, target)?)
}

/// Whatever the plugins are made of.
fn watch(root: &Path) {
    for path in ["Cargo.toml", "Cargo.lock", "wit", "plugins/sdk/Cargo.toml", "plugins/sdk/src"] {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    for (_, package) in PLUGINS {
        for path in ["Cargo.toml", "src"] {
            println!("cargo::rerun-if-changed={}", root.join("plugins").join(package).join(path).display());
        }
    }
}

/// Where plugins are built: beside the profiles of the outer build, so that they all share the standard library that
/// may have to be built.
fn guests(out: &Path) -> PathBuf {
    let target = out.ancestors().find(|directory| directory.join("CACHEDIR.TAG").is_file());
    target.unwrap_or(out).join("guests")
}
