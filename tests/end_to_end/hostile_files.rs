//! Plugin files that take a compiler down: the real binary compiles them in a process of its own.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use dogwatch_plugins::{CompileBudget, Compiler, CompilerEnd, Library, LibraryError, LoadError, Sandbox};

use crate::support::{Daemon, Net, Setup, WITNESS, threshold, until};

const DOGWATCH: &str = env!("CARGO_BIN_EXE_dogwatch");
const COMPILE: &str = "compile-plugin";
/// A busy machine has all the time in the world.
const PATIENT: Duration = Duration::from_secs(600);
/// Enough for a plugin, and less than the file below needs.
const SHORT: CompileBudget = CompileBudget { memory: 2 << 30, processor: Duration::from_secs(1), clock: PATIENT };
const SMALL: CompileBudget = CompileBudget { memory: 400 << 20, processor: PATIENT, clock: PATIENT };
const IMPATIENT: CompileBudget = CompileBudget { memory: 2 << 30, processor: PATIENT, clock: Duration::ZERO };

/// A valid module of 30 kB that takes half a minute to compile, and most of a gigabyte: each of its loops, one within the
/// other, changes one of its variables, and each variable may come to each loop from two sides.
pub(crate) fn slow_to_compile() -> Vec<u8> {
    const VARIABLES: usize = 2000;
    const LOOPS: usize = 1500;
    let variables = "i64 ".repeat(VARIABLES);
    let changed = |n: usize| (1 + n % VARIABLES, 1 + n * 7 % VARIABLES);
    let begun =
        (0..LOOPS).map(changed).map(|(from, to)| format!("loop local.get {from} i64.const 1 i64.add local.set {to}\n"));
    let ended = "local.get 0 br_if 0 end\n".repeat(LOOPS);
    let text = format!("(module (func (param i32) (local {variables}) {} {ended}))", begun.collect::<String>());
    wat::parse_str(text).unwrap()
}

/// A directory in which that is the plugin `mine`.
fn plugins(mine: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.wasm"), mine).unwrap();
    folder
}

fn compiler(program: &str) -> Compiler {
    Compiler::outside(program, [OsString::from(COMPILE)])
}

fn library(compiler: Compiler, plugins: &Path) -> Library {
    Library::open(Sandbox::with_compiler(compiler).unwrap(), Some(plugins)).0
}

fn refusal(library: &Library) -> LoadError {
    let LibraryError::Load(problem) = library.policy("mine").unwrap_err() else { unreachable!("there is such a file") };
    problem.error
}

#[test]
fn a_file_that_takes_too_long_to_compile_is_refused_for_good() {
    let (plugins, kept) = (plugins(&slow_to_compile()), tempfile::tempdir().unwrap());
    let slow = refusal(&library(compiler(DOGWATCH).within(SHORT).keeping_in(kept.path()), plugins.path()));
    assert!(matches!(slow, LoadError::CompilerEnded(CompilerEnd::Time { seconds: 1 })), "{slow}");
    let known = refusal(&library(compiler("/nonexistent").keeping_in(kept.path()), plugins.path()));
    assert_eq!(known.to_string(), slow.to_string(), "it is not tried again");
    assert_eq!(
        slow.to_string(),
        "is not compiled: the compiler needs more than 1 s of processor time; this file is not tried again"
    );
}

#[test]
fn a_file_that_takes_too_much_memory_to_compile_is_refused() {
    let plugins = plugins(&slow_to_compile());
    let large = refusal(&library(compiler(DOGWATCH).within(SMALL), plugins.path()));
    assert!(matches!(large, LoadError::CompilerEnded(CompilerEnd::Memory { mebibytes: 400 })), "{large}");
}

#[test]
fn a_busy_machine_is_not_the_files_fault() {
    let (plugins, kept) = (plugins(&slow_to_compile()), tempfile::tempdir().unwrap());
    for _ in 0..2 {
        let late = refusal(&library(compiler(DOGWATCH).within(IMPATIENT).keeping_in(kept.path()), plugins.path()));
        assert!(matches!(late, LoadError::CompilerEnded(CompilerEnd::Late { seconds: 0 })), "{late}");
    }
    assert_eq!(std::fs::read_dir(kept.path()).unwrap().count(), 0, "nothing is remembered");
}

