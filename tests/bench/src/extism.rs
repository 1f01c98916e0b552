//! The same policy as an Extism plugin, in a program of its own: `tests/bench-extism`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use dogwatch_engine::Situation;

/// The variable with the program's path, which `cargo xtask bench` sets.
const PROGRAM: &str = "DOGWATCH_BENCH_EXTISM";

/// Whether each call has a plugin of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reuse {
    Fresh,
    Reused,
}

/// The program, which waits for what it is to do.
#[derive(Debug)]
pub(crate) struct Extism {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// The reason of its decision.
    pub(crate) reason: String,
}

impl Extism {
    /// Starts the program and has it decide once; nothing if there is none.
    pub(crate) fn start(situation: &Situation) -> anyhow::Result<Option<Self>> {
        let Some(program) = std::env::var_os(PROGRAM).map(PathBuf::from) else { return Ok(None) };
        let mut child = Command::new(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} of {PROGRAM} cannot be run", program.display()))?;
        let asks = child.stdin.take().context("no way to the program")?;
        let answers = BufReader::new(child.stdout.take().context("no way from the program")?);
        let mut extism = Self { child, asks, answers, reason: String::new() };
        extism.reason = extism.ask(&serde_json::to_string(situation)?)?;
        Ok(Some(extism))
    }

    /// How long each of so many calls took, by the program's own clock.
    pub(crate) fn calls(&mut self, reuse: Reuse, count: u32) -> anyhow::Result<Vec<Duration>> {
        let what = match reuse {
            Reuse::Fresh => "fresh",
            Reuse::Reused => "reused",
        };
        let nanos: Vec<u64> = serde_json::from_str(&self.ask(&format!("{what} {count}"))?)?;
        Ok(nanos.into_iter().map(Duration::from_nanos).collect())
    }

    fn ask(&mut self, line: &str) -> anyhow::Result<String> {
        writeln!(self.asks, "{line}")?;
        self.asks.flush()?;
        let mut answer = String::new();
        ensure!(self.answers.read_line(&mut answer)? > 0, "the program with Extism has ended: what it said is above");
        Ok(answer.trim_end().to_owned())
    }
}

impl Drop for Extism {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
