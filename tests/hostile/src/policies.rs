//! Policies that mean harm.

use dogwatch_plugins::{
    CallBudget, Fault, Library, Limits, PluginFunction, PolicyPlugin, Sandbox, Scenario, Settings, scenarios,
};

use crate::ends::{Ends, Failure};
use crate::entry::{Entry, Kind};
use crate::guest::{Guest, ZEROS};
use crate::image::Image;

use PluginFunction::{Check, Decide, Describe};

/// Instructions that never end.
pub(crate) const LOOP: &str = "(loop $again (br $again)) unreachable";
/// Zeros, as many as the host does not copy.
pub(crate) const HUGE: u32 = 8 << 20;
/// What nobody has: a gigabyte.
pub(crate) const GIGABYTE: u32 = 1 << 30;

fn policy(
    name: &str,
    does: &str,
    fails: &[PluginFunction],
    failure: Failure,
    make: impl Fn(Guest) -> Guest + Send + Sync + 'static,
) -> Entry {
    let ends = Ends::Fails(fails.to_vec(), failure);
    Entry::new(name, does, Kind::Policy, ends, move || make(Guest::policy()).module())
}

/// The policies, by what they attack.
pub(crate) fn entries() -> Vec<Entry> {
    [running(), hoarding(), crashing(), answering(), lifting()].into_iter().flatten().collect()
}

/// They take time.
fn running() -> Vec<Entry> {
    let all = [Describe, Check, Decide];
    let mut entries = vec![
        policy("policy-loop-in-start", "loops before any function is called", &all, Failure::OutOfFuel, |guest| {
            guest.more("(func $spin (loop $again (br $again))) (start $spin)")
        }),
        policy(
            "policy-loop-in-memory-for-arguments",
            "loops when the host wants memory",
            &[Check, Decide],
            Failure::OutOfFuel,
            |guest| guest.allocates(LOOP),
        ),
        policy(
            "policy-loop-after-the-answer",
            "loops when the host gives the answer back",
            &[Decide],
            Failure::OutOfFuel,
            |guest| {
                let after = format!("(func (export \"cabi_post_{}#decide\") (param i32) {LOOP})", guest.interface());
                guest.more(&after)
            },
        ),
        Entry::new(
            "policy-fuel-short-by-one",
            "needs one unit of fuel more than it has",
            Kind::Policy,
            Ends::Fails(vec![Decide], Failure::OutOfFuel),
            || fuel_short_by_one(Limits::default().policy.fuel),
        ),
    ];
    for function in all {
        let (name, does) = (format!("policy-loop-in-{function}"), format!("loops in `{function}`"));
        entries.push(policy(&name, &does, &[function], Failure::OutOfFuel, move |guest| guest.runs(function, LOOP)));
    }
    entries
}

/// They take memory.
fn hoarding() -> Vec<Entry> {
    vec![
        policy("policy-recursion", "calls itself without end", &[Decide], Failure::StackOverflow, |guest| {
            guest
                .more("(func $deep (param i64) (result i64) (i64.add (call $deep (local.get 0)) (i64.const 1)))")
                .runs(Decide, "(drop (call $deep (i64.const 0))) unreachable")
        }),
        policy("policy-memory-hog", "grows its memory page by page", &[Decide], Failure::OutOfMemory, |guest| {
            guest.runs(Decide, "(loop $again (drop (memory.grow (i32.const 1))) (br $again)) unreachable")
        }),
        policy(
            "policy-memory-hog-in-start",
            "grows its memory to 4 GiB at once",
            &[Describe, Check, Decide],
            Failure::OutOfMemory,
            |guest| guest.more("(func $hog (drop (memory.grow (i32.const 65000)))) (start $hog)"),
        ),
        policy("policy-table-hog", "grows a table without end", &[Decide], Failure::Trapped, |guest| {
            guest.more("(table $hoard 1 funcref)").runs(
                Decide,
                "(loop $again (drop (table.grow $hoard (ref.null func) (i32.const 1000))) (br $again)) unreachable",
            )
        }),
        Entry::new(
            "policy-instance-hog",
            "is made of 200 instances",
            Kind::Policy,
            Ends::Fails(vec![Describe, Check, Decide], Failure::Trapped),
            || {
                let text = wasmprinter::print_bytes(Guest::policy().component()).expect("a component");
                let component = text.trim_end().strip_suffix(')').expect("its end");
                let hoard = "(core instance (instantiate $hog))".repeat(200);
                wat::parse_str(format!("{component} (core module $hog) {hoard})")).expect("a good text")
            },
        ),
    ]
}

