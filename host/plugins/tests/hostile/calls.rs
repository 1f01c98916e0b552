//! Every function of a plugin, called once.

use std::sync::LazyLock;
use std::time::Duration;

use dogwatch_alerts::{Alert, AlertEvent, AlertKey, Cause, Scope, Severity, Subject};
use dogwatch_chain::{AccountName, Time};
use dogwatch_plugins::{
    AlertMessage, AnyPlugin, CallBudget, ChannelContext, ChannelPlugin, ChannelResponse, CheckError, Fault,
    HeartbeatMessage, HeartbeatStatus, Judgement, Library, Limits, LoadError, MessageMetadata, PluginError,
    PluginFunction, PolicyPlugin, Progress, Sandbox, Scenario, Settings, scenarios,
};

/// One sandbox for all: whatever a plugin does, the next one must find it as it was.
static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| {
    // A busy machine has all the time in the world.
    let patient = |budget| CallBudget { time: Duration::from_secs(60), ..budget };
    let limits = Limits::default();
    Sandbox::with_limits(Limits { policy: patient(limits.policy), channel: patient(limits.channel), ..limits }).unwrap()
});

/// Loads a plugin.
pub(crate) fn load(wasm: &[u8]) -> Result<AnyPlugin, LoadError> {
    Library::load_bytes(SANDBOX.clone(), "it", wasm)
}

/// The faults of a plugin's functions, each called once; nothing where it worked, or refused in its own words.
pub(crate) fn faults(plugin: &AnyPlugin) -> Vec<(PluginFunction, Option<Fault>)> {
    match plugin {
        AnyPlugin::Policy(policy) => of_policy(policy),
        AnyPlugin::Channel(channel) => of_channel(channel),
    }
}

fn of_policy(policy: &PolicyPlugin) -> Vec<(PluginFunction, Option<Fault>)> {
    // The easiest of the situations is the first that a new file is tried on.
    let situations = scenarios(&AccountName::new("alice").unwrap());
    let decided =
        situations.iter().map(|Scenario { situation, .. }| policy.decide(&Settings::default(), situation, &[]));
    vec![
        called(PluginFunction::Describe, policy.describe()),
        checked(policy.check(&Settings::default())),
        called(PluginFunction::Decide, decided.collect::<Result<Vec<_>, _>>()),
    ]
}

fn of_channel(channel: &ChannelPlugin) -> Vec<(PluginFunction, Option<Fault>)> {
    let rig = Rig::new();
    let (context, message, response) = (rig.context(), rig.message(), &rig.response);
    let heartbeat = HeartbeatMessage {
        status: HeartbeatStatus::Failing("no endpoint answers".into()),
        site: "home".into(),
        at: Time::from_secs(1_795_436_256),
    };
    vec![
        called(PluginFunction::Describe, channel.describe()),
        checked(channel.check(&rig.settings, &rig.secrets)),
        called(PluginFunction::Compose, channel.compose(context, message)),
        called(PluginFunction::Judge, channel.judge(&rig.settings, message, 0, response)),
        called(PluginFunction::Follow, channel.follow(context, message, "receipt")),
        called(PluginFunction::JudgeFollow, channel.judge_follow(&rig.settings, message, "receipt", response)),
        called(PluginFunction::SelfTest, channel.self_test(context)),
        called(PluginFunction::JudgeSelfTest, channel.judge_self_test(&rig.settings, 0, response)),
        called(PluginFunction::Heartbeat, channel.heartbeat(context, &heartbeat)),
        called(PluginFunction::JudgeHeartbeat, channel.judge_heartbeat(&rig.settings, 0, response)),
    ]
}

/// What a channel makes of an answer with this body, at first and when it is asked later.
pub(crate) fn judged(channel: &ChannelPlugin, body: &[u8]) -> (Judgement, Progress) {
    let rig = Rig { response: ChannelResponse { status: 500, headers: Vec::new(), body: body.to_vec() }, ..Rig::new() };
    let first = channel.judge(&rig.settings, rig.message(), 0, &rig.response).unwrap().value;
    (first, channel.judge_follow(&rig.settings, rig.message(), "receipt", &rig.response).unwrap())
}

/// What a channel works with.
struct Rig {
    settings: Settings,
    secrets: Vec<String>,
    alert: Alert,
    metadata: MessageMetadata,
    response: ChannelResponse,
}

impl Rig {
    fn new() -> Self {
        let at = Time::from_secs(1_795_436_256);
        let alert = Alert {
            key: AlertKey::new(Scope::witness("hive", "alice"), Cause::Missing),
            event: AlertEvent::Opened,
            severity: Severity::Page,
            subject: Subject::Witness(AccountName::new("alice").unwrap()),
            summary: "alice misses blocks".into(),
            details: "two".into(),
            remedy: "look".into(),
            command: "dogwatch status".into(),
            acknowledged_by: String::new(),
            opened_at: at,
            at,
        };
        Self {
            settings: Settings::default(),
            secrets: vec!["url".to_owned()],
            alert,
            metadata: MessageMetadata { message_id: "home-1".into(), site: "home".into() },
            response: ChannelResponse {
                status: 500,
                headers: vec![("retry-after".into(), "1".into())],
                body: b"no".to_vec(),
            },
        }
    }

    fn message(&self) -> AlertMessage<'_> {
        AlertMessage { alert: &self.alert, metadata: &self.metadata }
    }

    fn context(&self) -> ChannelContext<'_> {
        ChannelContext { settings: &self.settings, secrets: &self.secrets, memory: "" }
    }
}

fn called<T>(function: PluginFunction, outcome: Result<T, PluginError>) -> (PluginFunction, Option<Fault>) {
    let fault = outcome.err().map(|error| {
        assert_eq!((error.plugin.as_str(), error.function), ("it", function));
        error.fault
    });
    (function, fault.filter(|fault| !matches!(fault, Fault::Refused(_))))
}

fn checked(outcome: Result<(), CheckError>) -> (PluginFunction, Option<Fault>) {
    match outcome {
        Ok(()) | Err(CheckError::Settings { .. }) => (PluginFunction::Check, None),
        Err(CheckError::Plugin(error)) => called(PluginFunction::Check, Err::<(), _>(error)),
    }
}
