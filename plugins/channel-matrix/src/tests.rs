//! What is sent at each event, and what the responses mean.

use dogwatch_sdk::Value;
use dogwatch_sdk::channel::{Event, Severity};
use dogwatch_sdk::testing::{
    alert, alerts, answer, channel_problems, compose, configured, golden, json_body, judge, overlong, response, shown,
};

use super::*;

fn settings() -> Vec<(&'static str, Value)> {
    vec![
        ("url", "https://matrix.example.org/".into()),
        ("room", "!abc:example.org".into()),
        ("mention", Value::Texts(vec!["@alice:example.org".into()])),
    ]
}

fn only(alert: &Alert) -> Request {
    let mut requests = compose::<Matrix>(&settings(), &["token"], alert).unwrap();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn content(alert: &Alert) -> dogwatch_sdk::json::Value {
    let content = json_body(&only(alert));
    let length = content.to_string().len();
    assert!(content.is_object() && length < 60_000, "{length}");
    content
}

#[test]
fn goldens() {
    for (name, alert) in alerts() {
        let text = shown(&only(&alert));
        golden(env!("CARGO_MANIFEST_DIR"), &format!("{name}.txt"), &format!("{text}\n"));
    }
}

#[test]
fn loudness_and_mentions_follow_severity_and_event() {
    let cases = [
        (Event::Opened, Severity::Page, "m.text", true),
        (Event::Updated, Severity::Critical, "m.text", true),
        (Event::Escalated, Severity::Page, "m.text", true),
        (Event::Opened, Severity::Warning, "m.text", false),
        (Event::Opened, Severity::Info, "m.notice", false),
        (Event::Acknowledged, Severity::Page, "m.notice", false),
        (Event::Resolved, Severity::Page, "m.notice", false),
        (Event::Report, Severity::Critical, "m.notice", false),
    ];
    for (event, severity, kind, mentions) in cases {
        let content = content(&Alert { event, severity, ..alert() });
        assert_eq!(content["msgtype"], kind, "{event:?} {severity:?}");
        assert!(content["m.mentions"].is_object());
        assert_eq!(content["m.mentions"]["user_ids"][0] == "@alice:example.org", mentions, "{event:?} {severity:?}");
    }
}

#[test]
fn the_transaction_is_the_messages_own() {
    let url = |message_id: &str| {
        let alert = Alert { message_id: message_id.into(), ..alert() };
        shown(&only(&alert)).lines().next().unwrap().to_owned()
    };
    let first = url("hive/alice/missing/1");
    assert_eq!(first, url("hive/alice/missing/1"));
    let start = "PUT https://matrix.example.org/_matrix/client/v3/rooms/%21abc%3Aexample.org/send/m.room.message/";
    let id = first.strip_prefix(start).unwrap();
    assert!(id.starts_with("hive_alice_missing_1.") && !id.contains(['/', '%']), "{id}");
    for other in ["hive/alice/missing/2", "hive_alice_missing_1", "hive/alice missing/1"] {
        assert_ne!(url(other), first, "{other}");
    }
    let long = url(&"ü/".repeat(10_000));
    assert!(long.len() < start.len() + 120, "{long}");
    assert_ne!(long, url(&"ü/".repeat(10_001)));
}

#[test]
fn texts_fit_and_nobody_is_called_by_name() {
    let content = content(&overlong());
    let body = content["body"].as_str().unwrap();
    assert!(body.contains("\nType: dogwatch status\n"));
    assert!(content["formatted_body"].as_str().unwrap().contains("<br>Type: dogwatch status<br>"));

    let quotes = "\"\n@room".repeat(50_000);
    let loud = Alert { summary: quotes.clone(), details: quotes.clone(), remedy: quotes, ..alert() };
    let content = self::content(&loud);
    assert!(!content.to_string().contains("@room"));
    assert!(content["formatted_body"].as_str().unwrap().contains("<br>Type: dogwatch status<br>"));
}

#[test]
fn settings_are_checked() {
    let with = |name: &'static str, value: Value| {
        let mut settings = settings();
        settings.retain(|(known, _)| *known != name);
        settings.push((name, value));
        let problems = channel_problems::<Matrix>(&settings, &["token"]);
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(with("room", "!abcDEF_-123".into()), "");
    assert!(with("room", "#dogwatch:example.org".into()).contains("not its address"));
    for bad in ["", "!", "abc:example.org", "!a b:example.org"] {
        assert!(with("room", bad.into()).starts_with("room: must be the room's internal id"), "{bad}");
    }
    assert!(with("url", "example.org".into()).starts_with("url: must be an address"));
    for bad in ["alice", "@alice", "@alice:", "@a b:example.org"] {
        let problem = with("mention", Value::Texts(vec![bad.into()]));
        assert!(problem.starts_with("mention: must be users such as"), "{bad} {problem}");
    }
    assert!(with("mention", Value::Texts(vec!["@a:b".into(); 21])).contains("at most 20"));
    let problems = channel_problems::<Matrix>(&[], &[]);
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert_eq!(configured::<Matrix>(&settings(), &["token"]).unwrap().url, "https://matrix.example.org");
}

#[test]
fn answers_are_judged() {
    let judge = |answer: &Response| judge::<Matrix>(&settings(), answer);
    assert_eq!(judge(&answer(200, &[], r#"{"event_id":"$abc"}"#)), Judgement::Accepted("$abc".into()));
    for odd in ["", "<html>", "[]", "{}", r#"{"event_id":5}"#] {
        assert!(matches!(judge(&answer(200, &[], odd)), Judgement::Transient(_)), "{odd}");
    }
    let limit = |headers: &[(&str, &str)], wait: &str| {
        judge(&answer(429, headers, &format!(r#"{{"errcode":"M_LIMIT_EXCEEDED","error":"slow"{wait}}}"#)))
    };
    assert_eq!(limit(&[("retry-after", "3")], r#","retry_after_ms":9000"#), Judgement::RetryAfter(3000));
    assert_eq!(limit(&[], r#","retry_after_ms":1234"#), Judgement::RetryAfter(1234));
    assert_eq!(limit(&[], r#","retry_after_ms":1234.5"#), Judgement::RetryAfter(1235));
    assert_eq!(limit(&[], r#","retry_after_ms":1e300"#), Judgement::RetryAfter(3_600_000));
    for odd in ["", r#","retry_after_ms":"soon""#, r#","retry_after_ms":-1"#] {
        assert!(matches!(limit(&[], odd), Judgement::Transient(_)), "{odd}");
    }

    let refused = judge(&answer(401, &[], r#"{"errcode":"M_UNKNOWN_TOKEN","error":"Unknown token."}"#));
    let Judgement::Permanent(why) = refused else { panic!("permanent") };
    assert_eq!(
        why,
        "the homeserver refuses (M_UNKNOWN_TOKEN): Unknown token. The secret token is wrong, or was logged out: log in \
         again and set the new access token"
    );
    for (status, code) in [(403, "M_FORBIDDEN"), (404, "M_UNRECOGNIZED"), (413, "M_TOO_LARGE"), (400, "M_BAD_JSON")] {
        let judgement = judge(&answer(status, &[], &format!(r#"{{"errcode":"{code}","error":"no"}}"#)));
        assert!(matches!(judgement, Judgement::Permanent(why) if why.contains(code)), "{code}");
    }
    assert!(matches!(judge(&answer(404, &[], "<html>")), Judgement::Permanent(_)));
    for status in [408, 500, 502, 504] {
        assert!(
            matches!(judge(&answer(status, &[], r#"{"errcode":"M_UNKNOWN"}"#)), Judgement::Transient(_)),
            "{status}"
        );
    }
    assert_eq!(judge(&response(503, &[("retry-after", "5")])), Judgement::RetryAfter(5000));
}

#[test]
fn the_self_test_wakes_nobody() {
    let config = configured::<Matrix>(&settings(), &["token"]).unwrap();
    let requests = Matrix::self_test(&config, "").unwrap();
    let texts: Vec<_> = requests.iter().map(shown).collect();
    let token = "authorization: Bearer <token plain>";
    assert_eq!(
        texts,
        [
            format!("GET https://matrix.example.org/_matrix/client/v3/account/whoami\n{token}"),
            format!("GET https://matrix.example.org/_matrix/client/v3/joined_rooms\n{token}"),
        ]
    );
    let pairs = settings().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let settings = Settings::from_pairs(pairs);
    let judge = |index, status, body: &str| Matrix::judge_self_test(&settings, index, &answer(status, &[], body));
    assert_eq!(judge(0, 200, r#"{"user_id":"@bot:example.org"}"#), Judgement::Delivered);
    assert!(matches!(judge(0, 401, r#"{"errcode":"M_UNKNOWN_TOKEN"}"#), Judgement::Permanent(_)));
    assert!(matches!(judge(0, 200, "<html>"), Judgement::Transient(_)));
    assert_eq!(judge(1, 200, r#"{"joined_rooms":["!x:y","!abc:example.org"]}"#), Judgement::Delivered);
    assert!(
        matches!(judge(1, 200, r#"{"joined_rooms":[]}"#), Judgement::Permanent(why) if why.contains("not in the room"))
    );
    assert!(matches!(judge(1, 200, "{}"), Judgement::Transient(_)));
}
