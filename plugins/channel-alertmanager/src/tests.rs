//! What is handed to Alertmanager, and what its responses mean.

use dogwatch_sdk::Value;
use dogwatch_sdk::channel::{Part, Severity};
use dogwatch_sdk::json::Value as Json;
use dogwatch_sdk::testing::{
    alert, alerts, answer, channel_problems, compose, configured, golden, json_body, judge, overlong, response,
    shown_all,
};
use dogwatch_sdk::text::Unit;

use super::*;

const URL: &str = "https://alertmanager.example.com";

fn composed(alert: &Alert) -> Vec<Request> {
    compose::<Alertmanager>(&[("url", URL.into())], &[], alert).unwrap()
}

fn posted(alert: &Alert) -> Vec<Json> {
    let requests = composed(alert);
    assert_eq!(requests.len(), 1);
    json_body(&requests[0]).as_array().unwrap().clone()
}

#[test]
fn goldens() {
    for (name, alert) in alerts() {
        golden(env!("CARGO_MANIFEST_DIR"), &format!("{name}.txt"), &shown_all(&composed(&alert)));
    }
}

#[test]
fn whatever_was_opened_is_resolved() {
    let severities = [Severity::Info, Severity::Warning, Severity::Critical, Severity::Page];
    let mut opened = Vec::new();
    for severity in severities {
        for event in [Event::Opened, Event::Updated, Event::Escalated, Event::Acknowledged] {
            let details = format!("{event:?}");
            let posted = posted(&Alert { event, severity, details, ..alert() });
            assert_eq!(posted.len(), 1);
            assert_eq!(posted[0]["endsAt"], "2023-11-22T06:33:20Z", "a week after");
            assert_eq!(posted[0]["labels"]["severity"], severity.name());
            opened.push(posted[0]["labels"].clone());
        }
        let resolved = posted(&Alert { event: Event::Resolved, severity, ..alert() });
        for labels in &opened {
            assert_eq!(resolved.iter().filter(|alert| alert["labels"] == *labels).count(), 1, "{labels}");
        }
        assert_eq!(resolved.len() * 4, opened.len(), "and nothing else is");
        for alert in &resolved {
            assert_eq!(alert["startsAt"], "2023-11-15T06:32:17Z");
            assert_eq!(alert["endsAt"], "2023-11-15T06:32:50Z", "before now, whatever Alertmanager's clock says");
        }
    }
    let mut brief = Alert { event: Event::Resolved, ..alert() };
    brief.at = brief.opened_at + 5000;
    assert_eq!(posted(&brief)[0]["endsAt"], posted(&brief)[0]["startsAt"], "never before its beginning");
}

#[test]
fn wants_an_address_and_one_login() {
    let problem = |settings: &[(&str, Value)], secrets: &[&str]| {
        let problems = channel_problems::<Alertmanager>(settings, secrets);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].to_string()
    };
    let url = || ("url", Value::from(URL));
    let user = || ("user", Value::from("dogwatch"));
    assert!(problem(&[], &[]).starts_with("url: must be given: Alertmanager's address"));
    for bad in ["alertmanager:9093", "https://", "ftp://example.com", "https://a b", "https://a?b"] {
        assert!(problem(&[("url", bad.into())], &[]).starts_with("url: must be an address"), "{bad}");
    }
    assert!(problem(&[url(), ("resolve_after", "5m".into())], &[]).starts_with("resolve_after: must be from"));
    assert_eq!(problem(&[url(), user()], &[]), "password: must be given as a secret: the user has none");
    assert_eq!(problem(&[url()], &["password"]), "user: must be given: there is a password without a user");
    assert_eq!(
        problem(&[url(), user()], &["password", "token"]),
        "token: is given as well as a user; keep one of them"
    );
    let login = |settings: &[(&str, Value)], secrets: &[&str]| {
        configured::<Alertmanager>(settings, secrets).map(|config| config.login)
    };
    assert_eq!(login(&[url()], &[]), Ok(Login::Open));
    assert_eq!(login(&[url()], &["token"]), Ok(Login::Token));
    assert_eq!(login(&[url(), user()], &["password"]), Ok(Login::User("dogwatch".into())));
}