/// They crash.
fn crashing() -> Vec<Entry> {
    let all = [Describe, Check, Decide];
    vec![
        policy("policy-trap", "gives up", &[Decide], Failure::Panicked, |guest| guest.runs(Decide, "unreachable")),
        policy("policy-trap-in-start", "gives up before any function is called", &all, Failure::Panicked, |guest| {
            guest.more("(func $panic unreachable) (start $panic)")
        }),
        policy("policy-trap-in-check", "gives up in `check`", &[Check], Failure::Panicked, |guest| {
            guest.runs(Check, "unreachable")
        }),
        policy("policy-division-by-zero", "divides by zero", &[Decide], Failure::Trapped, |guest| {
            guest.runs(Decide, "(i32.div_u (i32.const 1) (i32.const 0))")
        }),
        policy("policy-nan", "makes a number of what is none", &[Decide], Failure::Trapped, |guest| {
            guest.runs(Decide, "(i32.trunc_f64_u (f64.div (f64.const 0) (f64.const 0)))")
        }),
        policy("policy-wild-read", "reads beyond its memory", &[Decide], Failure::Trapped, |guest| {
            guest.runs(Decide, "(i32.load (i32.const -16))")
        }),
        policy("policy-data-beyond-memory", "begins with data beyond its memory", &all, Failure::Trapped, |guest| {
            guest.more("(data (i32.const 0x7fff0000) \"x\")")
        }),
        policy("policy-null-call", "calls a function that is not there", &[Decide], Failure::Trapped, |guest| {
            guest
                .more("(type $nothing (func)) (table $empty 1 funcref)")
                .runs(Decide, "(call_indirect $empty (type $nothing) (i32.const 0)) unreachable")
        }),
    ]
}

/// Their answers are too much, or mean nothing.
fn answering() -> Vec<Entry> {
    let all_alerts = |guest: Guest, count: u32, id: &'static str| {
        guest.answers(Decide, move |answer| {
            let (answer, text) = answer.behind(id.as_bytes());
            let length = u32::try_from(id.len()).expect("a short id");
            let alert = Image::new(0, 20).list(0, text, length).list(12, text, length);
            answer.elements(24, alert.bytes(), count)
        })
    };
    vec![
        policy("policy-gigabyte", "says that its reason is a gigabyte long", &[Decide], Failure::BadAnswer, |guest| {
            guest.answers(Decide, |answer| answer.list(16, 0, GIGABYTE))
        }),
        policy("policy-huge-reason", "gives a reason of 8 MiB", &[Decide], Failure::AnswerTooLarge, |guest| {
            guest.answers(Decide, |answer| answer.list(16, ZEROS, HUGE))
        }),
        policy(
            "policy-large-memory",
            "wants to keep a byte more than it may",
            &[Decide],
            Failure::AnswerTooLarge,
            |guest| guest.answers(Decide, |answer| answer.list(48, ZEROS, (64 << 10) + 1)),
        ),
        policy("policy-million-alerts", "raises 100,000 alerts", &[Decide], Failure::AnswerTooLarge, |guest| {
            guest.answers(Decide, |answer| answer.list(24, ZEROS, 100_000))
        }),
        policy(
            "policy-many-alerts",
            "raises one alert more than it may",
            &[Decide],
            Failure::AnswerTooLarge,
            move |guest| all_alerts(guest, 17, "a"),
        ),
        policy("policy-nameless-alert", "raises an alert without an id", &[Decide], Failure::BadAnswer, move |guest| {
            all_alerts(guest, 1, "")
        }),
        policy("policy-no-such-node", "switches to a node that is not there", &[Decide], Failure::BadAnswer, |guest| {
            guest.answers(Decide, |answer| answer.byte(8, 1).word(12, u32::MAX))
        }),
        policy(
            "policy-huge-problem",
            "finds a problem of 8 MiB in its settings",
            &[Check],
            Failure::AnswerTooLarge,
            |guest| {
                guest.answers(Check, |answer| {
                    let problem = Image::new(0, 16).list(8, ZEROS, HUGE);
                    answer.byte(0, 1).elements(4, problem.bytes(), 1)
                })
            },
        ),
    ]
}

