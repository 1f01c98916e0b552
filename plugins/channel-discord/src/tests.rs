//! What is posted where, and what the responses mean.

use dogwatch_sdk::Value;
use dogwatch_sdk::channel::Part;
use dogwatch_sdk::channel::{Event, Severity};
use dogwatch_sdk::testing::{
    HOSTILE, alert, alerts, answer, channel_problems, compose, configured, golden, json_body, judge, overlong, shown,
};
use dogwatch_sdk::text::Unit;

use super::markdown::literal;
use super::*;

const ID: &str = "223704706495545344";
const ROLE: &str = "role:165511591545143296";

fn body(settings: &[(&str, Value)], alert: &Alert) -> dogwatch_sdk::json::Value {
    let requests = compose::<Discord>(settings, &["webhook"], alert).unwrap();
    assert_eq!(requests.len(), 1);
    json_body(&requests[0])
}

#[test]
fn goldens() {
    let settings = [("id", Value::from(ID)), ("mention", ROLE.into()), ("thread", "77".into())];
    for (name, alert) in alerts() {
        let requests = compose::<Discord>(&settings, &["token"], &alert).unwrap();
        let shown: Vec<_> = requests.iter().map(shown).collect();
        golden(env!("CARGO_MANIFEST_DIR"), &format!("discord-{name}.txt"), &shown.join("\n\n"));
    }
}

#[test]
fn the_webhook_is_given_in_exactly_one_way() {
    let message = |settings: &[(&str, Value)], secrets: &[&str]| {
        let problems = channel_problems::<Discord>(settings, secrets);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].to_string()
    };
    let id = || [("id", Value::from(ID))];
    assert_eq!(channel_problems::<Discord>(&[], &["webhook"]), []);
    assert_eq!(channel_problems::<Discord>(&id(), &["token"]), []);
    assert!(message(&[], &[]).starts_with("webhook: must be given as a secret"));
    assert!(message(&id(), &["webhook"]).starts_with("webhook: is the whole URL"));
    assert!(message(&[], &["webhook", "token"]).starts_with("webhook: is the whole URL"));
    assert!(message(&id(), &[]).starts_with("token: must be given as a secret"));
    assert!(message(&[], &["token"]).starts_with("id: must be given with the secret token"));
    for bad in ["", "x", "0", "-1", "99999999999999999999999", "1/2"] {
        assert!(message(&[("id", bad.into())], &["token"]).contains("must be an id"), "{bad}");
        assert!(message(&[("thread", bad.into())], &["webhook"]).contains("must be an id"), "{bad}");
    }
    for bad in ["1655", "role:", "role:x", "everyone", "<@&1>", "group:1"] {
        assert!(message(&[("mention", bad.into())], &["webhook"]).contains("must be \"role:\""), "{bad}");
    }
    assert!(message(&[("url", "discord.com".into())], &["webhook"]).contains("must be an address"));
}

#[test]
fn secrets_are_named_and_never_seen() {
    let url = |settings: &[(&str, Value)], secrets: &[&str]| {
        let requests = compose::<Discord>(settings, secrets, &alert()).unwrap();
        let Request::Http(request) = &requests[0] else { panic!("http") };
        request.url.clone()
    };
    assert_eq!(url(&[], &["webhook"]), [Part::secret("webhook"), "?wait=true".into()]);
    let own = [("id", Value::from(ID)), ("url", "https://localhost:1/api/".into())];
    let expected =
        [format!("https://localhost:1/api/webhooks/{ID}/").into(), Part::secret("token"), "?wait=true".into()];
    assert_eq!(url(&own, &["token"]), expected);
}

