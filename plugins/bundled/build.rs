//! Builds the bundled plugins, so that the binary carries what its own source says.
//!
//! A plugin is bundled because its folder is there: `plugins/policy-NAME` or `plugins/channel-NAME`. No list names it.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use dogwatch_guest_build::GuestToolchain;

/// What the folders of each kind start with, the list in the crate that they go to, and their stack if it is not 1 MiB.
const KINDS: [(&str, &str, Option<u32>); 2] =
    [("policy-", "POLICIES", Some(POLICY_STACK)), ("channel-", "CHANNELS", None)];

/// With this stack, a policy's first page of 64 KiB has room for its data and for what a usual call allocates, so that
/// each call has one page to be set up and cleared.
const POLICY_STACK: u32 = 30 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let root = here.join("../..").canonicalize()?;
    let (mut lists, mut all) = (String::new(), Vec::new());
    for (prefix, list, stack) in KINDS {
        let packages = packages(&root.join("plugins"), prefix)?;
        watch(&root, &packages);
        let names: Vec<&str> = packages.iter().filter_map(|package| package.strip_prefix(prefix)).collect();
        writeln!(lists, "bundled!({list}: {names:?});")?;
        all.extend(names.iter().map(|&name| name.to_owned()));
        let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
        match build(&root, &packages, stack, &guests(&out)) {
            Ok(modules) => {
                for (name, module) in names.iter().zip(modules) {
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
    }
    writeln!(lists, "bundled!(ALL: {all:?});")?;
    fs::write(out.join("lists.rs"), lists)?;
    Ok(())
}

/// The packages whose names start so, in the order of their names. A package has its folder's name.
fn packages(plugins: &Path, prefix: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let mut packages = Vec::new();
    for entry in fs::read_dir(plugins)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // A folder that an editor or a branch left behind is no package.
        if name.starts_with(prefix) && entry.path().join("Cargo.toml").is_file() {
            packages.push(name);
        }
    }
    packages.sort();
    Ok(packages)
}

fn build(root: &Path, packages: &[&str], stack: Option<u32>, target: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut toolchain = GuestToolchain::detect()?;
    if let Some(bytes) = stack {
        toolchain = toolchain.with_stack(bytes);
    }
    Ok(toolchain.build(root, packages, target)?)
}

/// Names what the plugins are made of. A folder that comes or goes changes Cargo.lock, since it is a workspace member.
fn watch(root: &Path, packages: &[String]) {
    for path in ["Cargo.toml", "Cargo.lock", "wit", "plugins/sdk/Cargo.toml", "plugins/sdk/src"] {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    for package in packages {
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
