//! Plugins and situations to test with.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use dogwatch_chain::{AccountName, BlockNum, Slot, Time};
use dogwatch_engine::{
    Agreement, ChainView, Evidence, Grade, Health, Holder, Mode, NextSlot, NodeIndex, NodeView, Origin, OwnSlot,
    PastSwitch, Situation, SlotOutcome, Source, SwitchOutcome, Verdict,
};
use dogwatch_guest_build::GuestToolchain;
use dogwatch_plugins::{CallBudget, Library, Limits, LoadError, PolicyPlugin, Sandbox, Settings, Value};

/// The hostile policy's core module, built once.
pub(crate) fn hostile_module() -> &'static [u8] {
    static MODULE: OnceLock<Vec<u8>> = OnceLock::new();
    MODULE.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let modules = GuestToolchain::detect().unwrap().build(&root, &["hostile-policy"], &guests()).unwrap();
        std::fs::read(&modules[0]).unwrap()
    })
}

/// Beside the profiles of the outer build, where the bundled plugins are built too.
fn guests() -> PathBuf {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = scratch.ancestors().find(|directory| directory.join("CACHEDIR.TAG").is_file());
    target.unwrap_or(scratch).join("guests")
}

/// A bundled plugin's core module.
pub(crate) fn bundled(name: &str) -> &'static [u8] {
    dogwatch_bundled::find(name).unwrap().wasm
}

/// `threshold` as it was built against the interface 0.1, by the SDK of commit bc41484: plugins that operators have.
pub(crate) const THRESHOLD_V0_1: &[u8] = include_bytes!("fixtures/threshold-policy-0.1.wasm");

/// A directory with these files.
pub(crate) fn directory(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(directory.path().join(name), bytes).unwrap();
    }
    directory
}

/// The policy in these bytes, in a sandbox of its own.
pub(crate) fn policy_with(limits: Limits, wasm: &[u8]) -> PolicyPlugin {
    let directory = directory(&[("it.wasm", wasm)]);
    let (library, problems) = Library::open(Sandbox::with_limits(limits).unwrap(), Some(directory.path()));
    assert!(problems.is_empty(), "{problems:?}");
    library.policy("it").unwrap()
}

/// The same, with the default limits, save that a busy machine has all the time in the world.
pub(crate) fn policy(wasm: &[u8]) -> PolicyPlugin {
    let patient = |budget| CallBudget { time: Duration::from_secs(60), ..budget };
    let limits = Limits::default();
    policy_with(Limits { policy: patient(limits.policy), channel: patient(limits.channel), ..limits }, wasm)
}

/// Why these bytes are no plugin.
pub(crate) fn refusal(wasm: &[u8]) -> LoadError {
    let directory = directory(&[("it.wasm", wasm)]);
    let (library, _) = Library::open(Sandbox::new().unwrap(), Some(directory.path()));
    match library.policy("it") {
        Err(dogwatch_plugins::LibraryError::Load(problem)) => problem.error,
        other => panic!("a load problem, not {other:?}"),
    }
}

pub(crate) fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

pub(crate) fn settings<const N: usize>(pairs: [(&str, Value); N]) -> Settings {
    Settings::from(pairs)
}

/// Node 0 of three has missed its last two slots; everything that a situation can hold, it holds.
pub(crate) fn situation() -> Situation {
    let now = Time::from_secs(1_795_436_256);
    let node = |name: &str| NodeView {
        name: name.to_owned(),
        health: Health::Healthy,
        health_for: Duration::from_secs(600),
        head_age: Some(Duration::from_secs(1)),
        eligible: true,
        evidence: vec![Evidence { source: Source::Probe, grade: Grade::Good, lasts: Duration::from_secs(600) }],
        missed_for_others: None,
    };
    let upcoming = |slot, seconds| NextSlot { slot: Slot(slot), starts_in: Duration::from_secs(seconds) };
    let own = |slot, outcome| OwnSlot { slot: Slot(slot), time: now, outcome, holder: Holder::Node(NodeIndex(0)) };
    Situation {
        now,
        mode: Mode::Armed,
        site: "home".into(),
        chain: "hive".into(),
        witness: AccountName::new("alice").unwrap(),
        block_interval: Duration::from_secs(3),
        round_length: 21,
        verdict: Verdict::Me,
        view: ChainView {
            head: BlockNum(9_990),
            head_slot: Slot(10_000),
            head_age: Duration::from_secs(2),
            irreversible: BlockNum(9_980),
            participation: 127,
            agreement: Agreement::Agreed,
            endpoints_fresh: 3,
            endpoints_total: 3,
        },
        holder: Holder::Node(NodeIndex(0)),
        holder_since: Some(Slot(5)),
        slots: vec![
            own(9_937, SlotOutcome::Produced),
            own(9_958, SlotOutcome::Missed),
            own(9_970, SlotOutcome::ChainWide),
            own(9_979, SlotOutcome::Missed),
        ],
        next_slots: vec![upcoming(10_005, 15), upcoming(10_022, 66)],
        suspected_miss: Some(Slot(9_999)),
        unscheduled: Some(upcoming(10_037, 111)),
        lands: Some(upcoming(10_001, 3)),
        nodes: vec![node("one"), node("two"), node("three")],
        switches: vec![PastSwitch {
            at: now.minus(Duration::from_secs(60)),
            from: Holder::Node(NodeIndex(1)),
            to: Holder::Node(NodeIndex(0)),
            outcome: SwitchOutcome::Applied,
            origin: Origin::Elsewhere,
        }],
        switching: false,
        paused_until: None,
    }
}
