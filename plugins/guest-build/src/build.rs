//! Building plugins.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use crate::detect::{Compiler, GuestToolchain, TARGET};
use crate::environment;

/// The profile in the workspace's manifest.
const PROFILE: &str = "guest";

/// Why a plugin was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo cannot be run.
    #[error("cannot run `{command}` to build plugins: {source}")]
    Cargo {
        /// The command that could not be run.
        command: String,
        /// Why it could not be run.
        source: std::io::Error,
    },
    /// Cargo ran and failed.
    #[error("building the plugin {package} failed ({status}); cargo says:\n{output}")]
    Failed {
        /// The plugin's package.
        package: String,
        /// Cargo's exit status.
        status: ExitStatus,
        /// Cargo's output.
        output: String,
    },
    /// Cargo succeeded, but the module is not where it should be.
    #[error("plugin {package} was built, but {} is missing; is its crate-type `cdylib`?", path.display())]
    NoModule {
        /// The plugin's package.
        package: String,
        /// Where its module should be.
        path: PathBuf,
    },
}

impl GuestToolchain {
    /// Builds packages of a workspace; returns the paths of their core modules, in the same order.
    ///
    /// The target directory must not be the one that an outer cargo uses: that cargo holds its lock.
    ///
    /// # Errors
    ///
    /// Cargo cannot be run, a build fails, or a module is missing afterwards.
    pub fn build(&self, workspace: &Path, packages: &[&str], target_dir: &Path) -> Result<Vec<PathBuf>, BuildError> {
        packages.iter().map(|package| self.build_one(workspace, package, target_dir)).collect()
    }

    /// Builds the package of a project and shows what cargo says; returns the path of its core module.
    ///
    /// # Errors
    ///
    /// Cargo cannot be run, the build fails, or the module is missing afterwards.
    pub fn build_shown(&self, project: &Path, package: &str, target_dir: &Path) -> Result<PathBuf, BuildError> {
        let mut command = self.command(project, package, target_dir);
        let status = command
            .status()
            .map_err(|source| BuildError::Cargo { command: self.cargo.display().to_string(), source })?;
        if status.success() {
            return module(target_dir, package);
        }
        Err(BuildError::Failed { package: package.to_owned(), status, output: "see above".to_owned() })
    }

    fn build_one(&self, workspace: &Path, package: &str, target_dir: &Path) -> Result<PathBuf, BuildError> {
        let output = self
            .command(workspace, package, target_dir)
            .output()
            .map_err(|source| BuildError::Cargo { command: self.cargo.display().to_string(), source })?;
        if output.status.success() {
            return module(target_dir, package);
        }
        Err(BuildError::Failed {
            package: package.to_owned(),
            status: output.status,
            output: String::from_utf8_lossy(&output.stderr).trim_end().to_owned(),
        })
    }

    fn command(&self, workspace: &Path, package: &str, target_dir: &Path) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(workspace);
        for name in environment::disturbing() {
            command.env_remove(name);
        }
        // As a `cdylib` alone: a crate that is an `rlib` too would be linked without link-time optimisation.
        command.args(["rustc", "--lib", "--crate-type", "cdylib", "--profile", PROFILE, "--target", TARGET]);
        // A new project has no versions to keep to yet.
        if workspace.join("Cargo.lock").is_file() {
            command.arg("--locked");
        }
        command.args(["--package", package, "--target-dir"]).arg(target_dir);
        match &self.compiler {
            Compiler::Ready { rustc } => {
                command.env("RUSTC", rustc);
            }
            Compiler::FromSource { rustc, linker } => {
                command
                    .arg("-Zbuild-std=std,panic_abort")
                    .env("RUSTC", rustc)
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                    // The outer toolchain's libraries are not this compiler's.
                    .env_remove("LD_LIBRARY_PATH");
            }
        }
        if let Some(bytes) = self.stack {
            command.args(["--", "-C"]).arg(format!("link-arg=-zstack-size={bytes}"));
        }
        command
    }
}

fn module(target_dir: &Path, package: &str) -> Result<PathBuf, BuildError> {
    let path = target_dir.join(TARGET).join(PROFILE).join(package.replace('-', "_")).with_extension("wasm");
    if path.is_file() { Ok(path) } else { Err(BuildError::NoModule { package: package.to_owned(), path }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(compiler: Compiler) -> (Vec<String>, Vec<String>) {
        let toolchain = GuestToolchain { cargo: "cargo".into(), compiler, stack: None };
        of(&toolchain)
    }

    fn of(toolchain: &GuestToolchain) -> (Vec<String>, Vec<String>) {
        let command = toolchain.command(Path::new("/w"), "one-two", Path::new("/t"));
        let text = |value: &std::ffi::OsStr| value.to_string_lossy().into_owned();
        let set = command.get_envs().filter_map(|(name, value)| Some(format!("{}={}", text(name), text(value?))));
        (command.get_args().map(text).collect(), set.collect())
    }

    #[test]
    fn a_ready_compiler_is_used_as_it_is() {
        let (arguments, set) = arguments(Compiler::Ready { rustc: "rustc".into() });
        assert_eq!(
            arguments.join(" "),
            "rustc --lib --crate-type cdylib --profile guest --target wasm32-unknown-unknown --package one-two --target-dir /t"
        );
        assert_eq!(set, ["RUSTC=rustc"]);
    }

    #[test]
    fn the_standard_library_is_built_where_it_must() {
        let compiler = Compiler::FromSource { rustc: "/usr/bin/rustc".into(), linker: "/l/rust-lld".into() };
        let (arguments, set) = arguments(compiler);
        assert_eq!(arguments.last().map(String::as_str), Some("-Zbuild-std=std,panic_abort"));
        assert!(set.contains(&"RUSTC_BOOTSTRAP=1".to_owned()), "{set:?}");
        assert!(set.contains(&"CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=/l/rust-lld".to_owned()), "{set:?}");
    }

    #[test]
    fn a_stack_is_asked_of_the_linker() {
        let compiler = Compiler::FromSource { rustc: "/usr/bin/rustc".into(), linker: "/l/rust-lld".into() };
        let toolchain = GuestToolchain { cargo: "cargo".into(), compiler, stack: None }.with_stack(1024);
        let (arguments, _) = of(&toolchain);
        assert_eq!(arguments[arguments.len() - 3..], ["--", "-C", "link-arg=-zstack-size=1024"]);
    }

    #[test]
    fn a_module_that_was_not_built_is_named() {
        let error = module(Path::new("/nonexistent"), "policy-threshold").unwrap_err().to_string();
        assert!(error.contains("/nonexistent/wasm32-unknown-unknown/guest/policy_threshold.wasm"), "{error}");
    }
}
