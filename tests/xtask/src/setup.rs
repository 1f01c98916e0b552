//! What must be on a machine before the plugins can be built or the gateway measured, and is put there if it is not.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use dogwatch_guest_build::{DEBIAN_PACKAGES, GuestToolchain};

use crate::{root, run};

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
    install(DEBIAN_PACKAGES)
}

/// Sees to the programs that the gateway is measured beside. The benchmark goes on without those that are lacking.
pub(crate) fn proxies() {
    let lacking: Vec<(&str, &str)> = PROXIES.into_iter().filter(|(program, _)| !is_here(program)).collect();
    if lacking.is_empty() {
        return;
    }
    let programs: Vec<&str> = lacking.iter().map(|(program, _)| *program).collect();
    eprintln!("xtask: installing {}, to measure the gateway beside", programs.join(" and "));
    if let Err(error) = install(lacking.into_iter().map(|(_, package)| package)) {
        eprintln!("xtask: {error:#}; going on without");
    }
}

/// Sees to the real programs that the tests speak to: those of Debian, and Python packages in a place of their own.
pub(crate) fn peers() -> anyhow::Result<()> {
    let lacking: Vec<(&str, &str)> = PEERS.into_iter().filter(|(program, _)| !is_here(program)).collect();
    if !lacking.is_empty() {
        let programs: Vec<&str> = lacking.iter().map(|(program, _)| *program).collect();
        eprintln!("xtask: installing {}, which tests speak to", programs.join(" and "));
        install(lacking.into_iter().map(|(_, package)| package))?;
    }
    python()?;
    node()
}

/// Sees to the compilers for plugins in Python and JavaScript. The benchmark goes on without those that are lacking.
pub(crate) fn plugin_compilers() {
    for installed in [python(), node()] {
        if let Err(error) = installed {
            eprintln!("xtask: {error:#}; going on without");
        }
    }
}

/// Sees to Python's packages, in a place of their own.
fn python() -> anyhow::Result<()> {
    once("target/python", &PYTHON_PACKAGES, |python| {
        // Debian's Python comes without what makes places of their own.
        let whole = Command::new("python3").args(["-c", "import ensurepip, venv"]).status();
        if !whole.is_ok_and(|status| status.success()) {
            install(["python3-venv"])?;
        }
        run(Command::new("python3").args(["-m", "venv"]).arg(python))?;
        run(Command::new(python.join("bin/pip")).args(["install", "--quiet"]).args(PYTHON_PACKAGES))
    })
}

/// Sees to npm's packages, in a place of their own.
fn node() -> anyhow::Result<()> {
    once("target/node", &NODE_PACKAGES, |node| {
        std::fs::create_dir_all(node).context("target/node cannot be made")?;
        let quietly = ["install", "--no-audit", "--no-fund", "--silent", "--prefix"];
        run(Command::new("npm").args(quietly).arg(node).args(NODE_PACKAGES))
    })
}

/// Installs packages into a folder, unless these are there already.
fn once(folder: &str, packages: &[&str], install: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let place = root().join(folder);
    let ready = place.join("ready");
    let wanted = packages.join(" ");
    if std::fs::read_to_string(&ready).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    eprintln!("xtask: installing {wanted} into {folder}, for the tests");
    install(&place)?;
    std::fs::write(&ready, wanted).with_context(|| format!("{folder} cannot be written"))
}

/// Programs that tests run, and Debian's packages of them.
const PEERS: [(&str, &str); 5] = [
    ("prometheus-alertmanager", "prometheus-alertmanager"),
    ("systemd-analyze", "systemd"),
    ("unshare", "util-linux"),
    ("node", "nodejs"),
    ("npm", "npm"),
];

/// A mail server, what passes on notifications to everything else, and what makes plugins of Python.
const PYTHON_PACKAGES: [&str; 3] = ["aiosmtpd==1.4.6", "apprise==2.3.0", "componentize-py==0.25.1"];

/// What makes plugins of JavaScript.
const NODE_PACKAGES: [&str; 1] = ["componentize-qjs@0.4.5"];

/// Programs, and Debian's packages of them.
const PROXIES: [(&str, &str); 2] = [("haproxy", "haproxy"), ("nginx", "nginx-light")];

/// Whether a program is where a shell looks, or where servers are.
fn is_here(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let servers = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(servers).any(|directory| directory.join(program).is_file())
}

fn install<'a>(packages: impl IntoIterator<Item = &'a str>) -> anyhow::Result<()> {
    apt(&["update"])?;
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(packages);
    apt(&install)
}

/// What is set for apt: no questions, and no start of a service that is installed, by systemd or by an older init.
const QUIETLY: [&str; 3] = ["DEBIAN_FRONTEND=noninteractive", "SYSTEMD_OFFLINE=1", "RUNLEVEL=1"];

fn apt(arguments: &[&str]) -> anyhow::Result<()> {
    let id = Command::new("id").arg("-u").output().context("who is running this cannot be found out")?;
    let root = id.stdout.trim_ascii() == b"0";
    // By `env`, since sudo passes no variables on.
    let mut command = if root { Command::new("env") } else { Command::new("sudo") };
    if !root {
        command.arg("env");
    }
    run(command.args(QUIETLY).arg("apt-get").args(arguments))
}
