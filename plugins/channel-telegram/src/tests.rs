//! What is sent where, and what the responses mean.

use dogwatch_sdk::channel::{Event, Severity};
use dogwatch_sdk::testing::{
    alert, alerts, answer, channel_problems, compose, configured, golden, json_body, judge, overlong, shown,
};
use dogwatch_sdk::text::Unit;
use dogwatch_sdk::{Settings, Value};

use super::*;

const CHAT: &str = "-1001234567890";

fn settings() -> [(&'static str, Value); 1] {
    [("chat", CHAT.into())]
}

fn text(alert: &Alert) -> String {
    let requests = compose::<Telegram>(&settings(), &["token"], alert).unwrap();
    json_body(&requests[0])["text"].as_str().unwrap().to_owned()
}

#[test]
fn goldens() {
    let settings = [("chat", Value::from(CHAT)), ("thread", 5.into())];
    for (name, alert) in alerts() {
        let requests = compose::<Telegram>(&settings, &["token"], &alert).unwrap();
        let shown: Vec<_> = requests.iter().map(shown).collect();
        golden(env!("CARGO_MANIFEST_DIR"), &format!("telegram-{name}.txt"), &shown.join("\n\n"));
    }
}

#[test]
fn says_what_is_wrong_with_the_settings() {
    let message = |settings: &[(&str, Value)], secrets: &[&str]| {
        let problems = channel_problems::<Telegram>(settings, secrets);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].to_string()
    };
    assert_eq!(channel_problems::<Telegram>(&settings(), &["token"]), []);
    assert_eq!(channel_problems::<Telegram>(&[("chat", "@my_group".into())], &["token"]), []);
    assert!(message(&[], &["token"]).starts_with("chat: must be given"));
    assert!(message(&settings(), &[]).starts_with("token: must be given as a secret"));
    assert!(message(&[("chat", (-100).into())], &["token"]).contains("must be a text in quotes"));
    for bad in ["", "-", "name", "@a", "@a b c d", "--5", "12345678901234567", "1;2"] {
        assert!(message(&[("chat", bad.into())], &["token"]).contains("must be a number"), "{bad}");
    }
    for bad in ["api.telegram.org", "https://", "ftp://x", "https://a b", "https://a?b"] {
        let settings = [("chat", Value::from(CHAT)), ("url", bad.into())];
        assert!(message(&settings, &["token"]).contains("must be an address"), "{bad}");
    }
    assert!(message(&[("chat", CHAT.into()), ("thread", 0.into())], &["token"]).contains("must be from 1"));
}

#[test]
fn a_chat_that_became_another_is_followed() {
    let config = configured::<Telegram>(&settings(), &["token"]).unwrap();
    let used = |memory: &str| json_body(&Telegram::compose(&config, memory, &alert()).unwrap()[0])["chat_id"].clone();
    assert_eq!(used(""), CHAT);
    assert_eq!(used("-1001234567890>-100777"), "-100777");
    assert_eq!(used("-5>-100777"), CHAT, "learned of another chat");
    assert_eq!(used("-1001234567890>nonsense"), CHAT);
    let moved = r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat",
                    "parameters":{"migrate_to_chat_id":-100777}}"#;
    let judgement = judge::<Telegram>(&settings(), &answer(400, &[], moved));
    assert_eq!(judgement, Judgement::Remember("-1001234567890>-100777".into()));
}

#[test]
fn only_open_trouble_makes_a_sound() {
    let quiet = |change: fn(&mut Alert)| {
        let mut alert = alert();
        change(&mut alert);
        json_body(&compose::<Telegram>(&settings(), &["token"], &alert).unwrap()[0])["disable_notification"].clone()
    };
    assert_eq!(quiet(|_| ()), false);
    assert_eq!(quiet(|alert| alert.event = Event::Escalated), false);
    assert_eq!(quiet(|alert| alert.event = Event::Acknowledged), true);
    assert_eq!(quiet(|alert| alert.event = Event::Resolved), true);
    assert_eq!(quiet(|alert| alert.event = Event::Report), true);
    assert_eq!(quiet(|alert| alert.severity = Severity::Info), true);
}

