//! Finds a compiler for WebAssembly.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::version::Version;

/// The command that adds the target to a toolchain managed by rustup.
pub const RUSTUP_COMMAND: &str = "rustup target add wasm32-unknown-unknown";

/// The Debian packages that build plugins where rustup cannot add a target.
pub const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "libstd-rust-web-dev", "rust-web-src"];

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_STD_SOURCE: &str = "/usr/lib/rustlib/src/rust/library";
/// The first compiler that knows edition 2024; Debian's plain `rustc` is older.
const OLDEST: Version = Version::new(1, 85);

/// There is no compiler for WebAssembly.
#[derive(Debug, thiserror::Error)]
#[error(
    "no compiler for {TARGET}, which plugins are built with: {lacking}. Get one with `{RUSTUP_COMMAND}`, or on Debian \
     with `apt-get install {}`",
    DEBIAN_PACKAGES.join(" ")
)]
pub struct MissingToolchain {
    /// What each compiler lacks.
    pub lacking: String,
}

/// A compiler for WebAssembly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestToolchain {
    pub(crate) cargo: OsString,
    pub(crate) compiler: Compiler,
    /// Bytes of stack, where it is not the linker's default of 1 MiB.
    pub(crate) stack: Option<u32>,
}

/// A compiler, by where its standard library comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Compiler {
    /// It has the target's standard library.
    Ready { rustc: OsString },
    /// The standard library is built from source, and another toolchain's linker links.
    FromSource { rustc: PathBuf, linker: PathBuf },
}

impl GuestToolchain {
    /// Looks for a compiler: first the one that builds everything else, then Debian's.
    ///
    /// # Errors
    ///
    /// No compiler can build for WebAssembly. The error says what each one lacks.
    pub fn detect() -> Result<Self, MissingToolchain> {
        let or = |name: &str, default: &str| std::env::var_os(name).unwrap_or_else(|| default.into());
        let (cargo, rustc) = (or("CARGO", "cargo"), or("RUSTC", "rustc"));
        let compiler = match ready(&rustc) {
            Ok(()) => Compiler::Ready { rustc },
            Err(first) => {
                from_source(&rustc).map_err(|second| MissingToolchain { lacking: [first, second].join("; ") })?
            }
        };
        Ok(Self { cargo, compiler, stack: None })
    }

    /// Builds plugins with a stack of this many bytes. It lies before all other data, so that running out of it traps.
    #[must_use]
    pub const fn with_stack(mut self, bytes: u32) -> Self {
        self.stack = Some(bytes);
        self
    }
}

/// Whether the compiler has the target's standard library.
fn ready(rustc: &OsStr) -> Result<(), String> {
    let libdir = PathBuf::from(ask(rustc, &["--print", "target-libdir", "--target", TARGET])?);
    if has_std(&libdir) { Ok(()) } else { Err(format!("{} has no standard library for it", rustc.display())) }
}

fn has_std(libdir: &Path) -> bool {
    let names: Vec<_> =
        std::fs::read_dir(libdir).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect();
    let has = |prefix: &str| {
        names.iter().filter_map(|name| name.to_str()).any(|name| name.starts_with(prefix) && name.ends_with(".rlib"))
    };
    has("libstd-") && has("libcore-")
}

/// Debian's compiler, if it can build the standard library; `rustc` is the one whose linker is borrowed.
fn from_source(rustc: &OsStr) -> Result<Compiler, String> {
    let debian = Path::new(DEBIAN_RUSTC);
    let said = ask(debian.as_os_str(), &["--version"])?;
    let version = Version::parse(&said).ok_or_else(|| format!("{DEBIAN_RUSTC} reports version {said:?}"))?;
    if version < OLDEST {
        return Err(format!("{DEBIAN_RUSTC} is too old ({said})"));
    }
    if !Path::new(DEBIAN_STD_SOURCE).is_dir() {
        return Err(format!("{DEBIAN_STD_SOURCE} is missing"));
    }
    let about = ask(rustc, &["-vV"])?;
    let host = host(&about).ok_or_else(|| format!("{} does not name its host", rustc.display()))?;
    let sysroot = ask(rustc, &["--print", "sysroot"])?;
    let linker = Path::new(&sysroot).join("lib/rustlib").join(host).join("bin/rust-lld");
    if linker.is_file() {
        Ok(Compiler::FromSource { rustc: debian.into(), linker })
    } else {
        Err(format!("{} is missing, and nothing else links WebAssembly", linker.display()))
    }
}

/// The host that `rustc -vV` names.
fn host(about: &str) -> Option<&str> {
    about.lines().find_map(|line| line.strip_prefix("host: ")).map(str::trim)
}

/// The compiler's answer, trimmed.
fn ask(rustc: &OsStr, arguments: &[&str]) -> Result<String, String> {
    let question = || format!("`{} {}`", rustc.display(), arguments.join(" "));
    let output = Command::new(rustc)
        .args(arguments)
        .output()
        .map_err(|error| format!("{} does not run: {error}", question()))?;
    if !output.status.success() {
        return Err(format!("{} fails: {}", question(), String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_host_in_the_long_version() {
        let about =
            "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: 1.95.0\n";
        assert_eq!(host(about), Some("x86_64-unknown-linux-gnu"));
        assert_eq!(host("rustc 1.95.0"), None);
    }

    #[test]
    fn a_directory_without_libraries_is_no_standard_library() {
        assert!(!has_std(Path::new("/nonexistent")));
        assert!(!has_std(Path::new(env!("CARGO_MANIFEST_DIR"))));
    }

    #[test]
    fn a_compiler_that_is_not_there_is_named() {
        let lacking = ready(OsStr::new("/nonexistent/rustc")).unwrap_err();
        assert!(lacking.contains("/nonexistent/rustc"), "{lacking}");
    }

    #[test]
    fn the_error_names_both_ways_out() {
        let text = MissingToolchain { lacking: "nothing".into() }.to_string();
        assert!(text.contains("rustup target add wasm32-unknown-unknown"), "{text}");
        assert!(text.contains("apt-get install rustc-web libstd-rust-web-dev rust-web-src"), "{text}");
    }
}