#[test]
fn a_compiler_that_crashes_is_told_from_one_that_is_not_there() {
    let (plugins, kept) = (plugins(threshold()), tempfile::tempdir().unwrap());
    let shell = |script: &str| Compiler::outside("/bin/sh", ["-c", script].map(OsString::from)).keeping_in(kept.path());
    // What somebody else did to the process, or what it lacks, is not the file's fault.
    for script in ["kill -TERM $$", "exit 1", "exit 127"] {
        let failed = refusal(&library(shell(script), plugins.path()));
        assert!(matches!(failed, LoadError::CompilerEnded(CompilerEnd::Failed { .. })), "{script}: {failed}");
    }
    let killed = refusal(&library(shell("kill -KILL $$"), plugins.path()));
    assert!(matches!(killed, LoadError::CompilerEnded(CompilerEnd::Killed)), "{killed}");
    let limited = refusal(&library(
        shell(&format!("ulimit -v 1000000; exec {DOGWATCH} {COMPILE} \"$0\" \"$@\"")),
        plugins.path(),
    ));
    assert!(matches!(limited, LoadError::NoCompiler(_)), "{limited}");
    let crashed = refusal(&library(shell("kill -SEGV $$"), plugins.path()));
    assert!(matches!(crashed, LoadError::CompilerEnded(CompilerEnd::Crash { .. })), "{crashed}");
    let known = refusal(&library(compiler(DOGWATCH).keeping_in(kept.path()), plugins.path()));
    assert_eq!(known.to_string(), crashed.to_string(), "that is remembered");
    let missing = library(compiler("/nonexistent"), plugins.path());
    assert!(matches!(refusal(&missing), LoadError::NoCompiler(_)));
    missing.policy("proactive").unwrap();
}

#[test]
fn what_is_compiled_is_kept_for_the_next_start() {
    let (plugins, kept) = (plugins(threshold()), tempfile::tempdir().unwrap());
    library(compiler(DOGWATCH).keeping_in(kept.path()), plugins.path()).policy("mine").unwrap();
    let without = library(compiler("/nonexistent").keeping_in(kept.path()), plugins.path());
    assert_eq!(without.policy("mine").unwrap().describe().unwrap().name, "threshold");
    // A byte more is another file.
    let mut other = threshold().to_vec();
    other.extend([0, 2, 1, b'x']);
    std::fs::write(plugins.path().join("mine.wasm"), other).unwrap();
    assert!(matches!(
        refusal(&library(compiler("/nonexistent").keeping_in(kept.path()), plugins.path())),
        LoadError::NoCompiler(_)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_compiler_can_open_neither_files_nor_connections() {
    let mut command = Command::new(DOGWATCH);
    command.args([COMPILE, "--seconds", "60", "--bytes", "1073741824"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let limits = format!("/proc/{}/limits", child.id());
    // It reads its input once it is limited, and gets none.
    until("it is limited", async || {
        let limits = std::fs::read_to_string(&limits).unwrap();
        let limit = |name: &str| limits.lines().find(|line| line.starts_with(name)).unwrap().split_whitespace();
        limit("Max open files").nth(3) == Some("0")
            && limit("Max address space").nth(3) == Some("1073741824")
            && limit("Max cpu time").nth(3) == Some("60")
            && limit("Max core file size").nth(4) == Some("0")
    })
    .await;
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Whether a process of that one compiles.
fn compiles(parent: u32) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    // A process may end while it is looked at.
    let read = |process: &std::fs::DirEntry, file: &str| std::fs::read_to_string(process.path().join(file));
    processes.into_iter().any(|process| {
        read(&process, "status").is_ok_and(|status| status.lines().any(|line| line == format!("PPid:\t{parent}")))
            && read(&process, "cmdline").is_ok_and(|command| command.contains(COMPILE))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_file_goes_on_deciding_while_a_hostile_one_is_compiled() {
    let (net, dir, plugins) = (Net::start().await, Net::directory(), plugins(threshold()));
    let top = format!("plugins_dir = {:?}", plugins.path());
    let setup = Setup { top, witness: "policy = \"mine\"".into(), ..Setup::default() };
    // A cache of its own: what other runs have compiled there would be loaded at once.
    let daemon = Daemon::start_with(&net.write(dir.path(), &setup), |command| {
        command.env_remove("CACHE_DIRECTORY");
    });
    daemon.ready().await;
    let half = plugins.path().join(".mine.wasm.part");
    std::fs::write(&half, slow_to_compile()).unwrap();
    std::fs::rename(&half, plugins.path().join("mine.wasm")).unwrap();
    until("it is compiled", async || compiles(daemon.pid())).await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
}
