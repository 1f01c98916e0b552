//! Plugin files that take a compiler down: the real binary compiles them in a process of its own.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use dogwatch_plugins::{CompileBudget, Compiler, CompilerEnd, Library, LibraryError, LoadError, Sandbox};

use crate::support::{Daemon, Net, Setup, WITNESS, until};

const DOGWATCH: &str = env!("CARGO_BIN_EXE_dogwatch");
const COMPILE: &str = "compile-plugin";
/// A busy machine has all the time in the world.
const PATIENT: Duration = Duration::from_secs(600);
/// Enough for a plugin, and less than the file below needs.
const SHORT: CompileBudget = CompileBudget { memory: 2 << 30, processor: Duration::from_secs(1), clock: PATIENT };
const SMALL: CompileBudget = CompileBudget { memory: 192 << 20, processor: PATIENT, clock: PATIENT };
const IMPATIENT: CompileBudget = CompileBudget { memory: 2 << 30, processor: PATIENT, clock: Duration::ZERO };

/// A valid module of 30 kB that takes minutes to compile, and gigabytes: each of its loops, one within the other, changes one
/// of its variables, and each variable may come to each loop from two sides.
fn slow_to_compile() -> Vec<u8> {
    const VARIABLES: u32 = 2000;
    const LOOPS: u32 = 1500;
    let mut body = leb(1);
    body.extend(leb(VARIABLES));
    body.push(0x7e);
    for n in 0..LOOPS {
        // loop; local.get; i64.const 1; i64.add; local.set
        body.extend([0x03, 0x40, 0x20]);
        body.extend(leb(1 + n % VARIABLES));
        body.extend([0x42, 0x01, 0x7c, 0x21]);
        body.extend(leb(1 + n * 7 % VARIABLES));
    }
    for _ in 0..LOOPS {
        // local.get 0; br_if 0; end
        body.extend([0x20, 0x00, 0x0d, 0x00, 0x0b]);
    }
    body.push(0x0b);
    let mut function = leb(1);
    function.extend(leb(u32::try_from(body.len()).unwrap()));
    function.extend(body);
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    for (id, section) in [(1, vec![1, 0x60, 1, 0x7f, 0]), (3, vec![1, 0]), (10, function)] {
        module.push(id);
        module.extend(leb(u32::try_from(section.len()).unwrap()));
        module.extend(section);
    }
    module
}

fn leb(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 127 {
        bytes.push(u8::try_from(number & 127).unwrap() | 128);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

fn threshold() -> &'static [u8] {
    dogwatch_bundled::ALL.iter().find(|plugin| plugin.name == "threshold").unwrap().wasm
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
    let folder = tempfile::tempdir().unwrap();
    let (plugins, kept) = (folder.path().join("plugins"), folder.path().join("kept"));
    std::fs::create_dir(&plugins).unwrap();
    std::fs::create_dir(&kept).unwrap();
    std::fs::write(plugins.join("mine.wasm"), slow_to_compile()).unwrap();
    let slow = refusal(&library(compiler(DOGWATCH).within(SHORT).keeping_in(&kept), &plugins));
    assert!(matches!(slow, LoadError::CompilerEnded(CompilerEnd::Time { seconds: 1 })), "{slow}");
    let known = refusal(&library(compiler("/nonexistent").keeping_in(&kept), &plugins));
    assert_eq!(known.to_string(), slow.to_string(), "it is not tried again");
    assert_eq!(
        slow.to_string(),
        "is not compiled: the compiler needs more than 1 s of processor time; this file is not tried again"
    );
}

#[test]
fn a_file_that_takes_too_much_memory_to_compile_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.wasm"), slow_to_compile()).unwrap();
    let large = refusal(&library(compiler(DOGWATCH).within(SMALL), folder.path()));
    assert!(matches!(large, LoadError::CompilerEnded(CompilerEnd::Memory { mebibytes: 192 })), "{large}");
}