#[test]
fn only_serious_open_trouble_mentions_anybody() {
    let with = |event, severity| {
        let alert = Alert { event, severity, ..alert() };
        body(&[("mention", ROLE.into())], &alert)
    };
    for event in [Event::Opened, Event::Updated, Event::Escalated] {
        let message = with(event, Severity::Page);
        assert!(message["content"].as_str().unwrap().starts_with("<@&165511591545143296> PAGE at home"), "{message}");
        assert_eq!(message["allowed_mentions"]["roles"][0], "165511591545143296");
        assert!(message.get("flags").is_none());
        assert!(with(event, Severity::Warning).get("content").is_none());
    }
    for event in [Event::Acknowledged, Event::Resolved, Event::Report] {
        let message = with(event, Severity::Page);
        assert!(message.get("content").is_none() && message["flags"] == 4096, "{message}");
        assert_eq!(message["allowed_mentions"].to_string(), r#"{"parse":[]}"#);
    }
    assert_eq!(with(Event::Opened, Severity::Info)["flags"], 4096);
    let user = body(&[("mention", "user:42".into())], &alert());
    assert!(user["content"].as_str().unwrap().starts_with("<@42> "), "{user}");
}

#[test]
fn markdown_stays_what_it_is() {
    let cases = [
        ("a*b_c`d~e|f", r"a\*b\_c\`d\~e\|f"),
        ("@everyone <@1> [x](https://y.z)", r"\@everyone \<\@1> \[x\](https:\/\/y.z)"),
        ("# a\n - b\n> c\n12. d\n3) e", "\\# a\n \\- b\n\\> c\n12\\. d\n3\\) e"),
        ("2023-11-15 06:32:17 a > b # c", "2023-11-15 06:32:17 a > b # c"),
    ];
    for (text, expected) in cases {
        assert_eq!(literal(text, 1000), expected);
    }
    for limit in 0..80 {
        let text = literal(HOSTILE, limit);
        assert!(Unit::Utf16.length(&text) <= limit);
        let backslashes = text.trim_end_matches('…').chars().rev().take_while(|c| *c == '\\').count();
        assert_eq!(backslashes % 2, 0, "{text}");
    }
}

#[test]
fn long_texts_keep_their_most_important_parts() {
    let message = body(&[("mention", ROLE.into())], &overlong());
    let length = |pointer: &str| Unit::Utf16.length(message.pointer(pointer).unwrap().as_str().unwrap());
    let (title, description, footer) =
        (length("/embeds/0/title"), length("/embeds/0/description"), length("/embeds/0/footer/text"));
    assert!(title <= 256 && description <= 4096 && footer <= 2048 && title + description + footer <= 6000);
    assert!(length("/content") <= 2000);
    let description = message.pointer("/embeds/0/description").unwrap().as_str().unwrap();
    assert!(description.contains("\nTo do: ") && description.contains("dogwatch status"), "{description}");
    assert!(description.ends_with(r"Alert hive\/alice\/missing"), "{description}");
    for markup in ["#", "1. ", "*_`", "🐕"] {
        let marked = Alert { details: format!("{markup}\n").repeat(5000), remedy: markup.repeat(5000), ..alert() };
        let message = body(&[], &marked);
        let description = message.pointer("/embeds/0/description").unwrap().as_str().unwrap();
        assert!(Unit::Utf16.length(description) <= 4096);
        assert!(description.ends_with(r"Alert hive\/alice\/missing"), "{description}");
    }
}

#[test]
fn judges_as_discord_documents() {
    let judged = |status, headers: &[(&str, &str)], body: &str| judge::<Discord>(&[], &answer(status, headers, body));
    let permanent = |judgement: Judgement, part: &str| {
        assert!(matches!(&judgement, Judgement::Permanent(why) if why.contains(part)), "{part}: {judgement:?}");
    };
    assert_eq!(judged(200, &[], r#"{"id":"42","content":""}"#), Judgement::Accepted("42".into()));
    permanent(judged(204, &[], ""), "plain URL");

    let limited = r#"{"message":"You are being rate limited.","retry_after":0.3761,"global":false}"#;
    assert_eq!(judged(429, &[("retry-after", "1")], limited), Judgement::RetryAfter(377));
    assert_eq!(judged(429, &[], &limited.replace("0.3761", "64.57")), Judgement::RetryAfter(64_570));
    assert_eq!(judged(429, &[], &limited.replace("0.3761", "1e300")), Judgement::RetryAfter(3_600_000));
    assert_eq!(judged(429, &[("retry-after", "12")], "<html>"), Judgement::RetryAfter(12_000));
    assert_eq!(judged(429, &[("x-ratelimit-reset-after", "1.5")], ""), Judgement::RetryAfter(1500));
    for bad in ["", "<html>", r#"{"retry_after":-5}"#, r#"{"retry_after":"soon"}"#] {
        assert!(matches!(judged(429, &[], bad), Judgement::Transient(_)), "{bad}");
    }

    permanent(judged(404, &[], r#"{"message":"Unknown Webhook","code":10015}"#), "the webhook is gone");
    permanent(judged(404, &[], r#"{"message":"Unknown Channel","code":10003}"#), "thread");
    permanent(judged(401, &[], r#"{"message":"Invalid Webhook Token","code":50027}"#), "copy the webhook's URL again");
    let form = r#"{"message":"Invalid Form Body","code":50035,
                   "errors":{"embeds":{"0":{"title":{"_errors":[{"code":"BASE_TYPE_MAX_LENGTH","message":"x"}]}}}}}"#;
    permanent(judged(400, &[], form), "(embeds.0.title)");
    permanent(judged(400, &[], r#"{"message":"Webhooks posted to forum channels …","code":220001}"#), "Set thread");
    permanent(judged(404, &[], "<html>"), "404");
    permanent(judged(405, &[], r#"{"message":"405: Method Not Allowed","code":0}"#), "405");
    permanent(judged(301, &[("location", "https://x/secret")], ""), "redirect");
    for (status, body) in [(500, ""), (503, r#"{"message":"Service Unavailable","code":0}"#), (200, ""), (200, "[]")] {
        assert!(matches!(judged(status, &[], body), Judgement::Transient(_)), "{status} {body}");
    }
}

#[test]
fn the_self_test_looks_at_the_webhook_and_posts_nothing() {
    let config = configured::<Discord>(&[], &["webhook"]).unwrap();
    let requests = Discord::self_test(&config, "").unwrap();
    let shown: Vec<_> = requests.iter().map(shown).collect();
    assert_eq!(shown, ["GET <webhook plain>"]);
    let judged = |status, body: &str| Discord::judge_self_test(&Settings::default(), 0, &answer(status, &[], body));
    assert_eq!(judged(200, r#"{"type":1,"id":"1","token":"t"}"#), Judgement::Delivered);
    assert!(matches!(judged(200, r#"{"type":2,"id":"1"}"#), Judgement::Permanent(_)));
    assert!(matches!(judged(200, "<html>"), Judgement::Transient(_)));
    assert!(matches!(judged(404, r#"{"message":"Unknown Webhook","code":10015}"#), Judgement::Permanent(_)));
}
