//! The example policy as plugin files, in every language whose compiler is here.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, bail};
use dogwatch_guest_build::GuestToolchain;

use crate::daemon;

/// A language, and where `cargo xtask setup` puts its compiler.
const SCRIPTS: [(&str, &str); 2] = [("python", "target/python/bin"), ("js", "target/node/node_modules/.bin")];
/// The policy's name: that of the example.
pub(crate) const NAME: &str = "patient";

/// A language, and the plugin's file or why there is none.
#[derive(Debug)]
pub(crate) struct Guest {
    /// As the plugin is called: `patient-rust`.
    pub(crate) name: String,
    pub(crate) file: anyhow::Result<PathBuf>,
}

impl Guest {
    /// Its file, if there is one; else says that it is left out, and why.
    pub(crate) fn or_skipped(&self) -> Option<&Path> {
        match &self.file {
            Ok(file) => Some(file),
            Err(why) => {
                println!("  Left out: {}: {why:#}. To install what is missing: cargo xtask setup", self.name);
                None
            }
        }
    }
}

/// Builds it in Rust, Python and JavaScript; the files go to `directory`.
pub(crate) fn build(directory: &Path) -> anyhow::Result<Vec<Guest>> {
    let mut guests = vec![Guest { name: format!("{NAME}-rust"), file: Ok(rust(directory)?) }];
    for (language, tools) in SCRIPTS {
        let name = format!("{NAME}-{language}");
        let file = script(directory, &name, language, tools);
        guests.push(Guest { name, file });
    }
    Ok(guests)
}

/// The example in Rust, with the stack of its manifest.
fn rust(directory: &Path) -> anyhow::Result<PathBuf> {
    const STACK: u32 = 30 << 10;
    let program = std::env::current_exe()?;
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    let target = target.context("this program is in no target directory")?.join("guests");
    let built = GuestToolchain::detect()?.with_stack(STACK).build(&root(), &[NAME], &target)?;
    let file = directory.join(format!("{NAME}-rust.wasm"));
    std::fs::copy(built.first().context("no plugin was built")?, &file)?;
    Ok(file)
}

/// A project of `dogwatch plugin new`, as `dogwatch plugin build` builds it.
fn script(directory: &Path, name: &str, language: &str, tools: &str) -> anyhow::Result<PathBuf> {
    let projects = tempfile::tempdir()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(root().join(tools)).chain(std::env::split_paths(&path)))?;
    said(dogwatch()?.args(["plugin", "new", name, "--lang", language]).current_dir(projects.path()))?;
    said(
        dogwatch()?
            .args(["plugin", "build", "--to"])
            .arg(directory)
            .current_dir(projects.path().join(name))
            .env("PATH", path),
    )?;
    Ok(directory.join(name).with_extension("wasm"))
}

/// The program under test, for a command that ends.
pub(crate) fn dogwatch() -> anyhow::Result<Command> {
    let mut command = Command::new(daemon::path()?);
    command.env_remove("DOGWATCH_CONFIG").env_remove("DOGWATCH_LOG");
    Ok(command)
}

/// Runs a command; if it fails, what it said is the error.
pub(crate) fn said(command: &mut Command) -> anyhow::Result<Output> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(output);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    bail!("{}", errors.trim().lines().last().unwrap_or("it failed without a word"))
}

/// The workspace's root.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}
