//! What is posted where, and what the responses mean.

use dogwatch_sdk::Value;
use dogwatch_sdk::testing::{
    alert, alerts, answer, channel_problems, compose, configured, golden, json_body, judge, overlong, shown,
};
use dogwatch_sdk::text::Unit;

use super::*;
use dogwatch_sdk::channel::{Event, Severity};

fn body(settings: &[(&str, Value)], alert: &Alert) -> dogwatch_sdk::json::Value {
    let requests = compose::<Slack>(settings, &["webhook"], alert).unwrap();
    assert_eq!(requests.len(), 1);
    json_body(&requests[0])
}

#[test]
fn goldens() {
    for (name, alert) in alerts() {
        let requests = compose::<Slack>(&[("mention", "here".into())], &["path"], &alert).unwrap();
        let shown: Vec<_> = requests.iter().map(shown).collect();
        golden(env!("CARGO_MANIFEST_DIR"), &format!("slack-{name}.txt"), &shown.join("\n\n"));
    }
}

#[test]
fn the_webhook_is_given_in_exactly_one_way() {
    let message = |settings: &[(&str, Value)], secrets: &[&str]| {
        let problems = channel_problems::<Slack>(settings, secrets);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].to_string()
    };
    assert_eq!(channel_problems::<Slack>(&[], &["webhook"]), []);
    assert_eq!(channel_problems::<Slack>(&[("url", "https://localhost:1/services/".into())], &["path"]), []);
    assert!(message(&[], &[]).starts_with("webhook: must be given as a secret"));
    assert!(message(&[], &["webhook", "path"]).starts_with("path: is given as well as"));
    assert!(message(&[("url", "hooks.slack.com".into())], &["path"]).contains("must be an address"));
    for bad in ["", "everyone", "@here", "u012", "U", "X012AB3CD", "<!here>", "U01 2"] {
        assert!(message(&[("mention", bad.into())], &["webhook"]).contains("must be \"here\""), "{bad}");
    }
}

#[test]
fn secrets_are_named_and_never_seen() {
    let url = |settings: &[(&str, Value)], secrets: &[&str]| {
        let requests = compose::<Slack>(settings, secrets, &alert()).unwrap();
        let Request::Http(request) = &requests[0] else { panic!("http") };
        request.url.clone()
    };
    assert_eq!(url(&[], &["webhook"]), [Part::secret("webhook")]);
    assert_eq!(url(&[], &["path"]), ["https://hooks.slack.com/services/".into(), Part::secret("path")]);
    let own = [("url", "https://localhost:1/services/".into())];
    assert_eq!(url(&own, &["path"]), ["https://localhost:1/services/".into(), Part::secret("path")]);
}

#[test]
fn only_serious_open_trouble_mentions_anybody() {
    let cases = [
        ("here", "<!here>"),
        ("channel", "<!channel>"),
        ("U012", "<@U012>"),
        ("W012", "<@W012>"),
        ("S1", "<!subteam^S1>"),
    ];
    for (mention, written) in cases {
        let message = body(&[("mention", mention.into())], &alert());
        assert_eq!(message.pointer("/blocks/1/text/text").unwrap(), written);
        assert_eq!(message.pointer("/blocks/1/text/type").unwrap(), "mrkdwn");
        assert!(message["text"].as_str().unwrap().starts_with(&format!("{written} CRITICAL")), "{message}");
    }
    let pings = |event, severity| {
        body(&[("mention", "here".into())], &Alert { event, severity, ..alert() }).to_string().contains("<!here>")
    };
    assert!(pings(Event::Updated, Severity::Page) && pings(Event::Escalated, Severity::Critical));
    for event in [Event::Acknowledged, Event::Resolved, Event::Report] {
        assert!(!pings(event, Severity::Page), "{event:?}");
    }
    assert!(!pings(Event::Opened, Severity::Warning) && !pings(Event::Opened, Severity::Info));
}

#[test]
fn long_texts_keep_their_most_important_parts() {
    let mut one_long = alert();
    one_long.summary = "word ".repeat(50);
    for alert in [overlong(), one_long] {
        let message = body(&[], &alert);
        let text = |pointer: &str| message.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        assert!(Unit::Utf16.length(&text("/blocks/0/text/text")) <= 150);
        let section = text("/blocks/1/text/text");
        assert!(Unit::Utf16.length(&section) <= 3000);
        assert!(section.starts_with("CRITICAL at home: "), "the header was cut: {section}");
        assert!(Unit::Utf16.length(&text("/text")) <= 3500);
        for text in [section, text("/text")] {
            assert!(
                text.contains("\nType: dogwatch status\n") && text.ends_with("\nAlert hive/alice/missing"),
                "{text}"
            );
        }
    }
    let mut endless = alert();
    endless.details = "word ".repeat(1000);
    let section = body(&[], &endless).pointer("/blocks/1/text/text").unwrap().to_string();
    assert!(section.contains("To do: look at node one") && section.contains("Type: dogwatch status"), "{section}");
}

#[test]
fn judges_as_slack_documents() {
    let judged = |status, headers: &[(&str, &str)], body: &str| judge::<Slack>(&[], &answer(status, headers, body));
    let permanent = |judgement: Judgement, part: &str| {
        assert!(matches!(&judgement, Judgement::Permanent(why) if why.contains(part)), "{part}: {judgement:?}");
    };
    assert_eq!(judged(200, &[], "ok"), Judgement::Delivered);
    permanent(judged(200, &[], "no_team"), "instead of \"ok\"");
    permanent(judged(200, &[], "<html>welcome</html>"), "welcome");
    permanent(judged(200, &[], ""), "instead of");
    permanent(judged(204, &[], ""), "instead of");
    assert_eq!(judged(429, &[("retry-after", "30")], "rate_limited"), Judgement::RetryAfter(30_000));
    let limited = r#"{"ok":false,"error":"rate_limited","retry_after":1}"#;
    assert_eq!(judged(429, &[], limited), Judgement::RetryAfter(1000));
    assert!(matches!(judged(429, &[], ""), Judgement::Transient(_)));
    permanent(judged(400, &[], "invalid_payload"), "report it");
    permanent(judged(403, &[], "invalid_token"), "create a new one");
    permanent(judged(404, &[], "no_service"), "create a new one");
    permanent(judged(404, &[], "channel_not_found"), "is gone");
    permanent(judged(403, &[], "action_prohibited"), "administrator");
    permanent(judged(410, &[], "channel_is_archived"), "Unarchive");
    permanent(judged(404, &[], "<html>"), "404");
    permanent(judged(302, &[("location", "https://x/T/B/X")], ""), "redirect");
    for (status, body) in [(500, "rollup_error"), (503, "<html>"), (502, "")] {
        assert!(matches!(judged(status, &[], body), Judgement::Transient(_)), "{status} {body}");
    }
}

#[test]
fn there_is_nothing_to_test_with() {
    assert_eq!(Slack::self_test(&configured::<Slack>(&[], &["webhook"]).unwrap(), ""), Ok(vec![]));
}