/// Their answers are no values of the interface's types.
fn lifting() -> Vec<Entry> {
    let bad =
        |name: &str, does: &str, make: fn(Guest) -> Guest| policy(name, does, &[Decide], Failure::BadAnswer, make);
    vec![
        bad("policy-invalid-utf-8", "gives a reason that is not UTF-8", |guest| {
            guest.answers(Decide, |answer| answer.text(16, b"\xff\xfe\xc0"))
        }),
        bad("policy-invalid-result", "neither succeeds nor fails", |guest| {
            guest.answers(Decide, |answer| answer.byte(0, 2))
        }),
        bad("policy-invalid-action", "does what there is no word for", |guest| {
            guest.answers(Decide, |answer| answer.byte(8, 77))
        }),
        bad("policy-invalid-severity", "raises an alert of a severity that there is not", |guest| {
            guest.answers(Decide, |answer| {
                let (answer, id) = answer.behind(b"a");
                let alert = Image::new(0, 20).list(0, id, 1).byte(8, 99).list(12, id, 1);
                answer.elements(24, alert.bytes(), 1)
            })
        }),
        bad("policy-invalid-option", "neither asks to be asked again nor does not", |guest| {
            guest.answers(Decide, |answer| answer.byte(32, 9))
        }),
        bad("policy-wild-length", "gives a list that is longer than its memory", |guest| {
            guest.answers(Decide, |answer| answer.list(24, 8, u32::MAX))
        }),
        bad("policy-wild-pointer", "gives a reason that lies beyond its memory", |guest| {
            guest.answers(Decide, |answer| answer.list(16, u32::MAX, 16))
        }),
        bad("policy-wild-answer", "answers with an address beyond its memory", |guest| {
            guest.runs(Decide, "(i32.const -8)")
        }),
        bad("policy-crooked-answer", "answers with an address that is not aligned", |guest| {
            guest.runs(Decide, "(i32.const 4097)")
        }),
        policy(
            "policy-wild-memory-for-arguments",
            "has the host write beyond its memory",
            &[Check, Decide],
            Failure::BadAnswer,
            |guest| guest.allocates("(i32.const -16)"),
        ),
    ]
}

/// A policy that needs one unit more than this fuel for the easiest of the situations that new policies are tried on.
///
/// # Panics
///
/// The sandbox does not start.
#[must_use]
pub fn fuel_short_by_one(fuel: u64) -> Vec<u8> {
    // What one more round of the loop costs, and one more instruction of those that are padded with.
    let (still, round, pad) = (cheapest(0, 0), cheapest(1, 0), cheapest(0, 1));
    let (round, pad) = (round - still, pad - still);
    assert_eq!(pad, 1, "the fuel of what is padded with");
    let missing = fuel + 1 - still;
    let burned = burning(missing / round, missing % round);
    assert_eq!(needed(&burned), fuel + 1);
    burned
}

fn cheapest(rounds: u64, pads: u64) -> u64 {
    needed(&burning(rounds, pads))
}

fn burning(rounds: u64, pads: u64) -> Vec<u8> {
    let guest = Guest::policy();
    let answer = guest.good(Decide);
    let pads = pad(pads);
    let code = format!(
        "(local $left i64) (local.set $left (i64.const {rounds}))
         (block $done (loop $again
            (br_if $done (i64.eqz (local.get $left)))
            (local.set $left (i64.sub (local.get $left) (i64.const 1)))
            (br $again)))
         {pads} (i32.const {})",
        answer.base()
    );
    let bytes: String = answer.bytes().iter().map(|byte| format!("\\{byte:02x}")).collect();
    guest.runs(Decide, code).more(&format!("(data (i32.const {}) \"{bytes}\")", answer.base())).module()
}

/// So many instructions of one unit each.
fn pad(count: u64) -> String {
    "(drop (i32.const 0))".repeat(usize::try_from(count).expect("few"))
}

/// The fuel that the policy needs in the easiest situation.
fn needed(wasm: &[u8]) -> u64 {
    let limits = Limits::default();
    let budget = CallBudget { fuel: u64::MAX, ..limits.policy };
    let sandbox = Sandbox::with_limits(Limits { policy: budget, ..limits }).expect("a sandbox");
    let policy = load(sandbox, wasm);
    let situations = scenarios(&"alice".parse().expect("a name"));
    situations.iter().map(|scenario| decided(&policy, scenario)).min().expect("situations")
}

fn load(sandbox: Sandbox, wasm: &[u8]) -> PolicyPlugin {
    match Library::load_bytes(sandbox, "it", wasm) {
        Ok(dogwatch_plugins::AnyPlugin::Policy(policy)) => policy,
        other => panic!("a policy, not {other:?}"),
    }
}

fn decided(policy: &PolicyPlugin, scenario: &Scenario) -> u64 {
    match policy.decide(&Settings::default(), &scenario.situation, &[]) {
        Ok(decided) => decided.fuel,
        Err(error) if matches!(error.fault, Fault::OutOfTime { .. }) => panic!("this machine is overloaded"),
        Err(error) => panic!("{error}"),
    }
}
