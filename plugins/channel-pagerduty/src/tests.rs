//! What is sent to PagerDuty, and what its responses mean.

use dogwatch_sdk::Value;
use dogwatch_sdk::channel::Event;
use dogwatch_sdk::testing::{
    alert, alerts, answer, channel_problems, compose, configured, golden, json_body, judge, overlong, response,
    shown_all,
};
use dogwatch_sdk::text::Unit;

use super::*;

fn composed(alert: &Alert) -> Vec<Request> {
    compose::<PagerDuty>(&[], &["routing_key"], alert).unwrap()
}

fn json(request: &Request) -> dogwatch_sdk::json::Value {
    let json = json_body(request);
    assert!(json.is_object() && json.to_string().len() < 512_000, "{json}");
    json
}

#[test]
fn goldens() {
    for (name, alert) in alerts() {
        golden(env!("CARGO_MANIFEST_DIR"), &format!("{name}.txt"), &shown_all(&composed(&alert)));
    }
}

#[test]
fn every_event_has_its_action_and_one_key() {
    let actions = [
        (Event::Opened, Some("trigger")),
        (Event::Updated, Some("trigger")),
        (Event::Escalated, Some("trigger")),
        (Event::Acknowledged, Some("acknowledge")),
        (Event::Resolved, Some("resolve")),
        (Event::Report, None),
    ];
    for (event, action) in actions {
        let requests = composed(&Alert { event, ..alert() });
        let Some(action) = action else {
            assert_eq!(requests, []);
            continue;
        };
        assert_eq!(requests.len(), 1);
        let json = json(&requests[0]);
        assert_eq!(json["event_action"], action);
        assert_eq!(json["dedup_key"], "hive/alice/missing");
        assert_eq!(json["routing_key"], "<routing_key json>");
    }
}

#[test]
fn wants_the_routing_key_as_a_secret_and_an_address() {
    assert_eq!(channel_problems::<PagerDuty>(&[], &["routing_key"]), []);
    let missing = channel_problems::<PagerDuty>(&[], &[]);
    assert!(missing[0].to_string().starts_with("routing_key: must be given as a secret: The integration key"));
    for bad in ["events.pagerduty.com", "https://", "ftp://example.com", "https://a b", "https://a?b"] {
        let problems = channel_problems::<PagerDuty>(&[("url", bad.into())], &["routing_key"]);
        assert_eq!(problems.len(), 1, "{bad}");
        assert!(problems[0].to_string().starts_with("url: must be an address"), "{bad}");
    }
    let setting = channel_problems::<PagerDuty>(&[("routing_key", "R".into())], &["routing_key"]);
    assert!(setting[0].to_string().starts_with("routing_key: no such setting"), "{setting:?}");
    let url = [("url", Value::from("https://events.eu.pagerduty.com/"))];
    let config = configured::<PagerDuty>(&url, &["routing_key"]).unwrap();
    assert_eq!(config.url, "https://events.eu.pagerduty.com");
}

#[test]
fn keeps_to_the_limits() {
    let mut alert = overlong();
    alert.key = "hive/".repeat(200);
    alert.subject = "s".repeat(5000);
    let json = json(&composed(&alert)[0]);
    let length = |value: &dogwatch_sdk::json::Value| Unit::Chars.length(value.as_str().unwrap());
    assert_eq!(length(&json["payload"]["summary"]), 1024);
    assert_eq!(length(&json["payload"]["component"]), 255);
    assert_eq!(length(&json["dedup_key"]), 255);
    alert.event = Event::Resolved;
    assert_eq!(self::json(&composed(&alert)[0])["dedup_key"], json["dedup_key"], "the resolution reaches the incident");
    alert.key.push('x');
    assert_ne!(self::json(&composed(&alert)[0])["dedup_key"], json["dedup_key"], "keys that differ late stay apart");
}

#[test]
fn judges_as_documented() {
    let accepted = answer(202, &[], r#"{"status":"success","message":"Event processed","dedup_key":"k"}"#);
    assert_eq!(judge::<PagerDuty>(&[], &accepted), Judgement::Accepted("k".into()));
    for nonsense in ["", "<html>", "[1]", r#"{"dedup_key":5}"#] {
        let judgement = judge::<PagerDuty>(&[], &answer(202, &[], nonsense));
        assert_eq!(judgement, Judgement::Accepted("hive/alice/missing".into()), "{nonsense}");
    }
    let invalid = r#"{"status":"invalid event","message":"Event object is invalid","errors":["Invalid routing key"]}"#;
    let Judgement::Permanent(why) = judge::<PagerDuty>(&[], &answer(400, &[], invalid)) else { panic!("permanent") };
    assert_eq!(why, "PagerDuty refuses the event (400): Invalid routing key; is the secret routing_key right?");
    for status in [429, 500, 503] {
        assert_eq!(judge::<PagerDuty>(&[], &response(status, &[("retry-after", "90")])), Judgement::RetryAfter(90_000));
        let judgement = judge::<PagerDuty>(&[], &answer(status, &[], r#"{"message":"Throttled"}"#));
        assert!(matches!(&judgement, Judgement::Transient(why) if why.ends_with(": Throttled")), "{judgement:?}");
    }
    for status in [200, 204, 301, 400, 401, 403, 404, 413] {
        let judgement = judge::<PagerDuty>(&[], &answer(status, &[], "<html>gateway</html>"));
        assert!(matches!(judgement, Judgement::Permanent(_)), "{status}");
    }
    let long = answer(400, &[], &format!(r#"{{"errors":["{}"]}}"#, "e\u{301} ".repeat(10_000)));
    let Judgement::Permanent(why) = judge::<PagerDuty>(&[], &long) else { panic!("permanent") };
    assert!(Unit::Chars.length(&why) < 300, "{why}");
}

#[test]
fn the_self_test_resolves_what_was_never_open() {
    let config = configured::<PagerDuty>(&[], &["routing_key"]).unwrap();
    let requests = PagerDuty::self_test(&config, "").unwrap();
    assert_eq!(requests.len(), 1);
    let json = json(&requests[0]);
    assert_eq!((&json["event_action"], &json["dedup_key"]), (&"resolve".into(), &"dogwatch/self-test".into()));
    let judged = |status| PagerDuty::judge_self_test(&Settings::default(), 0, &response(status, &[]));
    assert_eq!(judged(202), Judgement::Delivered);
    assert!(matches!(judged(400), Judgement::Permanent(_)));
    assert!(matches!(judged(500), Judgement::Transient(_)));
}
