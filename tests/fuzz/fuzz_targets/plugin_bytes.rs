//! Plugin files: whatever is in one, it is refused in words fit for a log, or each call fails by its own fault or works.

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use dogwatch_chain::Time;
use dogwatch_hostile::{Kind, described};
use dogwatch_plugins::{
    AnyPlugin, CallBudget, ChannelContext, CheckError, Fault, HeartbeatMessage, HeartbeatStatus, Library, Limits,
    PluginError, Sandbox, Scenario, Settings, scenarios,
};
use libfuzzer_sys::fuzz_target;

/// What the name of a section begins with that describes the component which a module is to be.
const DESCRIPTION: &[u8] = b"component-type";

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| {
    let budget = CallBudget { fuel: 1_000_000, time: Duration::from_secs(1) };
    let limits = Limits { policy: budget, channel: budget, file: 64 << 10, ..Limits::default() };
    Sandbox::with_limits(limits).expect("a sandbox")
});

static SCENARIOS: LazyLock<Vec<Scenario>> =
    LazyLock::new(|| scenarios(&dogwatch_chain::AccountName::new("alice").expect("a name")));

fn is_fit_for_a_log(error: &impl std::fmt::Display) {
    let shown = error.to_string();
    assert!(shown.len() < 3000 && !shown.contains(char::is_control), "{shown:?}");
}

fn is_its_own<T>(called: Result<T, PluginError>) {
    if let Err(error) = called {
        is_fit_for_a_log(&error);
        assert!(!matches!(error.fault, Fault::Sandbox(_)), "{error}");
    }
}

fn is_its_own_check(checked: Result<(), CheckError>) {
    match checked {
        Ok(()) => {}
        // Each of a hundred problems is a line.
        Err(CheckError::Settings { problems, .. }) => problems.iter().for_each(|problem| is_fit_for_a_log(problem)),
        Err(CheckError::Plugin(error)) => is_its_own::<()>(Err(error)),
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((how, bytes)) = input.split_first() else { return };
    // Some descriptions of a component take its encoder down, which is why files are compiled in a process of their own: see
    // `bomb-description` in the catalogue. Here modules have the description that the SDK gives them.
    let is_module = *how == 1 || *how == 2 || bytes.starts_with(b"\0asm\x01");
    if is_module && bytes.windows(DESCRIPTION.len()).any(|window| window == DESCRIPTION) {
        return;
    }
    let wasm = match how {
        1 => described(bytes.to_vec(), Kind::Policy),
        2 => described(bytes.to_vec(), Kind::Channel),
        _ => bytes.to_vec(),
    };
    let settings = Settings::default();
    match Library::load_bytes(SANDBOX.clone(), "it", &wasm) {
        Err(error) => is_fit_for_a_log(&error),
        Ok(AnyPlugin::Policy(policy)) => {
            is_its_own(policy.describe());
            is_its_own_check(policy.check(&settings));
            for scenario in SCENARIOS.iter().take(2) {
                is_its_own(policy.decide(&settings, &scenario.situation, &[]));
            }
        }
        Ok(AnyPlugin::Channel(channel)) => {
            let secrets = ["url".to_owned()];
            let context = ChannelContext { settings: &settings, secrets: &secrets, memory: "" };
            is_its_own(channel.describe());
            is_its_own_check(channel.check(&settings, &secrets));
            is_its_own(channel.self_test(context));
            is_its_own(channel.judge_self_test(&settings, 0, &Default::default()));
            let at = Time::from_millis(1_795_436_256_000);
            let heartbeat = HeartbeatMessage { status: HeartbeatStatus::Healthy, site: "home".into(), at };
            is_its_own(channel.heartbeat(context, &heartbeat));
            is_its_own(channel.judge_heartbeat(&settings, 0, &Default::default()));
        }
    }
});