#[test]
fn long_texts_keep_their_most_important_parts() {
    let text = text(&overlong());
    assert!(Unit::Utf16.length(&text) <= 4096);
    assert!(text.starts_with("<b>CRITICAL at home:"), "{text}");
    assert_eq!(text.matches("<code>").count(), text.matches("</code>").count());
    let quotes = "\"'".repeat(5000);
    let quoted = Alert { summary: quotes.clone(), details: quotes.clone(), remedy: quotes, ..alert() };
    let text = self::text(&quoted);
    assert!(Unit::Utf16.length(&text) <= 4096 && text.contains("\nTo do: &quot;"), "{text}");
    assert!(text.contains("<code>dogwatch status</code>") && text.contains("hive/alice/missing"), "{text}");
    let mut endless = alert();
    endless.details = "https://evil.example/ ".repeat(1000);
    endless.remedy = "look at http://a/b ".repeat(1000);
    let text = self::text(&endless);
    assert!(Unit::Utf16.length(&text) <= 4096 && text.matches("</").count() <= 100, "{text}");
    assert!(text.contains("To do: look") && text.contains("<code>dogwatch status</code>"), "{text}");
}

#[test]
fn nothing_can_be_tapped_but_to_copy() {
    let mut alert = alert();
    alert.details = "see https://evil.example/x, ask @bob or #tag: 2 of 3.5, +49 170 1234567, node.example. End".into();
    let text = text(&alert);
    for word in ["https://evil.example/x", "@bob", "#tag", "node.example"] {
        assert!(text.contains(&format!("<code>{word}</code>")), "{word}: {text}");
    }
    assert!(text.contains(" 2 of 3.5, "), "{text}");
}

#[test]
fn judges_as_telegram_documents() {
    let judged =
        |status, headers: &[(&str, &str)], body: &str| judge::<Telegram>(&settings(), &answer(status, headers, body));
    let refused = |code: u16, description: &str| {
        judged(code, &[], &format!(r#"{{"ok":false,"error_code":{code},"description":"{description}"}}"#))
    };
    let permanent = |judgement: Judgement, part: &str| {
        assert!(matches!(&judgement, Judgement::Permanent(why) if why.contains(part)), "{part}: {judgement:?}");
    };
    assert_eq!(judged(200, &[], r#"{"ok":true,"result":{"message_id":42}}"#), Judgement::Accepted("42".into()));

    let slow = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}"#;
    assert_eq!(judged(429, &[("retry-after", "9")], slow), Judgement::RetryAfter(7000));
    assert_eq!(judged(429, &[], &slow.replace(":7}", ":86400}")), Judgement::RetryAfter(3_600_000));
    let bare = r#"{"ok":false,"error_code":429,"description":"Too Many Requests"}"#;
    assert_eq!(judged(429, &[("retry-after", "9")], bare), Judgement::RetryAfter(9000));
    assert!(matches!(judged(429, &[], bare), Judgement::Transient(_)));

    permanent(refused(401, "Unauthorized"), "@BotFather");
    permanent(refused(404, "Not Found"), "token complete");
    permanent(refused(400, "Bad Request: chat not found"), "Is chat right");
    permanent(refused(400, "Bad Request: message thread not found"), "topic");
    permanent(refused(403, "Forbidden: bot was blocked by the user"), "Unblock");
    permanent(refused(403, "Forbidden: user is deactivated"), "another chat");
    permanent(refused(403, "Forbidden: bot was kicked from the supergroup chat"), "Add the bot");
    assert!(matches!(refused(500, "Internal Server Error"), Judgement::Transient(_)));

    for (status, nonsense) in
        [(200, ""), (200, "ok"), (200, "{}"), (200, r#"{"ok":true,"result":{}}"#), (502, "<html>")]
    {
        assert!(matches!(judged(status, &[], nonsense), Judgement::Transient(_)), "{status} {nonsense}");
    }
    permanent(judged(404, &[], "<html>"), "404");
    permanent(judged(302, &[("location", "https://x/botTOKEN")], ""), "redirect");
}

#[test]
fn the_self_test_asks_for_the_bot_and_the_chat() {
    let config = configured::<Telegram>(&settings(), &["token"]).unwrap();
    let requests = Telegram::self_test(&config, "-1001234567890>-100777").unwrap();
    let shown: Vec<_> = requests.iter().map(shown).collect();
    assert_eq!(shown[0], "GET https://api.telegram.org/bot<token plain>/getMe");
    assert!(shown[1].contains("/getChat") && shown[1].contains(r#"{"chat_id":"-100777"}"#), "{}", shown[1]);
    let judged =
        |index, status, body: &str| Telegram::judge_self_test(&Settings::default(), index, &answer(status, &[], body));
    assert_eq!(judged(0, 200, r#"{"ok":true,"result":{"id":1,"is_bot":true}}"#), Judgement::Delivered);
    assert_eq!(judged(1, 200, r#"{"ok":true,"result":{"id":-100777}}"#), Judgement::Delivered);
    assert!(matches!(judged(0, 200, "<html>"), Judgement::Transient(_)));
    let wrong = r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#;
    assert!(matches!(judged(0, 401, wrong), Judgement::Permanent(_)));
}
