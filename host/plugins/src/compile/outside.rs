//! The compiler's process, seen from within.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, nice, set_parent_process_death_signal, setrlimit};
use wasmtime::Engine;

use super::process::{REFUSED, UNFIT};
use super::refusal::Refusal;
use super::translate::translate;
use crate::limits::Limits;
use crate::sandbox;

/// The largest machine code, in bytes.
const CODE: u64 = 128 << 20;

/// Compiles the plugin on standard input, and writes the machine code to standard output: all that the program does which
/// [`Compiler::outside`](crate::Compiler::outside) names, with those limits, which it gets as arguments: memory in bytes.
///
/// The process gives up whatever it does not need before it reads: it can open no file and no connection any more.
#[must_use]
pub fn compile_stdin(processor: Duration, memory: u64) -> ExitCode {
    let compiled = limit(processor, memory).and_then(|()| {
        let mut wasm = Vec::new();
        io::stdin().lock().read_to_end(&mut wasm)?;
        let engine = Engine::new(&sandbox::config(&Limits::default())).map_err(io::Error::other)?;
        Ok(translate(&engine, &wasm))
    });
    let written = match &compiled {
        Ok(Ok(code)) => write(code).map(|()| ExitCode::SUCCESS),
        Ok(Err(refusal)) => said(refusal).map(|()| ExitCode::from(REFUSED)),
        Err(error) => Err(io::Error::other(error.to_string())),
    };
    written.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "{error}");
        ExitCode::from(UNFIT)
    })
}

fn said(refusal: &Refusal) -> io::Result<()> {
    write(&serde_json::to_vec(refusal)?)
}

fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

fn limit(processor: Duration, memory: u64) -> io::Result<()> {
    // Where memory is short, this process goes and not the daemon. Not every system lets a process say so.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    // Decisions come first.
    let _ = nice(10);
    // It is of no use without the daemon.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let seconds = processor.as_secs();
    let limits = [
        (Resource::As, "bytes of memory", memory, memory),
        // At the first limit the kernel says what it is for, at the second it kills.
        (Resource::Cpu, "seconds of processor time", seconds, seconds.saturating_add(1)),
        (Resource::Fsize, "bytes in a file", CODE, CODE),
        (Resource::Core, "bytes of a core dump", 0, 0),
        // Those that are open stay open.
        (Resource::Nofile, "files", 0, 0),
    ];
    for (resource, what, current, maximum) in limits {
        let before = getrlimit(resource).maximum;
        if let Some(before) = before.filter(|before| *before < current) {
            // With less, a good file might be taken for one that needs too much.
            let less = format!("it needs {current} {what}, and a process gets {before} here: see ulimit -a");
            return Err(io::Error::other(less));
        }
        let maximum = before.map_or(maximum, |before| before.min(maximum));
        setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) })?;
    }
    Ok(())
}
