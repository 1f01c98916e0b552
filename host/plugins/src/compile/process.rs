//! The compiler's process, seen from the program that needs it.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};

use super::refusal::{CompilerEnd, Refusal};
use crate::error::load::LoadError;
use crate::limits::CompileBudget;
use crate::text::sanitize;

/// The exit code with which the process says that standard output holds a [`Refusal`].
pub(super) const REFUSED: u8 = 3;
/// The exit code with which it says that it cannot compile anything, and on standard error why.
pub(super) const UNFIT: u8 = 4;
/// The arguments with which it gets its limits: seconds, and bytes.
const SECONDS: &str = "--seconds";
const BYTES: &str = "--bytes";
/// Bytes of what it prints that are shown.
const SHOWN: usize = 200;

/// A program that compiles what it reads.
#[derive(Clone, Debug)]
pub(super) struct CompileProcess {
    program: PathBuf,
    arguments: Vec<OsString>,
    budget: CompileBudget,
}

impl CompileProcess {
    pub(super) const fn new(program: PathBuf, arguments: Vec<OsString>, budget: CompileBudget) -> Self {
        Self { program, arguments, budget }
    }

    pub(super) fn within(self, budget: CompileBudget) -> Self {
        Self { budget, ..self }
    }

    /// The machine code.
    pub(super) fn compile(&self, wasm: &[u8], within: Option<Duration>) -> Result<Vec<u8>, LoadError> {
        let clock = within.map_or(self.budget.clock, |within| within.min(self.budget.clock));
        let run = self.run(wasm, clock).map_err(LoadError::NoCompiler)?;
        self.outcome(run, clock)
    }

    fn run(&self, wasm: &[u8], clock: Duration) -> io::Result<Run> {
        let mut input = in_memory("dogwatch-plugin")?;
        input.write_all(wasm)?;
        input.rewind()?;
        let (output, errors) = (in_memory("dogwatch-code")?, in_memory("dogwatch-compiler-errors")?);
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .args([SECONDS, &self.budget.processor.as_secs().to_string(), BYTES, &self.budget.memory.to_string()])
            .current_dir("/")
            // Signals to the daemon's group are not for it.
            .process_group(0)
            // It gets no secret. Each thread of the C library's would reserve memory of its own.
            .env_clear()
            .envs([("MALLOC_ARENA_MAX", "2"), ("RAYON_NUM_THREADS", "2"), ("RUST_BACKTRACE", "0")])
            .stdin(input)
            .stdout(output.try_clone()?)
            .stderr(errors.try_clone()?);
        let mut child = command.spawn()?;
        let end = ends_within(&child, clock);
        if !matches!(end, Ok(Ended::Yes)) {
            child.kill()?;
        }
        let status = child.wait()?;
        Ok(Run { ended: end?, status, output, errors })
    }

    fn outcome(&self, run: Run, clock: Duration) -> Result<Vec<u8>, LoadError> {
        let Run { ended, status, mut output, mut errors } = run;
        let mut said = Vec::new();
        output.rewind().and_then(|()| output.read_to_end(&mut said)).map_err(LoadError::NoCompiler)?;
        if status.success() {
            return Ok(said);
        }
        let mut printed = Vec::new();
        let _ = errors.rewind().and_then(|()| errors.take(4096).read_to_end(&mut printed));
        let printed = String::from_utf8_lossy(&printed);
        let code = status.code();
        if code == Some(i32::from(REFUSED))
            && let Ok(refusal) = serde_json::from_slice::<Refusal>(&said)
        {
            return Err(refusal.into());
        }
        if code == Some(i32::from(UNFIT)) {
            return Err(LoadError::NoCompiler(io::Error::other(sanitize(printed.trim(), SHOWN))));
        }
        Err(LoadError::CompilerEnded(self.end(ended, status, &printed, clock)))
    }

    fn end(&self, ended: Ended, status: ExitStatus, printed: &str, clock: Duration) -> CompilerEnd {
        let signal = status.signal().and_then(Signal::from_named_raw);
        match signal {
            _ if ended == Ended::No => CompilerEnd::Late { seconds: clock.as_secs() },
            Some(Signal::XCPU) => CompilerEnd::Time { seconds: self.budget.processor.as_secs() },
            Some(Signal::KILL) => CompilerEnd::Killed,
            Some(Signal::ABORT) if printed.contains("memory allocation of") => {
                CompilerEnd::Memory { mebibytes: self.budget.memory >> 20 }
            }
            Some(
                Signal::ABORT | Signal::BUS | Signal::FPE | Signal::ILL | Signal::SEGV | Signal::TRAP | Signal::XFSZ,
            ) => CompilerEnd::Crash { how: how(status, printed) },
            _ => CompilerEnd::Failed { how: how(status, printed) },
        }
    }
}

/// What came of the process.
struct Run {
    ended: Ended,
    status: ExitStatus,
    output: File,
    errors: File,
}

/// Whether the process ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Yes,
    No,
}

fn how(status: ExitStatus, printed: &str) -> String {
    match printed.lines().find(|line| !line.trim().is_empty()) {
        Some(line) => format!("{status}: {}", sanitize(line.trim(), SHOWN)),
        None => status.to_string(),
    }
}

/// A file that is in memory only.
fn in_memory(name: &str) -> io::Result<File> {
    Ok(File::from(memfd_create(name, MemfdFlags::CLOEXEC)?))
}

/// Waits for the end of a process.
fn ends_within(child: &Child, time: Duration) -> io::Result<Ended> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
    let process: OwnedFd = pidfd_open(pid, PidfdFlags::empty())?;
    let timeout = Timespec::try_from(time).map_err(io::Error::other)?;
    loop {
        // A signal to this program may cut the waiting short, which then begins anew: the process has its own clock, too.
        match poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return Ok(Ended::No),
            Ok(_) => return Ok(Ended::Yes),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
