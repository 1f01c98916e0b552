//! What is sent to Gotify, and what its responses mean.

use dogwatch_sdk::Value;
use dogwatch_sdk::channel::{Event, Severity};
use dogwatch_sdk::testing::{
    alert, alerts, answer, channel_problems, compose, configured, golden, json_body, judge, overlong, response, shown,
};
use dogwatch_sdk::text::Unit;

use super::*;

const URL: &str = "https://gotify.example.com";

fn only(alert: &Alert) -> Request {
    let mut requests = compose::<Gotify>(&[("url", URL.into())], &["token"], alert).unwrap();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn json(alert: &Alert) -> dogwatch_sdk::json::Value {
    let json = json_body(&only(alert));
    assert!(json.is_object(), "{json}");
    json
}

#[test]
fn goldens() {
    for (name, alert) in alerts() {
        golden(env!("CARGO_MANIFEST_DIR"), &format!("{name}.txt"), &(shown(&only(&alert)) + "\n"));
    }
}

#[test]
fn only_what_is_open_rings() {
    let priority = |event, severity| json(&Alert { event, severity, ..alert() })["priority"].as_i64().unwrap();
    assert_eq!(priority(Event::Opened, Severity::Page), 10);
    assert_eq!(priority(Event::Escalated, Severity::Page), 10);
    assert_eq!(priority(Event::Updated, Severity::Critical), 8);
    assert_eq!(priority(Event::Opened, Severity::Warning), 5);
    assert_eq!(priority(Event::Opened, Severity::Info), 2);
    for event in [Event::Acknowledged, Event::Resolved, Event::Report] {
        assert_eq!(priority(event, Severity::Page), 2, "{event:?}");
    }
}

#[test]
fn wants_an_address_and_a_token() {
    let problem = |settings: &[(&str, Value)], secrets: &[&str]| {
        let problems = channel_problems::<Gotify>(settings, secrets);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].to_string()
    };
    assert_eq!(channel_problems::<Gotify>(&[("url", URL.into())], &["token"]), []);
    assert!(problem(&[], &["token"]).starts_with("url: must be given: The address"));
    assert!(problem(&[("url", URL.into())], &[]).starts_with("token: must be given as a secret: The token of"));
    for bad in ["gotify.example.com", "https://", "ftp://example.com", "https://a b", "https://a?token=x", "https://a#"]
    {
        assert!(problem(&[("url", bad.into())], &["token"]).starts_with("url: must be an address"), "{bad}");
    }
    let config = configured::<Gotify>(&[("url", "http://[::1]:8080/push/".into())], &["token"]).unwrap();
    assert_eq!(config.url, "http://[::1]:8080/push");
}

#[test]
fn keeps_to_the_limits() {
    let json = json(&overlong());
    assert_eq!(Unit::Chars.length(json["title"].as_str().unwrap()), 250);
    let message = json["message"].as_str().unwrap();
    assert!(message.len() <= 16_000);
    assert!(message.contains("\nTo do: ") && message.contains("\nType: dogwatch status"), "the way out is kept");
    let mut alert = alert();
    alert.command = "c".repeat(100_000);
    assert!(self::json(&alert)["message"].as_str().unwrap().len() <= 16_000);
}

#[test]
fn judges_as_documented() {
    let stored = r#"{"id":25,"appid":5,"message":"m","title":"t","priority":2,"date":"2018-02-27T19:36:10Z"}"#;
    assert_eq!(judge::<Gotify>(&[], &answer(200, &[], stored)), Judgement::Delivered);
    for nonsense in ["", "<html>log in</html>", "[]", r#"{"id":"x"}"#] {
        let judgement = judge::<Gotify>(&[], &answer(200, &[], nonsense));
        assert!(matches!(&judgement, Judgement::Permanent(why) if why.contains("is the url right")), "{nonsense}");
    }
    let denied =
        r#"{"error":"Unauthorized","errorCode":401,"errorDescription":"you need to provide a valid access token"}"#;
    let Judgement::Permanent(why) = judge::<Gotify>(&[], &answer(401, &[], denied)) else { panic!("permanent") };
    assert_eq!(
        why,
        "Gotify answers 401 (not allowed); the secret token must be the token of an application that still exists: \
         you need to provide a valid access token"
    );
    let invalid = r#"{"error":"Bad Request","errorCode":400,"errorDescription":"Field 'message' is required"}"#;
    let judgement = judge::<Gotify>(&[], &answer(400, &[], invalid));
    assert!(matches!(&judgement, Judgement::Permanent(why) if why.ends_with(": Field 'message' is required")));
    assert_eq!(judge::<Gotify>(&[], &response(429, &[("retry-after", "3")])), Judgement::RetryAfter(3000));
    for status in [429, 500, 502, 503] {
        assert!(matches!(judge::<Gotify>(&[], &response(status, &[])), Judgement::Transient(_)), "{status}");
    }
    for status in [301, 401, 403, 404] {
        assert!(matches!(judge::<Gotify>(&[], &response(status, &[])), Judgement::Permanent(_)), "{status}");
    }
}

#[test]
fn the_self_test_asks_for_the_health() {
    let config = configured::<Gotify>(&[("url", URL.into())], &["token"]).unwrap();
    let requests = Gotify::self_test(&config, "").unwrap();
    assert_eq!(requests.iter().map(shown).collect::<Vec<_>>(), ["GET https://gotify.example.com/health"]);
    let judged = |status, body| Gotify::judge_self_test(&Settings::default(), 0, &answer(status, &[], body));
    assert_eq!(judged(200, r#"{"health":"green","database":"green"}"#), Judgement::Delivered);
    assert_eq!(
        judged(500, r#"{"health":"orange","database":"red"}"#),
        Judgement::Transient("Gotify answers 500: its health is orange, its database red".into())
    );
    assert!(matches!(judged(200, "<html>"), Judgement::Permanent(_)));
    assert!(matches!(judged(404, "<html>"), Judgement::Permanent(_)));
    assert!(matches!(judged(502, "<html>"), Judgement::Transient(_)));
}