#[test]
fn a_busy_machine_is_not_the_files_fault() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.wasm"), slow_to_compile()).unwrap();
    let kept = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let late = refusal(&library(compiler(DOGWATCH).within(IMPATIENT).keeping_in(kept.path()), folder.path()));
        assert!(matches!(late, LoadError::CompilerEnded(CompilerEnd::Late { seconds: 0 })), "{late}");
    }
    assert_eq!(std::fs::read_dir(kept.path()).unwrap().count(), 0, "nothing is remembered");
}

#[test]
fn a_compiler_that_crashes_is_told_from_one_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.wasm"), threshold()).unwrap();
    let kept = tempfile::tempdir().unwrap();
    let shell = |script: &str| Compiler::outside("/bin/sh", ["-c", script].map(OsString::from)).keeping_in(kept.path());
    // What somebody else did to the process, or what it lacks, is not the file's fault.
    for script in ["kill -TERM $$", "exit 1", "exit 127"] {
        let failed = refusal(&library(shell(script), folder.path()));
        assert!(matches!(failed, LoadError::CompilerEnded(CompilerEnd::Failed { .. })), "{script}: {failed}");
    }
    let killed = refusal(&library(shell("kill -KILL $$"), folder.path()));
    assert!(matches!(killed, LoadError::CompilerEnded(CompilerEnd::Killed)), "{killed}");
    let limited =
        refusal(&library(shell(&format!("ulimit -v 1000000; exec {DOGWATCH} {COMPILE} \"$0\" \"$@\"")), folder.path()));
    assert!(matches!(limited, LoadError::NoCompiler(_)), "{limited}");
    let crashed = refusal(&library(shell("kill -SEGV $$"), folder.path()));
    assert!(matches!(crashed, LoadError::CompilerEnded(CompilerEnd::Crash { .. })), "{crashed}");
    let known = refusal(&library(compiler(DOGWATCH).keeping_in(kept.path()), folder.path()));
    assert_eq!(known.to_string(), crashed.to_string(), "that is remembered");
    let missing = library(compiler("/nonexistent"), folder.path());
    assert!(matches!(refusal(&missing), LoadError::NoCompiler(_)));
    missing.policy("proactive").unwrap();
}

#[test]
fn what_is_compiled_is_kept_for_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (plugins, kept) = (folder.path().join("plugins"), folder.path().join("kept"));
    std::fs::create_dir(&plugins).unwrap();
    std::fs::create_dir(&kept).unwrap();
    std::fs::write(plugins.join("mine.wasm"), threshold()).unwrap();
    library(compiler(DOGWATCH).keeping_in(&kept), &plugins).policy("mine").unwrap();
    let without = library(compiler("/nonexistent").keeping_in(&kept), &plugins);
    assert_eq!(without.policy("mine").unwrap().describe().unwrap().name, "threshold");
    // A byte more is another file.
    let mut other = threshold().to_vec();
    other.extend([0, 2, 1, b'x']);
    std::fs::write(plugins.join("mine.wasm"), other).unwrap();
    assert!(matches!(
        refusal(&library(compiler("/nonexistent").keeping_in(&kept), &plugins)),
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

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_file_beside_the_policy_in_use_costs_no_switch() {
    let (net, dir) = (Net::start().await, Net::directory());
    let plugins = dir.path().join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    std::fs::write(plugins.join("mine.wasm"), threshold()).unwrap();
    let setup =
        Setup { top: format!("plugins_dir = {plugins:?}"), witness: "policy = \"mine\"".into(), ..Setup::default() };
    let daemon = Daemon::start(&net.write(dir.path(), &setup));
    daemon.ready().await;
    // The new file of the policy would take minutes, and gigabytes: the old one goes on deciding.
    let half = plugins.join(".mine.wasm.part");
    std::fs::write(&half, slow_to_compile()).unwrap();
    std::fs::rename(&half, plugins.join("mine.wasm")).unwrap();
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
}
