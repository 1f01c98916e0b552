//! What is published at each event, and what the responses mean.

use dogwatch_sdk::Value;
use dogwatch_sdk::channel::{Event, Severity};
use dogwatch_sdk::testing::{
    alert, alerts, answer, channel_problems, compose, configured, golden, json_body, judge, overlong, response, shown,
};

use super::*;

fn settings() -> Vec<(&'static str, Value)> {
    vec![("topic", "watch".into())]
}

fn with_call() -> Vec<(&'static str, Value)> {
    vec![("topic", "watch".into()), ("call", "yes".into())]
}

fn page() -> Alert {
    Alert { severity: Severity::Page, ..alert() }
}

/// The body as JSON.
fn body(requests: &[Request]) -> dogwatch_sdk::json::Value {
    assert_eq!(requests.len(), 1);
    let json = json_body(&requests[0]);
    assert!(json.is_object(), "{json}");
    json
}

#[test]
fn goldens() {
    for (name, alert) in alerts() {
        let text = shown(&compose::<Ntfy>(&with_call(), &["token"], &alert).unwrap()[0]);
        golden(env!("CARGO_MANIFEST_DIR"), &format!("{name}.txt"), &format!("{text}\n"));
    }
}

#[test]
fn loudness_follows_severity_and_event() {
    let cases = [
        (Event::Opened, Severity::Page, 5),
        (Event::Escalated, Severity::Page, 5),
        (Event::Updated, Severity::Critical, 4),
        (Event::Opened, Severity::Warning, 3),
        (Event::Opened, Severity::Info, 2),
        (Event::Acknowledged, Severity::Page, 2),
        (Event::Resolved, Severity::Page, 2),
        (Event::Report, Severity::Page, 2),
    ];
    for (event, severity, priority) in cases {
        let alert = Alert { event, severity, ..alert() };
        let body = body(&compose::<Ntfy>(&with_call(), &["token"], &alert).unwrap());
        assert_eq!(body["priority"], priority, "{event:?} {severity:?}");
        assert_eq!(body.get("call").is_some(), priority == 5, "{event:?} {severity:?}");
    }
}

#[test]
fn a_secret_topic_and_the_login_stay_names() {
    let requests = compose::<Ntfy>(&[], &["topic", "token"], &alert()).unwrap();
    let text = shown(&requests[0]);
    assert!(text.contains("{\"topic\":\"<topic json>\",\"title\":\"CRITICAL at home"), "{text}");
    assert!(text.contains("authorization: Bearer <token plain>\n"), "{text}");
    let settings = [("topic", Value::from("watch")), ("user", "phil".into())];
    let text = shown(&compose::<Ntfy>(&settings, &["password"], &alert()).unwrap()[0]);
    assert!(text.contains("authorization: Basic <basic phil:password>\n"), "{text}");
}

#[test]
fn texts_fit() {
    let quotes = "\"\n".repeat(50_000);
    let quoted = Alert { summary: quotes.clone(), details: quotes.clone(), remedy: quotes, ..page() };
    for alert in [overlong(), Alert { severity: Severity::Page, ..overlong() }, quoted] {
        for (settings, memory) in [(settings(), ""), (with_call(), ""), (with_call(), "no calls before 1800000000000")]
        {
            let config = configured::<Ntfy>(&settings, &["token"]).unwrap();
            let requests = Ntfy::compose(&config, memory, &alert).unwrap();
            let json = body(&requests);
            assert!(json.to_string().len() < 8000);
            let message = json["message"].as_str().unwrap();
            assert!(message.len() < 4096);
            assert!(message.contains("\nType: dogwatch status\n"), "{message}");
            assert!(json.get("call").is_none() || message.len() <= 600, "{}", message.len());
        }
    }
}

