//! The bundled channel.

use std::time::Duration;

use dogwatch_chain::{AccountName, Time};
use dogwatch_alerts::{Alert, AlertEvent, AlertKey, Cause, Scope, Severity, Subject};
use dogwatch_plugins::{
    AlertMessage, ChannelContext, ChannelPlugin, ChannelRequest, ChannelResponse, Encoding, Header, Judgement, Library,
    MessageMetadata, Method, Part, Sandbox, Settings,
};

use crate::support::{settings, text};

fn webhook() -> ChannelPlugin {
    Library::open(Sandbox::new().unwrap(), None).0.channel("webhook").unwrap()
}

fn alert() -> Alert {
    Alert {
        key: AlertKey::new(Scope::witness("hive", "alice"), Cause::Missing),
        event: AlertEvent::Opened,
        severity: Severity::Critical,
        subject: Subject::Witness(AccountName::new("alice").unwrap()),
        summary: "alice misses \"blocks\"".into(),
        details: "two\nlines".into(),
        remedy: "look".into(),
        command: "dogwatch status".into(),
        acknowledged_by: String::new(),
        opened_at: Time::from_secs(1_795_436_256),
        at: Time::from_secs(1_795_436_259),
    }
}

fn metadata() -> MessageMetadata {
    MessageMetadata { message_id: "m-1".into(), site: "home".into() }
}

fn secrets(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn context<'a>(settings: &'a Settings, secrets: &'a [String]) -> ChannelContext<'a> {
    ChannelContext { settings, secrets, memory: "" }
}

#[test]
fn composes_a_request() {
    let url = settings([("url", text("https://example.com/hook"))]);
    let names = secrets(&["token"]);
    let composed =
        webhook().compose(context(&url, &names), AlertMessage { alert: &alert(), metadata: &metadata() }).unwrap();
    let [ChannelRequest::Http(request)] = composed.value.as_slice() else { panic!("one request") };
    assert_eq!(request.method, Method::Post);
    assert_eq!(request.url, [Part::Text("https://example.com/hook".into())]);
    let token = Part::Secret { name: "token".into(), encoding: Encoding::Plain };
    let authorization = Header { name: "authorization".into(), value: vec![Part::Text("Bearer ".into()), token] };
    assert_eq!(request.headers.last(), Some(&authorization));
    let [Part::Text(body)] = request.body.as_slice() else { panic!("a body") };
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let expected = serde_json::json!({
        "key": "witness/hive/alice/missing", "message_id": "m-1", "event": "opened", "severity": "critical",
        "subject": "witness alice", "site": "home", "chain": "hive", "witness": "alice",
        "summary": "alice misses \"blocks\"", "details": "two\nlines", "remedy": "look", "cause": "missing",
        "command": "dogwatch status", "acknowledged_by": "",
        "opened_at": "2026-11-23T12:17:36Z", "opened_at_ms": 1_795_436_256_000_u64,
        "at": "2026-11-23T12:17:39Z", "at_ms": 1_795_436_259_000_u64,
    });
    assert_eq!(body, expected);
    assert!(composed.fuel < 1_000_000, "{}", composed.fuel);
}

#[test]
fn judges_answers() {
    let (alert, metadata) = (alert(), metadata());
    let message = AlertMessage { alert: &alert, metadata: &metadata };
    let judge = |status, headers: &[(&str, &str)]| {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let response = ChannelResponse { status, headers, body: vec![b'x'; 1 << 20] };
        webhook().judge(&Settings::default(), message, 0, &response).unwrap().value
    };
    assert_eq!(judge(200, &[]), Judgement::Delivered);
    assert_eq!(judge(429, &[("retry-after", "7")]), Judgement::RetryAfter(Duration::from_secs(7)));
    assert!(matches!(judge(503, &[]), Judgement::Transient(_)));
    assert!(matches!(judge(301, &[("location", "https://x")]), Judgement::Permanent(_)));
}

#[test]
fn checks_settings_and_secrets() {
    let channel = webhook();
    let url = settings([("url", text("https://example.com"))]);
    channel.check(&url, &[]).unwrap();
    channel.check(&Settings::default(), &secrets(&["url", "token"])).unwrap();
    let error = channel.check(&Settings::default(), &secrets(&["tokn"])).unwrap_err().to_string();
    assert!(error.contains("url: must be given") && error.contains("did you mean token?"), "{error}");
    let (alert, metadata) = (alert(), metadata());
    let message = AlertMessage { alert: &alert, metadata: &metadata };
    assert!(channel.compose(context(&Settings::default(), &[]), message).is_err());
}

#[test]
fn says_which_secrets_it_knows() {
    let description = webhook().describe().unwrap();
    let names: Vec<_> = description.secrets.iter().map(|doc| doc.name.as_str()).collect();
    assert_eq!(names, ["url", "token", "signing_key"]);
}
