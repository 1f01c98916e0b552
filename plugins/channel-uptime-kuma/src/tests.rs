//! What is pushed, and what the responses mean.

use dogwatch_sdk::Value;
use dogwatch_sdk::testing::{
    HOSTILE, alerts, answer, channel_problems, compose, configured, golden, response, shown, time_of,
};

use super::*;

const TOKEN: &[&str] = &["push_token"];

fn url() -> Vec<(&'static str, Value)> {
    vec![("url", "https://kuma.example.com".into())]
}

fn beat(settings: &[(&str, Value)], pulse: Pulse) -> String {
    let config = configured::<UptimeKuma>(settings, TOKEN).unwrap();
    let heartbeat = Heartbeat { pulse, site: "fsn1".into(), at: time_of(10_000) };
    let requests = UptimeKuma::beat(&config, &heartbeat).unwrap();
    assert_eq!(requests.len(), 1);
    shown(&requests[0])
}

fn judge(response: &Response) -> Judgement {
    UptimeKuma::judge_beat(&Settings::default(), 0, response)
}

#[test]
fn goldens() {
    let pulses = [
        ("well", Pulse::Well),
        ("failing", Pulse::Failing("no endpoint of hive answers since 12:04\nthe outbox holds 3 alerts".into())),
        ("hostile", Pulse::Failing(HOSTILE.into())),
    ];
    for (name, pulse) in pulses {
        golden(env!("CARGO_MANIFEST_DIR"), &format!("{name}.txt"), &beat(&url(), pulse));
    }
}

#[test]
fn a_start_is_no_sign_of_life() {
    let config = configured::<UptimeKuma>(&url(), TOKEN).unwrap();
    let heartbeat = Heartbeat { pulse: Pulse::Started, site: "fsn1".into(), at: time_of(10_000) };
    assert_eq!(UptimeKuma::beat(&config, &heartbeat).unwrap(), []);
}

#[test]
fn says_nothing_of_alerts_and_cannot_be_tested() {
    for (_, alert) in alerts() {
        assert_eq!(compose::<UptimeKuma>(&url(), TOKEN, &alert).unwrap(), []);
    }
    let config = configured::<UptimeKuma>(&url(), TOKEN).unwrap();
    assert_eq!(UptimeKuma::self_test(&config, "").unwrap(), []);
}

#[test]
fn a_reason_always_has_words_and_fits_into_an_address() {
    assert!(beat(&url(), Pulse::Failing(" \n\u{7} ".into())).ends_with("?status=down&msg=failing&ping="));
    let longest = beat(&url(), Pulse::Failing("🐕".repeat(100_000)));
    assert!(longest.contains(&format!("&msg={}%E2%80%A6&ping=", "%F0%9F%90%95".repeat(249))));
    assert!(longest.len() < 4096, "{}", longest.len());
}

#[test]
fn a_slash_at_the_end_of_the_address_does_not_matter() {
    let well = beat(&[("url", "http://10.0.0.7:3001/".into())], Pulse::Well);
    assert_eq!(well, "GET http://10.0.0.7:3001/api/push/<push_token percent>?status=up&msg=OK&ping=");
}

#[test]
fn wants_an_address_and_a_token() {
    let problem = |settings: &[(&str, Value)], secrets: &[&str]| {
        let problems = channel_problems::<UptimeKuma>(settings, secrets);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].to_string()
    };
    assert_eq!(channel_problems::<UptimeKuma>(&url(), TOKEN), []);
    assert!(problem(&[], TOKEN).starts_with("url: must be given"));
    assert!(problem(&url(), &[]).starts_with("push_token: must be given as a secret"));
    for bad in ["kuma.example.com", "https://", "ftp://kuma", "https://a b", "https://a/?b", "https://a#b"] {
        assert!(problem(&[("url", bad.into())], TOKEN).starts_with("url: must be an address"), "{bad}");
    }
    let whole = "https://kuma.example.com/api/push/aXbYcZ?status=up&msg=OK&ping=";
    assert!(problem(&[("url", whole.into())], TOKEN).contains("goes into the secret push_token"));
}

#[test]
fn judges_by_the_body() {
    assert_eq!(judge(&answer(200, &[], r#"{"ok":true}"#)), Judgement::Delivered);
    for status in [200, 404, 500] {
        let gone = judge(&answer(status, &[], r#"{"ok":false,"msg":"Monitor not found or not active."}"#));
        assert!(matches!(&gone, Judgement::Permanent(why) if why.contains("paused or deleted")), "{gone:?}");
        let busy = judge(&answer(status, &[], r#"{"ok":false,"msg":"SQLITE_BUSY: database\nis locked"}"#));
        let expected = "Uptime Kuma could not take the push: SQLITE_BUSY: database is locked";
        assert_eq!(busy, Judgement::Transient(expected.into()));
    }
    for body in ["<!DOCTYPE html><title>Uptime Kuma</title>", "", "{}", "[]", r#"{"ok":"true"}"#, "\u{fffd}\0"] {
        let judgement = judge(&answer(200, &[], body));
        assert!(matches!(&judgement, Judgement::Permanent(why) if why.contains("is the url right")), "{judgement:?}");
    }
    assert!(matches!(judge(&answer(404, &[], "Cannot GET /")), Judgement::Permanent(_)));
    assert!(matches!(judge(&answer(502, &[], r#"{"ok":true}"#)), Judgement::Transient(_)));
    assert_eq!(judge(&response(429, &[("retry-after", "30")])), Judgement::RetryAfter(30_000));
    let redirect = judge(&response(301, &[("location", "https://kuma.example/api/push/token")]));
    assert!(matches!(&redirect, Judgement::Permanent(why) if !why.contains("token")), "{redirect:?}");
    let long = judge(&answer(404, &[], &format!(r#"{{"ok":false,"msg":"{}"}}"#, "x".repeat(50_000))));
    assert!(matches!(&long, Judgement::Transient(why) if why.len() < 300), "{long:?}");
}
