//! What is called when, and what the responses mean.

use dogwatch_sdk::channel::{Judgement, Part, Response};
use dogwatch_sdk::testing::{
    HOSTILE, alerts, answer, channel_problems, compose, configured, golden, response, shown, time_of,
};
use dogwatch_sdk::{Settings, Value};

use super::*;

fn url() -> Vec<(&'static str, Value)> {
    vec![("url", "https://beat.example.com/fsn1?token=abc".into())]
}

/// All three addresses, posted to.
fn full() -> Vec<(&'static str, Value)> {
    let mut settings = url();
    settings.push(("start_url", "https://beat.example.com/fsn1/start".into()));
    settings.push(("fail_url", "https://beat.example.com/fsn1/fail".into()));
    settings.push(("method", "POST".into()));
    settings
}

fn beat(settings: &[(&str, Value)], secrets: &[&str], pulse: Pulse) -> Vec<Request> {
    let config = configured::<GenericHeartbeat>(settings, secrets).unwrap();
    let heartbeat = Heartbeat { pulse, site: "fsn1".into(), at: time_of(10_000) };
    GenericHeartbeat::beat(&config, &heartbeat).unwrap()
}

fn failing() -> Pulse {
    Pulse::Failing("no endpoint of hive answers since 12:04\nthe outbox holds 3 alerts".into())
}

#[test]
fn goldens() {
    let pulses = [
        ("started", Pulse::Started),
        ("well", Pulse::Well),
        ("failing", failing()),
        ("hostile", Pulse::Failing(HOSTILE.into())),
    ];
    for (name, pulse) in pulses {
        let requests = beat(&full(), &[], pulse);
        assert_eq!(requests.len(), 1);
        golden(env!("CARGO_MANIFEST_DIR"), &format!("{name}.txt"), &shown(&requests[0]));
    }
}

#[test]
fn says_nothing_of_alerts_and_cannot_be_tested() {
    for (_, alert) in alerts() {
        assert_eq!(compose::<GenericHeartbeat>(&full(), &[], &alert).unwrap(), []);
    }
    let config = configured::<GenericHeartbeat>(&full(), &[]).unwrap();
    assert_eq!(GenericHeartbeat::self_test(&config, "").unwrap(), []);
}

#[test]
fn keeps_silent_where_there_is_no_address() {
    let well = beat(&url(), &[], Pulse::Well);
    assert_eq!(well, [HttpRequest::new(Method::Get, vec!["https://beat.example.com/fsn1?token=abc".into()]).into()]);
    assert_eq!(beat(&url(), &[], Pulse::Started), []);
    assert_eq!(beat(&url(), &[], failing()), []);
}

#[test]
fn secrets_are_named_and_never_seen() {
    let secrets = &["url", "start_url", "fail_url"];
    for (pulse, secret) in [(Pulse::Well, "url"), (Pulse::Started, "start_url"), (failing(), "fail_url")] {
        let expected = HttpRequest::new(Method::Get, vec![Part::secret(secret)]);
        assert_eq!(beat(&[], secrets, pulse), [expected.into()]);
    }
    let mixed = beat(&url(), &["fail_url"], failing());
    assert_eq!(mixed, [HttpRequest::new(Method::Get, vec![Part::secret("fail_url")]).into()]);
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    let requests = beat(&full(), &[], Pulse::Failing("\"🐕\n".repeat(100_000)));
    let Request::Http(request) = &requests[0] else { panic!("http") };
    let [Part::Text(body)] = request.body.as_slice() else { panic!("one text") };
    let body = dogwatch_sdk::json::parse(body.as_bytes());
    let reason = body["reason"].as_str().unwrap();
    assert!(reason.len() <= 8_000 && reason.ends_with('…'), "{}", reason.len());
}

#[test]
fn wants_each_address_once() {
    let problem = |settings: &[(&str, Value)], secrets: &[&str]| {
        let problems = channel_problems::<GenericHeartbeat>(settings, secrets);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].to_string()
    };
    assert_eq!(channel_problems::<GenericHeartbeat>(&full(), &[]), []);
    assert_eq!(channel_problems::<GenericHeartbeat>(&[], &["url"]), []);
    assert_eq!(problem(&[], &[]), "url: must be given, as a setting or as a secret");
    assert_eq!(problem(&[], &["fail_url"]), "url: must be given, as a setting or as a secret");
    for name in ["url", "start_url", "fail_url"] {
        let problem = problem(&full(), &[name]);
        assert_eq!(problem, format!("{name}: is both a setting and a secret; keep one of them"));
    }
    for bad in ["example.com", "https://", "ftp://example.com", "https://a b"] {
        let problem = problem(&[("fail_url", bad.into())], &["url"]);
        assert!(problem.starts_with("fail_url: must be an address"), "{problem}");
    }
    for bad in ["HEAD", "get", ""] {
        assert_eq!(problem(&[("method", bad.into())], &["url"]), "method: must be \"GET\" or \"POST\"");
    }
    assert_eq!(problem(&[], &["url", "failurl"]), "failurl: no such secret; did you mean fail_url?");
}

#[test]
fn judges_by_status_and_quotes_no_address() {
    let judge = |response: &Response| GenericHeartbeat::judge_beat(&Settings::default(), 0, response);
    for status in [200, 201, 202, 204] {
        assert_eq!(judge(&answer(status, &[], "<any thing>")), Judgement::Delivered);
    }
    assert_eq!(judge(&response(429, &[("retry-after", "7")])), Judgement::RetryAfter(7_000));
    for status in [408, 429, 500, 502, 503] {
        assert!(matches!(judge(&response(status, &[])), Judgement::Transient(_)), "{status}");
    }
    for status in [301, 302, 400, 401, 403, 404, 405, 410] {
        let judgement = judge(&response(status, &[("location", "https://x.example/abc")]));
        assert!(matches!(&judgement, Judgement::Permanent(why) if !why.contains("abc")), "{status} {judgement:?}");
    }
}
