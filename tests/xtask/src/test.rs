//! All tests: none keeps another from running, and what failed is said again at the end.

use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::num::NonZero;

use anyhow::{Context as _, bail};

/// How many tests of a binary run at once.
const THREADS: &str = "RUST_TEST_THREADS";

/// Tests at once for each core: those end to end, which take longest, mostly wait for a block.
const AT_ONCE: usize = 2;

/// Sets up, runs every test binary, and sums up.
pub(crate) fn run(arguments: Vec<String>) -> anyhow::Result<()> {
    crate::setup::guest_toolchain()?;
    // Tests that need what could not be installed fail and say so; the others still have to run.
    let peers = crate::setup::peers();
    let all = arguments.is_empty();
    let mut command = crate::cargo_command();
    command.args(["test", "--locked", "--no-fail-fast"]);
    let some = |argument: &String| argument.starts_with("-p") || argument.starts_with("--package");
    if !arguments.iter().take_while(|argument| *argument != "--").any(some) {
        command.arg("--workspace");
    }
    command.args(arguments);
    if std::env::var_os(THREADS).is_none() {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        command.env(THREADS, cores.saturating_mul(AT_ONCE).to_string());
    }
    let (mut reader, writer) = std::io::pipe().context("no pipe for the output of cargo")?;
    // One pipe for both: cargo names the binary on standard error, and the binary its tests on standard output.
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| format!("{command:?} could not be started"))?;
    // The ends for writing that the command still holds would keep the pipe open.
    drop(command);
    let mut summary = Summary::default();
    let mut lines = BufReader::new(&mut reader);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        std::io::stdout().write_all(&line)?;
        summary.read(&String::from_utf8_lossy(&line));
        line.clear();
    }
    let status = child.wait()?;
    // With a choice of tests comes no choice of nights.
    let nights = if all { crate::simulate::for_the_tests() } else { Ok(()) };
    println!("\n{summary}");
    if let Err(error) = &nights {
        println!("simulated nights: {error:#}");
    }
    if let Err(error) = &peers {
        println!("set-up: {error:#}");
    }
    match (status.success() && nights.is_ok(), peers) {
        (true, Ok(())) => Ok(()),
        (true, Err(_)) => bail!("the tests passed, and the set-up failed"),
        (false, _) => bail!("not all tests passed"),
    }
}

/// What cargo and the test binaries have said so far.
#[derive(Debug, Default)]
struct Summary {
    /// The test binary that is running.
    binary: String,
    binaries: usize,
    passed: usize,
    /// Binary and test.
    failed: Vec<(String, String)>,
    /// Binaries that ended otherwise than by counting their tests, or never came to be.
    broken: Vec<String>,
}

impl Summary {
    fn read(&mut self, line: &str) {
        let line = line.trim_end();
        let said = line.trim_start();
        if let Some(binary) = said.strip_prefix("Running ").or_else(|| said.strip_prefix("Doc-tests ")) {
            // Without the file that was built of it: `tests/x.rs (target/debug/deps/x-0123)`.
            let source = binary.split(" (").next().unwrap_or(binary);
            self.binary = source.trim_start_matches("unittests ").to_owned();
            if let Some((_, file)) = binary.rsplit_once("/deps/") {
                let name = file.rsplit_once('-').map_or(file, |(name, _)| name);
                self.binary = format!("{name} ({})", self.binary);
            }
            self.binaries = self.binaries.saturating_add(1);
        } else if let Some(name) = line.strip_prefix("test ").and_then(|test| test.strip_suffix(" ... FAILED")) {
            self.failed.push((self.binary.clone(), name.to_owned()));
        } else if let Some(counts) = line.strip_prefix("test result: ") {
            let passed = counts.split(' ').zip(counts.split(' ').skip(1)).find(|(_, word)| word.starts_with("passed"));
            self.passed = self.passed.saturating_add(passed.and_then(|(count, _)| count.parse().ok()).unwrap_or(0));
        } else if said.starts_with("process didn't exit successfully") && line.contains("signal:") {
            self.broken.push(format!("{} ended by a {}", self.binary, cause(line)));
        } else if line.starts_with("error: could not compile") {
            self.broken.push(line.to_owned());
        }
    }
}

/// The signal that ended a binary, such as `signal: 6, SIGABRT: process abort signal`.
fn cause(line: &str) -> &str {
    line.split(" (").last().unwrap_or(line).trim_end_matches(')')
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tests passed and {} failed, in {} binaries", self.passed, self.failed.len(), self.binaries)?;
        for (binary, test) in &self.failed {
            write!(f, "\n  FAILED  {binary}: {test}")?;
        }
        for broken in &self.broken {
            write!(f, "\n  BROKEN  {broken}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
     Running unittests src/lib.rs (target/debug/deps/dogwatch_chain-84b4e2a3f3c64dff)

running 2 tests
test key::tests::round_trip ... ok
test key::tests::checksum ... FAILED

failures:

    key::tests::checksum

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s

error: test failed, to rerun pass `-p dogwatch-chain --lib`
     Running ../../tests/end_to_end/main.rs (target/debug/deps/end_to_end-0123456789abcdef)
error: test failed, to rerun pass `-p dogwatch --test end_to_end`

Caused by:
  process didn't exit successfully: `/w/target/debug/deps/end_to_end-0123456789abcdef` (signal: 6, SIGABRT: process abort signal)
   Doc-tests dogwatch_sdk
test plugins/sdk/src/lib.rs - (line 7) ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.30s
error: 2 targets failed:
    `-p dogwatch-chain --lib`
    `-p dogwatch --test end_to_end`
";

    #[test]
    fn what_failed_is_named_with_its_binary() {
        let mut summary = Summary::default();
        SAID.lines().for_each(|line| summary.read(line));
        assert_eq!(
            summary.to_string(),
            "2 tests passed and 1 failed, in 3 binaries\n  \
             FAILED  dogwatch_chain (src/lib.rs): key::tests::checksum\n  \
             BROKEN  end_to_end (../../tests/end_to_end/main.rs) ended by a signal: 6, SIGABRT: process abort signal"
        );
    }

    #[test]
    fn what_does_not_compile_is_named() {
        let mut summary = Summary::default();
        summary.read("error: could not compile `dogwatch-rpc` (lib test) due to 1 previous error\n");
        assert!(summary.to_string().contains("BROKEN  error: could not compile `dogwatch-rpc`"), "{summary}");
    }
}
