//! A policy that means harm.

use std::time::Duration;

use dogwatch_engine::{Action, Decision};
use dogwatch_plugins::{CallBudget, CheckError, Fault, Limits, LoadError, PluginError, PluginFunction, PolicyPlugin};

use crate::support::{
    THRESHOLD_V0_1, bundled, hostile_module, policy, policy_with, refusal, settings, situation, text,
};

fn ask(policy: &PolicyPlugin, behaviour: &str) -> Result<Decision, PluginError> {
    policy.decide(&settings([("behaviour", text(behaviour))]), &situation(), b"m").map(|called| called.value)
}

/// How the behaviour fails. Whatever happens, the next call must work.
fn fault_of(policy: &PolicyPlugin, behaviour: &str) -> Fault {
    let error = ask(policy, behaviour).unwrap_err();
    assert_eq!((error.plugin.as_str(), error.function), ("it", PluginFunction::Decide));
    let good = ask(policy, "good").unwrap();
    assert_eq!((good.action, good.memory.as_slice()), (Action::Stay, &b"m"[..]), "after {behaviour}");
    error.fault
}

fn fault(behaviour: &str) -> Fault {
    fault_of(&policy(hostile_module()), behaviour)
}

#[test]
fn a_loop_runs_out_of_fuel() {
    assert_eq!(fault("loop"), Fault::OutOfFuel { limit: 50_000_000 });
}

#[test]
fn a_loop_with_too_much_fuel_runs_out_of_time() {
    let budget = CallBudget { fuel: u64::MAX, time: Duration::from_millis(50) };
    let policy = policy_with(Limits { policy: budget, ..Limits::default() }, hostile_module());
    assert_eq!(fault_of(&policy, "loop"), Fault::OutOfTime { millis: 50 });
}

#[test]
fn recursion_runs_out_of_stack() {
    assert_eq!(fault("recurse"), Fault::StackOverflow);
}

#[test]
fn a_hog_runs_out_of_memory() {
    let fault = fault("hog");
    assert!(matches!(fault, Fault::OutOfMemory { limit: 16_777_216, asked: 16_777_217.. }), "{fault:?}");
}

#[test]
fn a_panic_is_a_panic() {
    assert_eq!(fault("panic"), Fault::Panicked);
}

#[test]
fn a_panic_tells_its_message_and_place() {
    let policy = policy(hostile_module());
    let error = ask(&policy, "panic").unwrap_err();
    let said = error.said.as_ref().map_or("", |said| said.as_str());
    let line = include_str!("../../../../tests/guests/hostile-policy/src/lib.rs")
        .lines()
        .position(|line| line.contains("I cannot go on"))
        .unwrap();
    assert!(said.ends_with(&format!("src/lib.rs:{}: I cannot go on", line + 1)), "{said}");
    assert!(error.to_string().ends_with(&format!("; it said: {said}")), "{error}");
    assert_eq!(ask(&policy, "loop").unwrap_err().said, None, "each call begins afresh");
}

#[test]
fn a_clock_is_answered_with_what_there_is_instead() {
    let error = ask(&policy(hostile_module()), "clock").unwrap_err();
    assert_eq!(error.fault, Fault::Panicked);
    assert!(error.to_string().contains("`situation.now`"), "{error}");
}

#[test]
fn an_older_file_s_memory_is_taken_over() {
    let policy = policy(hostile_module());
    assert_eq!(policy.migrate(b"m").unwrap(), b"once m");
    let fault = |memory: &[u8]| {
        let error = policy.migrate(memory).unwrap_err();
        assert_eq!(error.function, PluginFunction::Migrate);
        error.fault
    };
    assert_eq!(fault(b"panic"), Fault::Panicked);
    assert!(matches!(fault(b"huge"), Fault::AnswerTooLarge(why) if why.contains("65537")));
    assert!(matches!(fault(b"refuse"), Fault::Refused(why) if why.as_str() == "I do not know this memory"));
}

#[test]
fn a_policy_that_takes_nothing_over_starts_anew() {
    assert_eq!(policy(THRESHOLD_V0_1).migrate(b"m").unwrap(), b"", "it exports no migration");
    assert_eq!(policy(bundled("threshold")).migrate(b"m").unwrap(), b"", "and this one only by default");
}