#[test]
fn a_page_goes_out_without_the_call_that_ntfy_refuses() {
    let config = configured::<Ntfy>(&with_call(), &["token"]).unwrap();
    for (status, code) in [(400, 40_032), (400, 40_033), (400, 40_034), (400, 40_035), (429, 42_910)] {
        let refusal = answer(status, &[], &format!(r#"{{"code":{code},"http":{status},"error":"no"}}"#));
        let Judgement::Remember(memory) = judge::<Ntfy>(&with_call(), &refusal) else { panic!("remember") };
        let again = body(&Ntfy::compose(&config, &memory, &page()).unwrap());
        assert!(again.get("call").is_none());
        assert!(again["message"].as_str().unwrap().contains("refused to ring"), "{again}");
        let later = Alert { at: page().at + 3_600_000, ..page() };
        assert_eq!(body(&Ntfy::compose(&config, &memory, &later).unwrap())["call"], "yes");
    }
    assert_eq!(body(&Ntfy::compose(&config, "rubbish", &page()).unwrap())["call"], "yes");
}

#[test]
fn settings_are_checked() {
    let message = |settings: &[(&str, Value)], secrets: &[&str]| {
        let problems = channel_problems::<Ntfy>(settings, secrets);
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let topic = || ("topic", Value::from("watch"));
    assert_eq!(message(&[topic()], &[]), "");
    assert_eq!(message(&[], &["topic"]), "");
    assert_eq!(message(&[], &[]), "topic: must be given, as a setting or as a secret");
    assert_eq!(message(&[topic()], &["topic"]), "topic: is both a setting and a secret; keep one of them");
    for bad in ["", "a b", "a/b", "ä"] {
        assert!(message(&[("topic", bad.into())], &[]).starts_with("topic: must be the name"), "{bad}");
    }
    assert!(message(&[topic(), ("url", "ntfy.sh".into())], &[]).starts_with("url: must be an address"));
    assert_eq!(message(&[topic()], &["password"]), "user: must be given with the secret password");
    assert_eq!(message(&[topic(), ("user", "phil".into())], &[]), "password: must be given as a secret with user");
    assert_eq!(message(&[topic()], &["token", "password"]), "token: is enough; leave out user and password");
    assert!(message(&[topic(), ("user", "a:b".into())], &["password"]).starts_with("user: must be the name"));
    assert!(message(&[topic(), ("call", "yes".into())], &[]).starts_with("call: needs a login"));
    assert!(message(&[topic(), ("call", "me".into())], &["token"]).starts_with("call: must be \"yes\""));
    assert_eq!(message(&[topic(), ("call", "+15551234567".into())], &["token"]), "");
}

#[test]
fn answers_are_judged() {
    let judge = |answer: &Response| judge::<Ntfy>(&settings(), answer);
    let accepted = judge(&answer(200, &[], r#"{"id":"abc","time":1,"event":"message","topic":"watch"}"#));
    assert_eq!(accepted, Judgement::Accepted("abc".into()));
    for odd in ["", "<html>", "[]", "{}", r#"{"id":""}"#] {
        assert!(matches!(judge(&answer(200, &[], odd)), Judgement::Transient(_)), "{odd}");
    }
    assert_eq!(judge(&answer(429, &[], r#"{"code":42901}"#)), Judgement::RetryAfter(10_000));
    assert_eq!(judge(&answer(429, &[], r#"{"code":42909}"#)), Judgement::RetryAfter(60_000));
    assert_eq!(judge(&response(429, &[("retry-after", "3")])), Judgement::RetryAfter(3_000));
    let quota = judge(&answer(429, &[], r#"{"code":42908,"error":"limit reached: daily message quota reached"}"#));
    assert!(matches!(quota, Judgement::Transient(why) if why.contains("midnight UTC")));

    let forbidden = judge(&answer(403, &[], r#"{"code":40301,"http":403,"error":"forbidden"}"#));
    assert_eq!(
        forbidden,
        Judgement::Permanent(
            "ntfy refuses (error 40301): forbidden. Allow the user to write to the topic, or give the secret token"
                .into()
        )
    );
    let refused = [(400, 40_009), (401, 40_101), (404, 40_401), (413, 41_303), (400, 40_034)];
    for (status, code) in refused {
        let judgement = judge(&answer(status, &[], &format!(r#"{{"code":{code}}}"#)));
        assert!(matches!(judgement, Judgement::Permanent(_)), "{status}");
    }
    assert!(matches!(judge(&response(404, &[])), Judgement::Permanent(_)));
    for status in [408, 500, 502, 507] {
        assert!(matches!(judge(&answer(status, &[], r#"{"code":50701}"#)), Judgement::Transient(_)), "{status}");
    }
}

#[test]
fn the_self_test_wakes_nobody() {
    let config = configured::<Ntfy>(&[("call", "+15551234567".into())], &["token", "topic"]).unwrap();
    let requests = Ntfy::self_test(&config, "").unwrap();
    let firsts: Vec<_> = requests.iter().map(|request| shown(request).lines().next().unwrap().to_owned()).collect();
    assert_eq!(
        firsts,
        ["GET https://ntfy.sh/v1/health", "GET https://ntfy.sh/<topic percent>/auth", "GET https://ntfy.sh/v1/account"]
    );
    let judge = |call: &str, index, status, body: &str| {
        let settings = Settings::from_pairs(vec![("call".to_owned(), call.into())]);
        Ntfy::judge_self_test(&settings, index, &answer(status, &[], body))
    };
    assert_eq!(judge("yes", 0, 200, r#"{"healthy":true}"#), Judgement::Delivered);
    assert!(matches!(judge("yes", 0, 200, r#"{"healthy":false}"#), Judgement::Transient(_)));
    assert!(matches!(judge("yes", 0, 200, "<html>"), Judgement::Transient(_)));
    assert_eq!(judge("yes", 1, 200, r#"{"success":true}"#), Judgement::Delivered);
    assert!(matches!(judge("yes", 1, 401, r#"{"code":40101,"error":"unauthorized"}"#), Judgement::Permanent(_)));
    assert!(matches!(judge("yes", 1, 403, r#"{"code":40301,"error":"forbidden"}"#), Judgement::Accepted(_)));
    assert!(matches!(judge("yes", 1, 403, "<html>"), Judgement::Permanent(_)));

    let account = r#"{"phone_numbers":["+15551234567"],"limits":{"calls":10},"stats":{"calls_remaining":3}}"#;
    assert_eq!(judge("yes", 2, 200, account), Judgement::Delivered);
    assert_eq!(judge("+15551234567", 2, 200, account), Judgement::Delivered);
    assert!(matches!(judge("+15550000000", 2, 200, account), Judgement::Permanent(why) if why.contains("verified")));
    assert!(matches!(judge("yes", 2, 200, "{}"), Judgement::Permanent(_)));
    let none = r#"{"phone_numbers":["+15551234567"],"limits":{"calls":0}}"#;
    assert!(matches!(judge("yes", 2, 200, none), Judgement::Permanent(why) if why.contains("plan")));
    let used = r#"{"phone_numbers":["+15551234567"],"limits":{"calls":1},"stats":{"calls_remaining":0}}"#;
    assert!(matches!(judge("yes", 2, 200, used), Judgement::Transient(_)));
}