#[test]
fn logs_in() {
    let authorization = |settings: &[(&str, Value)], secrets: &[&str]| {
        let requests = compose::<Alertmanager>(settings, secrets, &alert()).unwrap();
        let Request::Http(http) = &requests[0] else { panic!("http") };
        assert_eq!(http.url, [Part::from("https://alertmanager.example.com/prefix"), Part::from("/api/v2/alerts")]);
        http.headers.iter().find(|header| header.name == "authorization").map(|header| header.value.clone())
    };
    let url = ("url", Value::from("https://alertmanager.example.com/prefix/"));
    let user = ("user", Value::from("dogwatch"));
    assert_eq!(authorization(std::slice::from_ref(&url), &[]), None);
    let bearer = vec!["Bearer ".into(), Part::secret("token")];
    assert_eq!(authorization(std::slice::from_ref(&url), &["token"]), Some(bearer));
    let basic = vec!["Basic ".into(), Part::basic("dogwatch", "password")];
    assert_eq!(authorization(&[url, user], &["password"]), Some(basic));
}

#[test]
fn keeps_to_the_limits() {
    let mut alert = overlong();
    alert.subject = "s".repeat(5000);
    let posted = posted(&alert);
    let length = |value: &Json| Unit::Chars.length(value.as_str().unwrap());
    assert_eq!(length(&posted[0]["annotations"]["summary"]), 1000);
    assert_eq!(length(&posted[0]["labels"]["subject"]), 1000);
    let key = |key: String| self::posted(&Alert { key, ..alert.clone() })[0]["labels"]["dogwatch_key"].clone();
    let (first, second) = (key("k".repeat(5000)), key("k".repeat(5001)));
    assert!(length(&first) == 1000 && first != second, "keys that differ late stay apart");
    let description = posted[0]["annotations"]["description"].as_str().unwrap();
    assert!(Unit::Chars.length(description) <= 10_000);
    assert!(description.contains("\nTo do: ") && description.contains("\nType: dogwatch status"));
}

#[test]
fn judges_as_documented() {
    for body in ["", "{}", r#"{"status":"success"}"#] {
        assert_eq!(judge::<Alertmanager>(&[], &answer(200, &[], body)), Judgement::Delivered, "{body}");
    }
    let page = judge::<Alertmanager>(&[], &answer(200, &[], "\n<!doctype html><title>Log in</title>"));
    assert!(matches!(&page, Judgement::Permanent(why) if why.contains("is the url right")), "{page:?}");
    let why = |status, body| match judge::<Alertmanager>(&[], &answer(status, &[], body)) {
        Judgement::Permanent(why) | Judgement::Transient(why) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        why(400, r#""start time must be before end time\n""#),
        "the service answers 400 (it does not understand the message): start time must be before end time"
    );
    assert!(
        why(422, r#"{"code":602,"message":"labels in body is required"}"#).ends_with(": labels in body is required")
    );
    assert_eq!(why(401, "Unauthorized\n"), "the service answers 401 (the secret is missing or wrong)");
    assert_eq!(judge::<Alertmanager>(&[], &response(429, &[("retry-after", "2")])), Judgement::RetryAfter(2000));
    for status in [429, 500, 502, 503] {
        let judgement = judge::<Alertmanager>(&[], &response(status, &[]));
        assert!(matches!(judgement, Judgement::Transient(_)), "{status}");
    }
    for status in [302, 400, 401, 403, 404, 405, 415, 422] {
        let judgement = judge::<Alertmanager>(&[], &answer(status, &[], "<html>"));
        assert!(matches!(judgement, Judgement::Permanent(_)), "{status}");
    }
}

#[test]
fn the_self_test_asks_for_the_receivers() {
    let config = configured::<Alertmanager>(&[("url", URL.into())], &["token"]).unwrap();
    let requests = Alertmanager::self_test(&config, "").unwrap();
    let [Request::Http(http)] = requests.as_slice() else { panic!("one request") };
    assert_eq!(http.url, [Part::from(URL), Part::from("/api/v2/receivers")]);
    assert_eq!(http.headers, [Header::bearer("token")]);
    let judged = |status, body| Alertmanager::judge_self_test(&Settings::default(), 0, &answer(status, &[], body));
    assert_eq!(judged(200, r#"[{"name":"night"}]"#), Judgement::Delivered);
    for nonsense in ["", "<html>", "{}", r#"["night"]"#] {
        assert!(matches!(judged(200, nonsense), Judgement::Permanent(_)), "{nonsense}");
    }
    assert!(matches!(judged(401, ""), Judgement::Permanent(_)));
    assert!(matches!(judged(503, ""), Judgement::Transient(_)));
}
