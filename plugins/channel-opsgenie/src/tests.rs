//! What is sent to Opsgenie, and what its responses mean.

mod judge;

use dogwatch_sdk::Value;
use dogwatch_sdk::json::{Value as Json, parse};
use dogwatch_sdk::testing::{
    alert, alerts, channel_problems, compose, configured, golden, json_body, overlong, shown, shown_all,
};
use dogwatch_sdk::text::Unit;

use super::*;

const JIRA: &str = "https://api.atlassian.com/jsm/ops/integration";

fn texts(texts: &[&str]) -> Value {
    Value::Texts(texts.iter().map(|text| (*text).to_owned()).collect())
}

fn composed(alert: &Alert) -> Vec<Request> {
    compose::<Opsgenie>(&[], &["key"], alert).unwrap()
}

#[test]
fn goldens() {
    for (name, alert) in alerts() {
        golden(env!("CARGO_MANIFEST_DIR"), &format!("{name}.txt"), &shown_all(&composed(&alert)));
    }
}

#[test]
fn whatever_was_opened_is_acknowledged_and_closed() {
    let mut opened = Vec::new();
    for severity in Severity::ALL {
        for event in [Event::Opened, Event::Updated, Event::Escalated] {
            let requests = composed(&Alert { event, severity, ..alert() });
            assert_eq!(requests.len(), 1);
            assert_eq!(json_body(&requests[0])["alias"], format!("hive:alice:missing:{}", severity.name()));
        }
        opened.push(format!("/v2/alerts/hive%3Aalice%3Amissing%3A{}/", severity.name()));
        for (event, action) in [(Event::Acknowledged, "acknowledge"), (Event::Resolved, "close")] {
            let requests = composed(&Alert { event, severity, ..alert() });
            let first_line = |request: &Request| shown(request).lines().next().unwrap().to_owned();
            let lines: Vec<_> = requests.iter().map(first_line).collect();
            let expected: Vec<_> = opened
                .iter()
                .map(|path| format!("POST https://api.opsgenie.com{path}{action}?identifierType=alias"))
                .collect();
            assert_eq!(lines, expected);
        }
    }
    assert_eq!(composed(&Alert { event: Event::Report, ..alert() }), []);
}

#[test]
fn aliases_are_fit_for_a_path_and_stay_apart() {
    let alias = |key: &str| alias::of(&Alert { key: key.into(), ..alert() }, Severity::Page);
    assert_eq!(alias("hive/alice/missing"), "hive:alice:missing:page");
    assert_eq!(alias("hive/https://a.b/c?d"), "hive:https~3A::a.b:c~3Fd:page");
    assert_eq!(alias("a~ü"), "a~7E~C3~BC:page");
    let (one, two) = (alias(&("k/".repeat(200) + "one")), alias(&("k/".repeat(200) + "two")));
    assert_eq!((one.len(), two.len()), (250, 250));
    assert_ne!(one, two);
    let fits = "k".repeat(245);
    assert_eq!(alias(&fits), fits + ":page");
}

#[test]
fn wants_a_key_and_right_settings() {
    let problem = |settings: &[(&str, Value)], secrets: &[&str]| {
        let problems = channel_problems::<Opsgenie>(settings, secrets);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].to_string()
    };
    assert_eq!(channel_problems::<Opsgenie>(&[("url", JIRA.into())], &["key"]), []);
    assert!(problem(&[], &[]).starts_with("key: must be given as a secret: The API key"));
    for bad in ["api.opsgenie.com", "https://", "ftp://example.com", "https://a b", "https://a?b"] {
        assert!(problem(&[("url", bad.into())], &["key"]).starts_with("url: must be an address"), "{bad}");
    }
    let whole = problem(&[("url", "https://api.opsgenie.com/v2/alerts/".into())], &["key"]);
    assert_eq!(whole, "url: must be the address without /v2/alerts, which is appended: …api.opsgenie.com");
    for bad in ["Night watch", "group:x", "team:", "user: "] {
        assert!(problem(&[("responders", texts(&[bad]))], &["key"]).starts_with("responders: must "), "{bad}");
    }
    assert!(problem(&[("responders", texts(&["team:a"; 51]))], &["key"]).contains("at most 50"));
    assert!(problem(&[("tags", texts(&["a"; 21]))], &["key"]).contains("at most 20"));
    assert!(problem(&[("tags", texts(&[&"t".repeat(51)]))], &["key"]).contains("1 to 50"));
}

#[test]
fn names_responders_and_tags() {
    let id = "4513b7ea-3b91-438f-b7e4-e3e54af9147c";
    let responders =
        texts(&["team:Night watch", &format!("team:{id}"), "user:a@example.com", "user:5b10:x", "schedule:s"]);
    let settings = [("responders", responders), ("tags", texts(&["hive", "witness"]))];
    let requests = compose::<Opsgenie>(&settings, &["key"], &alert()).unwrap();
    let json = json_body(&requests[0]);
    let expected = format!(
        r#"[{{"name":"Night watch","type":"team"}},{{"id":"{id}","type":"team"}},
            {{"username":"a@example.com","type":"user"}},{{"id":"5b10:x","type":"user"}},
            {{"name":"s","type":"schedule"}}]"#
    );
    assert_eq!(json["responders"], parse(expected.as_bytes()));
    assert_eq!(json["tags"], parse(br#"["hive","witness"]"#));
}

#[test]
fn keeps_to_the_limits() {
    let mut alert = overlong();
    for text in [&mut alert.subject, &mut alert.site, &mut alert.witness, &mut alert.cause, &mut alert.key] {
        *text = "🐕".repeat(5000);
    }
    let opened = json_body(&composed(&alert)[0]);
    let length = |value: &Json| Unit::Utf16.length(value.as_str().unwrap());
    for (value, longest) in
        [("message", 130), ("alias", 250), ("description", 15_000), ("entity", 500), ("source", 100)]
    {
        assert!((longest - 2..=longest).contains(&length(&opened[value])), "{value} {}", length(&opened[value]));
    }
    let details = opened["details"].as_object().unwrap();
    let all: usize = details.iter().map(|(name, value)| name.len() + length(value)).sum();
    assert!(all <= 8000, "{all}");
    alert.event = Event::Resolved;
    alert.acknowledged_by = "🐕".repeat(5000);
    assert!(length(&json_body(&composed(&alert)[0])["note"]) <= 1000);
    let description = json_body(&composed(&overlong())[0])["description"].as_str().unwrap().to_owned();
    assert!(description.contains("\nTo do: ") && description.contains("\nType: dogwatch status"));
    assert!(!description.contains(['<', '>']));
}

#[test]
fn paths_are_appended_to_any_base() {
    let requests = compose::<Opsgenie>(&[("url", format!("{JIRA}/").as_str().into())], &["key"], &alert()).unwrap();
    let Request::Http(http) = &requests[0] else { panic!("http") };
    assert_eq!(http.url, [Part::from(JIRA), Part::from("/v2/alerts")]);
    let config = configured::<Opsgenie>(&[], &["key"]).unwrap();
    let asked = Opsgenie::follow(&config, &alert(), "43a29c5c/../x").unwrap().unwrap();
    assert_eq!(shown(&asked).lines().next(), Some("GET https://api.opsgenie.com/v2/alerts/requests/43a29c5c%2F..%2Fx"));
}
