//! What must be on a machine before the plugins can be built, and is put there if it is not.

use std::process::Command;

use anyhow::{Context as _, bail};
use dogwatch_guest_build::{DEBIAN_PACKAGES, GuestToolchain};

use crate::run;

/// Sees to it that plugins can be compiled.
pub(crate) fn guest_toolchain() -> anyhow::Result<()> {
    let Err(missing) = GuestToolchain::detect() else { return Ok(()) };
    eprintln!("xtask: no compiler for plugins yet; installing one");
    if let Err(error) = rustup_target() {
        eprintln!("xtask: {error:#}; trying Debian's packages");
        debian_packages().with_context(|| missing.to_string())?;
    }
    GuestToolchain::detect().map(drop).context("a compiler for plugins was installed, and still cannot be used")
}

fn rustup_target() -> anyhow::Result<()> {
    // With this set, rustup may download nothing.
    if std::env::var("RUSTUP_AUTO_INSTALL").as_deref() == Ok("0") {
        bail!("rustup is told not to download (RUSTUP_AUTO_INSTALL=0)");
    }
    run(Command::new("rustup").args(["target", "add", "wasm32-unknown-unknown"]))
}

fn debian_packages() -> anyhow::Result<()> {
    apt(&["update"])?;
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(DEBIAN_PACKAGES);
    apt(&install)
}

fn apt(arguments: &[&str]) -> anyhow::Result<()> {
    let id = Command::new("id").arg("-u").output().context("who is running this cannot be found out")?;
    let root = id.stdout.trim_ascii() == b"0";
    let mut command = if root { Command::new("apt-get") } else { Command::new("sudo") };
    if !root {
        command.arg("apt-get");
    }
    run(command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
}