#[test]
fn memories_have_a_size() {
    assert!(matches!(fault("huge-memory"), Fault::AnswerTooLarge(_)));
    assert!(matches!(fault("large-memory"), Fault::AnswerTooLarge(why) if why.contains("65537")));
    assert_eq!(ask(&policy(hostile_module()), "full-memory").unwrap().memory.len(), 65_536);
}

#[test]
fn reasons_are_cut() {
    let reason = ask(&policy(hostile_module()), "huge-reason").unwrap().reason;
    assert!(reason.len() <= 1000 && reason.starts_with("ä ä ") && reason.ends_with('…'), "{reason}");
}

#[test]
fn nodes_must_be_there() {
    assert!(matches!(fault("bad-index"), Fault::BadAnswer(why) if why.contains("node 3, but there are 3")));
}

#[test]
fn alerts_are_few_and_have_ids() {
    assert!(matches!(fault("many-alerts"), Fault::AnswerTooLarge(why) if why.contains("17 alerts")));
    assert!(matches!(fault("nameless-alert"), Fault::BadAnswer(_)));
}

#[test]
fn a_refusal_is_quoted_on_one_short_line() {
    let Fault::Refused(message) = fault("refuse") else { panic!("refused") };
    let why = message.as_str();
    assert!(why.starts_with("I will not really ") && why.len() <= 1000 && !why.contains('\n'), "{why}");
}

#[test]
fn nothing_is_remembered_but_the_memory() {
    let policy = policy(hostile_module());
    for _ in 0..3 {
        assert_eq!(ask(&policy, "remember").unwrap().reason, "call 1, memory of 1 bytes");
    }
}

#[test]
fn checks_are_limited_too() {
    let policy = policy(hostile_module());
    let check = |behaviour| policy.check(&settings([("behaviour", text(behaviour))])).unwrap_err();
    let error = check("check-loop");
    assert!(
        matches!(
            &error,
            CheckError::Plugin(PluginError { function: PluginFunction::Check, fault: Fault::OutOfFuel { .. }, .. })
        ),
        "{error}"
    );
    let novel = check("check-novel");
    assert!(matches!(&novel, CheckError::Settings { problems, .. } if problems.len() == 100), "{novel:?}");
    policy.check(&settings([])).unwrap();
}

/// The good module, rewritten as text.
fn rewritten(rewrite: impl FnOnce(String) -> String) -> Vec<u8> {
    wat::parse_str(rewrite(wasmprinter::print_bytes(hostile_module()).unwrap())).unwrap()
}

#[test]
fn start_functions_run_on_the_same_fuel() {
    let wasm = rewritten(|text| {
        let module = text.trim_end().strip_suffix(')').unwrap();
        format!("{module} (func $spin (loop $again br $again)) (start $spin))")
    });
    let error = policy(&wasm).describe().unwrap_err();
    assert_eq!((error.function, error.fault), (PluginFunction::Describe, Fault::OutOfFuel { limit: 200_000_000 }));
    let error = ask(&policy(&wasm), "good").unwrap_err();
    assert_eq!(error.fault, Fault::OutOfFuel { limit: 50_000_000 });
}

#[test]
fn memory_from_the_start_counts() {
    let wasm = rewritten(|text| {
        let at = text.find("(memory (;0;) ").unwrap() + "(memory (;0;) ".len();
        format!("{}9{}", &text[..at], &text[at..])
    });
    let error = refusal(&wasm);
    assert!(matches!(&error, LoadError::Invalid(why) if why.contains("memory")), "{error}");
}

#[test]
fn more_calls_at_once_than_fit_wait_for_each_other() {
    let policy = policy(hostile_module());
    let call = || {
        for behaviour in ["good", "panic", "remember"] {
            let asked = ask(&policy, behaviour);
            assert_eq!(asked.is_ok(), behaviour != "panic", "{asked:?}");
            let reason = asked.map_or(String::new(), |decision| decision.reason);
            assert!(behaviour != "remember" || reason.starts_with("call 1,"), "{reason}");
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| (0..20).for_each(|_| call()));
        }
    });
}

#[test]
fn nothing_is_left_in_memory_for_the_next_call() {
    let policy = policy(hostile_module());
    for behaviour in ["hog", "full-memory", "recurse", "huge-reason", "panic"] {
        let _ = ask(&policy, behaviour);
        assert_eq!(ask(&policy, "remember").unwrap().reason, "call 1, memory of 1 bytes", "after {behaviour}");
    }
}
