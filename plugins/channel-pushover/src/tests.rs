//! What is sent at each event, and what the responses mean.

use dogwatch_sdk::Value;
use dogwatch_sdk::channel::{Event, Following, Severity};
use dogwatch_sdk::testing::{
    alert, alerts, answer, channel_problems, compose, configured, golden, judge_alert, judge_follow, overlong,
    response, shown, shown_form,
};
use dogwatch_sdk::text::Unit;

use super::*;

const SECRETS: [&str; 2] = ["token", "user"];

fn all(settings: &[(&str, Value)], alert: &Alert) -> Vec<String> {
    let requests = compose::<Pushover>(settings, &SECRETS, alert).unwrap();
    requests.iter().map(shown_form).collect()
}

#[test]
fn goldens() {
    for (name, alert) in alerts() {
        let text = all(&[("sound", "siren".into())], &alert).join("\n");
        golden(env!("CARGO_MANIFEST_DIR"), &format!("{name}.txt"), &text);
    }
}

#[test]
fn loudness_follows_severity_and_event() {
    let cases = [
        (Event::Opened, Severity::Page, "2"),
        (Event::Escalated, Severity::Page, "2"),
        (Event::Updated, Severity::Page, "2"),
        (Event::Opened, Severity::Critical, "1"),
        (Event::Opened, Severity::Warning, "0"),
        (Event::Opened, Severity::Info, "-1"),
        (Event::Acknowledged, Severity::Page, "-1"),
        (Event::Resolved, Severity::Page, "-1"),
        (Event::Report, Severity::Page, "-1"),
    ];
    for (event, severity, priority) in cases {
        let requests = all(&[], &Alert { event, severity, ..alert() });
        let last = requests.last().unwrap();
        assert!(last.contains(&format!("\npriority={priority}\n")), "{event:?} {severity:?}: {last}");
        assert_eq!(last.contains("\nretry=60\nexpire=3600\ntags=dogwatch-"), priority == "2", "{last}");
    }
}

#[test]
fn the_tag_of_a_page_is_the_one_that_is_cancelled() {
    let page = all(&[], &Alert { severity: Severity::Page, ..alert() });
    let tag = page[0].rsplit_once("tags=").unwrap().1.trim();
    let cancel = format!("POST https://api.pushover.net/1/receipts/cancel_by_tag/{tag}.json\n");
    for event in [Event::Acknowledged, Event::Resolved] {
        let requests = all(&[], &Alert { event, ..alert() });
        assert_eq!(requests.len(), 2);
        assert!(requests[0].starts_with(&cancel), "{}", requests[0]);
    }
    let other = all(&[], &Alert { key: "hive/alice/blind".into(), severity: Severity::Page, ..alert() });
    assert!(!other[0].contains(tag));
}

#[test]
fn texts_fit_and_keep_the_command() {
    for severity in [Severity::Critical, Severity::Page] {
        let request = all(&[], &Alert { severity, ..overlong() }).remove(0);
        let title = request.split_once("title=").unwrap().1.split_once("\nmessage=").unwrap().0;
        let message = request.split_once("\nmessage=").unwrap().1.split_once("\npriority=").unwrap().0;
        assert_eq!(Unit::Chars.length(title), 250);
        assert!(Unit::Chars.length(message) <= 1024);
        assert!(message.contains("\nType: dogwatch status\n"), "{message}");
    }
}

#[test]
fn settings_are_checked() {
    assert_eq!(channel_problems::<Pushover>(&[], &SECRETS), []);
    let message = |settings: &[(&str, Value)], secrets: &[&str]| {
        let problems = channel_problems::<Pushover>(settings, secrets);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].to_string()
    };
    assert!(message(&[], &["user"]).starts_with("token: must be given as a secret"));
    assert!(message(&[], &["token"]).starts_with("user: must be given as a secret"));
    assert!(message(&[("url", "api.pushover.net".into())], &SECRETS).starts_with("url: must be an address"));
    assert!(message(&[("retry", "29s".into())], &SECRETS).starts_with("retry: must be from"));
    assert!(message(&[("expire", "4h".into())], &SECRETS).starts_with("expire: must be from"));
    assert!(message(&[("retry", "10m".into()), ("expire", "5m".into())], &SECRETS).contains("shorter than retry"));
    assert!(message(&[("device", "my phone".into())], &SECRETS).starts_with("device: must be the name"));
    assert!(message(&[("sound", "".into())], &SECRETS).starts_with("sound: must be the name"));
    let config = configured::<Pushover>(&[("url", "http://localhost:1/".into())], &SECRETS).unwrap();
    assert_eq!(config.url, "http://localhost:1");
}

#[test]
fn devices_and_sounds_are_sent() {
    let settings = [("device", Value::from("phone,tablet")), ("sound", "siren".into())];
    let critical = all(&settings, &alert()).remove(0);
    assert!(critical.ends_with("\ndevice=phone,tablet\nsound=siren\n"), "{critical}");
    let warning = all(&settings, &Alert { severity: Severity::Warning, ..alert() }).remove(0);
    assert!(!warning.contains("sound="), "{warning}");
}

