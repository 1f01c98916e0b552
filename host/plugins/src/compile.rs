//! From a file's bytes to machine code.
//!
//! WebAssembly is safe to run, and not always safe to compile: a file of a kilobyte can make a compiler take all memory, run
//! for minutes, or crash. A plugin file is therefore compiled in a process of its own, whose memory and time are limited.
//! What came of it is kept: later starts need no compiler.

mod bounds;
mod kept;
mod machine_code;
pub(crate) mod outside;
pub(crate) mod process;
pub(crate) mod refusal;
mod translate;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::error::load::LoadError;
use crate::limits::CompileBudget;
use kept::{Kept, KeptCode};
use process::CompileProcess;
use refusal::Refusal;

/// Where plugins are compiled, and where the result is kept.
#[derive(Clone, Debug)]
pub struct Compiler {
    process: Option<CompileProcess>,
    directory: Option<PathBuf>,
}

/// Who vouches for a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    /// It is part of this program.
    Bundled,
    /// It is a file, of whoever wrote it.
    Anybody,
}

/// A plugin to compile.
#[derive(Clone, Copy)]
pub(crate) struct PluginBytes<'a> {
    pub(crate) wasm: &'a [u8],
    /// The SHA-256 of them, in hexadecimal.
    pub(crate) sha256: &'a str,
    pub(crate) maker: Maker,
    /// How long it may take by the clock, if that is less than it may take otherwise.
    pub(crate) within: Option<Duration>,
}

impl Compiler {
    /// Compiles everything in this process, each time: for tests, and for programs whose plugins are their own.
    #[must_use]
    pub const fn here() -> Self {
        Self { process: None, directory: None }
    }

    /// Compiles plugin files in a process of its own: this program, with arguments that make it call
    /// [`compile_stdin`](outside::compile_stdin). Bundled plugins are compiled here.
    #[must_use]
    pub fn outside(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = OsString>) -> Self {
        let process = CompileProcess::new(program.into(), arguments.into_iter().collect(), CompileBudget::default());
        Self { process: Some(process), directory: None }
    }

    /// Keeps what is compiled in that directory, which nobody else may write: what lies there is run. If it cannot be used,
    /// plugins are compiled each time.
    #[must_use]
    pub fn keeping_in(self, directory: &Path) -> Self {
        Self { directory: Some(directory.to_owned()), ..self }
    }

    /// Gives a compilation in the process other limits.
    #[must_use]
    pub fn within(self, budget: CompileBudget) -> Self {
        Self { process: self.process.map(|process| process.within(budget)), ..self }
    }

    pub(crate) fn component(&self, engine: &Engine, plugin: PluginBytes<'_>) -> Result<Component, LoadError> {
        let kept = self.directory.as_deref().map(|directory| Kept::new(directory, engine, plugin.sha256));
        if let Some(component) = kept.as_ref().and_then(|kept| compiled_before(engine, kept)) {
            return Ok(component);
        }
        let code = match &self.process {
            Some(process) if plugin.maker == Maker::Anybody => outside(process, kept.as_ref(), plugin)?,
            _ => translate::translate(engine, plugin.wasm)?,
        };
        // What is large is used where it is kept from the first start on.
        let large = kept::is_large(&code);
        if let Some(kept) = kept.as_ref().filter(|_| large) {
            kept.keep(&code);
            if let Some(component) = compiled_before(engine, kept) {
                return Ok(component);
            }
        }
        let component = machine_code::component(engine, &code).map_err(|error| Refusal::invalid(&error))?;
        if let Some(kept) = kept.as_ref().filter(|_| !large) {
            kept.keep(&code);
        }
        Ok(component)
    }
}

/// What was compiled and kept; nothing if it cannot be used.
fn compiled_before(engine: &Engine, kept: &Kept) -> Option<Component> {
    let component = match kept.code()? {
        KeptCode::Copy(code) => machine_code::component(engine, &code),
        // Some file systems let nothing be run that lies on them.
        KeptCode::File(path) => machine_code::component_of_file(engine, &path)
            .or_else(|_| machine_code::component(engine, &std::fs::read(&path)?)),
    };
    component.inspect_err(|_| kept.forget()).ok()
}

/// The machine code, from a process of its own. What takes that process down is not tried again.
fn outside(process: &CompileProcess, kept: Option<&Kept>, plugin: PluginBytes<'_>) -> Result<Vec<u8>, LoadError> {
    if let Some(end) = kept.and_then(Kept::refused) {
        return Err(LoadError::CompilerEnded(end));
    }
    let compiled = process.compile(plugin.wasm, plugin.within);
    if let (Some(kept), Err(LoadError::CompilerEnded(end))) = (kept, &compiled)
        && end.is_final()
    {
        kept.refuse(end);
    }
    compiled
}
