//! What channels return: whatever a plugin leaves in its memory, the host gets a value within bounds, or blames the plugin; and no
//! request goes where it may not, or shows a secret.

#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use dogwatch::channels::egress::{self, Egress};
use dogwatch::config::{ChannelConfig, Secret};
use dogwatch_alerts::{Alert, AlertEvent, AlertKey, Cause, Scope, Severity, Subject};
use dogwatch_chain::{AccountName, Time};
use dogwatch_hostile::{PUPPET_FUNCTIONS, puppet};
use dogwatch_plugins::{
    AlertMessage, AnyPlugin, ChannelContext, ChannelPlugin, ChannelRequest, ChannelResponse, CheckError, Fault,
    HeartbeatMessage, HeartbeatStatus, Judgement, Library, MessageMetadata, PluginError, PluginFunction, Progress,
    Sandbox, Settings,
};
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "hush-5bf66975-d4c7-4bf5";
const DAY: Duration = Duration::from_secs(24 * 3600);
const AT: Time = Time::from_millis(1_795_436_256_000);

static PUPPET: LazyLock<ChannelPlugin> = LazyLock::new(|| {
    match Library::load_bytes(Sandbox::new().expect("a sandbox"), "it", &puppet()).expect("a plugin") {
        AnyPlugin::Channel(channel) => channel,
        AnyPlugin::Policy(_) => unreachable!("it is a channel"),
    }
});

static EGRESS: LazyLock<Egress> = LazyLock::new(|| {
    dogwatch::install_tls_provider();
    let config = ChannelConfig {
        line: 1,
        name: "night".to_owned(),
        plugin: "it".to_owned(),
        min_severity: Severity::Info,
        allow_hosts: vec!["hooks.example.com".to_owned()],
        allow_http: false,
        authorities: Vec::new(),
        heartbeat: Duration::from_secs(60),
        settings: Settings::default(),
        secrets: BTreeMap::from([("url".to_owned(), Secret::new(SECRET.to_owned()))]),
        sources: BTreeMap::new(),
    };
    Egress::shared(&config, &egress::http_client().expect("a client"))
});

static ALERT: LazyLock<Alert> = LazyLock::new(|| Alert {
    key: AlertKey::new(Scope::witness("hive", "alice"), Cause::Missing),
    event: AlertEvent::Opened,
    severity: Severity::Page,
    subject: Subject::Witness(AccountName::new("alice").expect("a name")),
    summary: "alice misses blocks".into(),
    details: String::new(),
    remedy: String::new(),
    command: String::new(),
    acknowledged_by: String::new(),
    opened_at: AT,
    at: AT,
});

fn is_one_short_line(text: &str) {
    assert!(text.len() <= 1000 && !text.contains(char::is_control), "{text:?}");
}

/// The value, if there is one; what there is instead blames the plugin.
fn value<T>(called: Result<T, PluginError>) -> Option<T> {
    called
        .map_err(|error| {
            let shown = error.to_string();
            assert!(shown.len() < 3000 && !shown.contains(char::is_control), "{shown:?}");
            assert!(!matches!(error.fault, Fault::Sandbox(_)), "{error}");
        })
        .ok()
}

fn requests(requests: Option<Vec<ChannelRequest>>) {
    let requests = requests.unwrap_or_default();
    assert!(requests.len() <= 8);
    for request in &requests {
        if let Err(error) = EGRESS.permits(request) {
            let shown = error.to_string();
            assert!(!shown.contains(SECRET), "{shown}");
        }
    }
}

fn judgement(judged: Option<Judgement>) {
    match judged {
        Some(Judgement::RetryAfter(wait)) => assert!(wait <= DAY),
        Some(Judgement::Follow(following)) => {
            assert!(following.after <= DAY);
            is_one_short_line(&following.receipt);
        }
        Some(
            Judgement::Accepted(text)
            | Judgement::Remember(text)
            | Judgement::Transient(text)
            | Judgement::Permanent(text),
        ) => {
            is_one_short_line(&text);
            assert!(!EGRESS.scrub(&format!("{text}{SECRET}")).contains(SECRET));
        }
        Some(Judgement::Delivered) | None => {}
    }
}

fn progress(progress: Option<Progress>) {
    match progress {
        Some(Progress::Waiting(wait)) => assert!((Duration::from_secs(5)..=DAY).contains(&wait)),
        Some(Progress::Acknowledged(text) | Progress::Unreached(text) | Progress::Permanent(text)) => {
            is_one_short_line(&text);
        }
        Some(Progress::Over) | None => {}
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fuzz_target!(|input: &[u8]| {
    let Some((function, answer)) = input.split_first() else { return };
    let Some(function) = PUPPET_FUNCTIONS.get(usize::from(*function)) else { return };
    let (settings, secrets, text) = (Settings::default(), ["url".to_owned()], hexadecimal(answer));
    let context = ChannelContext { settings: &settings, secrets: &secrets, memory: &text };
    let metadata = MessageMetadata::default();
    let message = AlertMessage { alert: &ALERT, metadata: &metadata };
    let response = ChannelResponse { status: 200, headers: Vec::new(), body: answer.to_vec() };
    match function {
        PluginFunction::Check => match PUPPET.check(&settings, &[text.clone()]) {
            Ok(()) => {}
            Err(CheckError::Settings { problems, .. }) => assert!(problems.len() <= 100),
            Err(CheckError::Plugin(error)) => drop(value::<()>(Err(error))),
        },
        PluginFunction::Compose => requests(value(PUPPET.compose(context, message)).map(|called| called.value)),
        PluginFunction::Judge => {
            judgement(value(PUPPET.judge(&settings, message, 0, &response)).map(|called| called.value));
        }
        PluginFunction::Follow => {
            requests(value(PUPPET.follow(context, message, &text)).map(|request| request.into_iter().collect()));
        }
        PluginFunction::JudgeFollow => progress(value(PUPPET.judge_follow(&settings, message, "r", &response))),
        PluginFunction::SelfTest => requests(value(PUPPET.self_test(context))),
        PluginFunction::JudgeSelfTest => judgement(value(PUPPET.judge_self_test(&settings, 0, &response))),
        PluginFunction::Heartbeat => {
            let heartbeat =
                HeartbeatMessage { status: HeartbeatStatus::Failing(text.clone()), site: String::new(), at: AT };
            requests(value(PUPPET.heartbeat(context, &heartbeat)));
        }
        PluginFunction::JudgeHeartbeat => judgement(value(PUPPET.judge_heartbeat(&settings, 0, &response))),
        PluginFunction::Describe | PluginFunction::Decide => {}
    }
});