#[test]
fn answers_are_judged() {
    let judge = |answer: &Response| judge_alert::<Pushover>(&[], &alert(), answer);
    let accepted = judge(&answer(200, &[], r#"{"status":1,"request":"r1"}"#));
    assert_eq!(accepted, Judgement::Accepted("r1".into()));
    let page = judge(&answer(200, &[], r#"{"status":1,"request":"r1","receipt":"abc"}"#));
    assert_eq!(page, Judgement::Follow(Following { receipt: "abc".into(), after: 10_000, delivered: true }));

    let body =
        r#"{"token":"invalid","errors":["application token is invalid, see https://pushover.net/api"],"status":0}"#;
    let Judgement::Permanent(why) = judge(&answer(400, &[], body)) else { panic!("permanent") };
    assert_eq!(
        why,
        "Pushover refuses: application token is invalid. Set the secret token to the API token from pushover.net, Your \
         Applications"
    );
    let body = r#"{"user":"invalid","errors":["user identifier is not valid"],"status":0}"#;
    let Judgement::Permanent(why) = judge(&answer(400, &[], body)) else { panic!("permanent") };
    assert!(why.contains("the secret user"), "{why}");
    assert!(matches!(judge(&answer(200, &[], r#"{"status":0}"#)), Judgement::Permanent(_)));
    assert!(matches!(judge(&answer(404, &[], "<html>")), Judgement::Permanent(_)));
    for odd in ["", "ok", "[]", r#"{"status":"1"}"#, "<html>"] {
        assert!(matches!(judge(&answer(200, &[], odd)), Judgement::Transient(_)), "{odd}");
    }
    for status in [408, 500, 502] {
        assert!(matches!(judge(&answer(status, &[], r#"{"status":0}"#)), Judgement::Transient(_)), "{status}");
    }
    assert!(matches!(judge(&response(301, &[])), Judgement::Permanent(_)));
}

#[test]
fn a_used_up_month_is_waited_for_only_at_its_end() {
    let judge = |reset: &str| {
        let answer = answer(429, &[("x-limit-app-reset", reset)], r#"{"status":0,"errors":["over limit"]}"#);
        judge_alert::<Pushover>(&[], &alert(), &answer)
    };
    assert_eq!(judge("1700030600"), Judgement::RetryAfter(600_000));
    for far in ["1700130000", "1600000000", "x", "9223372036854775807", "-9223372036854775808"] {
        assert!(matches!(judge(far), Judgement::Transient(why) if why.contains("this month")), "{far}");
    }
}

#[test]
fn a_failed_cancellation_matters_where_nobody_is_needed() {
    let judge = |event, answer: &Response| {
        judge_alert::<Pushover>(&[], &Alert { event, severity: Severity::Page, ..alert() }, answer)
    };
    let nothing = Judgement::Accepted(String::new());
    for event in [Event::Updated, Event::Acknowledged, Event::Resolved] {
        assert_eq!(judge(event, &answer(200, &[], r#"{"canceled":0,"status":1}"#)), nothing);
        assert_eq!(judge(event, &answer(404, &[], r#"{"status":0}"#)), nothing);
        assert_eq!(judge(event, &answer(400, &[], r#"{"token":"invalid","status":0}"#)), nothing);
    }
    assert_eq!(judge(Event::Updated, &response(500, &[])), nothing);
    assert!(matches!(judge(Event::Resolved, &response(500, &[])), Judgement::Transient(_)));
    assert_eq!(judge(Event::Resolved, &response(429, &[("retry-after", "3")])), Judgement::RetryAfter(3000));
}

#[test]
fn receipts_are_followed() {
    let config = configured::<Pushover>(&[], &SECRETS).unwrap();
    let request = Pushover::follow(&config, &alert(), "a/b").unwrap().unwrap();
    assert_eq!(shown(&request), "GET https://api.pushover.net/1/receipts/a%2Fb.json?token=<token percent>");

    let judge = |status, body: &str| judge_follow::<Pushover>(&[], "r", &answer(status, &[], body));
    assert_eq!(judge(200, r#"{"status":1,"acknowledged":0,"expired":0}"#), Progress::Waiting(15_000));
    let body =
        r#"{"status":1,"acknowledged":1,"acknowledged_by":"ukey","acknowledged_by_device":"iphone","expired":1}"#;
    assert_eq!(judge(200, body), Progress::Acknowledged("iphone".into()));
    let body = r#"{"status":1,"acknowledged":1,"acknowledged_by":"ukey","acknowledged_by_device":""}"#;
    assert_eq!(judge(200, body), Progress::Acknowledged("somebody, by Pushover".into()));
    assert_eq!(judge(200, r#"{"status":1,"acknowledged":0,"expired":1}"#), Progress::Over);
    assert_eq!(judge(404, r#"{"status":0,"errors":["receipt not found"]}"#), Progress::Over);
    for (status, body) in [(200, "<html>"), (500, ""), (429, "")] {
        assert_eq!(judge(status, body), Progress::Waiting(60_000), "{status}");
    }
}

#[test]
fn the_self_test_wakes_nobody() {
    let config = configured::<Pushover>(&[("device", "phone,tablet".into())], &SECRETS).unwrap();
    let requests = Pushover::self_test(&config, "").unwrap();
    let texts: Vec<_> = requests.iter().map(shown_form).collect();
    assert_eq!(
        texts,
        ["POST https://api.pushover.net/1/users/validate.json\ncontent-type: application/x-www-form-urlencoded\n\n\
          token=<token percent>\nuser=<user percent>\ndevice=phone\n"]
    );
    let judge = |body: &str, status| Pushover::judge_self_test(&Settings::default(), 0, &answer(status, &[], body));
    assert_eq!(judge(r#"{"status":1,"devices":["phone"]}"#, 200), Judgement::Delivered);
    let refused = judge(r#"{"user":"invalid","errors":["user key is invalid"],"status":0}"#, 400);
    assert!(matches!(refused, Judgement::Permanent(why) if why.contains("user key is invalid")));
    assert!(matches!(judge("", 503), Judgement::Transient(_)));
}
