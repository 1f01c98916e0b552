//! A policy that misbehaves on demand, in the way that its setting `behaviour` says.

use std::hint::black_box;

use dogwatch_sdk::policy::{Action, Alert, Decision, Severity, Situation};
use dogwatch_sdk::{Policy, Reader};

/// The hostile policy.
#[derive(Debug)]
pub struct Hostile;

impl Policy for Hostile {
    const NAME: &'static str = "hostile";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Misbehaves on demand.";
    type Config = String;

    fn configure(read: &mut Reader<'_>) -> String {
        let behaviour = read.text("behaviour", "What to do to the host.").or(by_default());
        match behaviour.as_str() {
            "check-loop" => spin(),
            "check-novel" => (0..1000).for_each(|_| read.problem("behaviour", "x".repeat(900))),
            _ => {}
        }
        behaviour
    }

    fn decide(behaviour: &String, situation: &Situation, memory: &[u8]) -> Result<Decision, String> {
        let mut decision = Decision::stay("nothing to do", memory);
        match behaviour.as_str() {
            "good" => {}
            "loop" => spin(),
            "recurse" => {
                recurse(1);
            }
            "hog" => hog(),
            "panic" => give_up(situation),
            "clock" => look_at_a_clock(&mut decision),
            "huge-memory" => decision.memory = vec![7; 1 << 20],
            "large-memory" => decision.memory = vec![7; (64 << 10) + 1],
            "full-memory" => decision.memory = vec![7; 64 << 10],
            "huge-reason" => decision.reason = "ä\n".repeat(100_000),
            "bad-index" => {
                decision.action = Action::SwitchTo(u32::try_from(situation.nodes.len()).unwrap_or(u32::MAX));
            }
            "many-alerts" => decision.alerts = vec![alert("a"); 17],
            "nameless-alert" => decision.alerts = vec![alert("")],
            "refuse" => return Err(format!("I will not\n{}", "really ".repeat(1000))),
            "remember" => remember(&mut decision),
            other => return Err(format!("unknown behaviour {other}")),
        }
        Ok(decision)
    }

    #[allow(clippy::panic, reason = "that is what it is for")]
    fn migrate(memory: &[u8]) -> Result<Vec<u8>, String> {
        match memory {
            b"panic" => panic!("I cannot read this"),
            b"huge" => Ok(vec![7; (64 << 10) + 1]),
            b"refuse" => Err("I do not know this memory".to_owned()),
            _ => Ok([b"once ", memory].concat()),
        }
    }
}

/// What it does where no setting says so: a test may put another word in its place in the file.
static BY_DEFAULT: &[u8; 16] = b"by default: good";

fn by_default() -> String {
    String::from_utf8_lossy(black_box(BY_DEFAULT).rsplit(|byte| *byte == b' ').next().unwrap_or_default()).into_owned()
}

fn alert(id: &str) -> Alert {
    Alert { id: id.to_owned(), severity: Severity::Info, summary: "x".repeat(5000) }
}

fn spin() {
    let mut n = 0_u64;
    while black_box(n) < u64::MAX {
        n = n.wrapping_add(1);
    }
}

fn recurse(depth: u64) -> u64 {
    if black_box(depth) == 0 { 0 } else { recurse(black_box(depth).wrapping_add(1)).wrapping_mul(3) }
}

fn hog() {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(Vec::<u8>::with_capacity(1 << 20)));
    }
}

#[allow(clippy::panic, reason = "that is what it is for")]
fn give_up(situation: &Situation) {
    if !situation.nodes.is_empty() {
        panic!("I cannot go on");
    }
}

#[allow(clippy::disallowed_methods, reason = "that is what it is for")]
fn look_at_a_clock(decision: &mut Decision) {
    decision.reason = format!("{:?}", std::time::SystemTime::now());
}

/// Counts its calls in a static; in a fresh instance the count is always one.
fn remember(decision: &mut Decision) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let calls = CALLS.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
    decision.reason = format!("call {calls}, memory of {} bytes", decision.memory.len());
    decision.memory.push(0);
}

dogwatch_sdk::export_policy!(Hostile);
