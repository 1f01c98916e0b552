//! What is posted where, and what the responses mean.

use dogwatch_sdk::channel::Judgement;
use dogwatch_sdk::channel::Method;
use dogwatch_sdk::json::parse;
use dogwatch_sdk::testing::{
    HOSTILE, alert, alerts, channel_problems, compose, golden, judge, overlong, response, shown,
};

use dogwatch_sdk::Value;

use super::*;

const URL: &str = "https://example.com/hook";

fn only(settings: &[(&str, Value)], secrets: &[&str]) -> HttpRequest {
    let mut requests = compose::<Webhook>(settings, secrets, &alert()).unwrap();
    assert_eq!(requests.len(), 1);
    let Request::Http(request) = requests.remove(0) else { panic!("http") };
    request
}

#[test]
fn posts_json_with_an_idempotency_key() {
    let request = only(&[("url", URL.into())], &[]);
    assert_eq!(request.method, Method::Post);
    assert_eq!(request.url, [Part::from(URL)]);
    assert_eq!(
        request.headers,
        [Header::plain("content-type", "application/json"), Header::plain("idempotency-key", "hive/alice/missing/1")]
    );
    let [Part::Text(body)] = request.body.as_slice() else { panic!("one text: {:?}", request.body) };
    let expected = concat!(
        r#"{"key":"hive/alice/missing","message_id":"hive/alice/missing/1","event":"opened","severity":"critical","#,
        r#""subject":"witness alice","cause":"missing","site":"home","chain":"hive","witness":"alice","#,
        r#""summary":"alice misses blocks","details":"2 own slots in a row","remedy":"look at node one","#,
        r#""command":"dogwatch status","acknowledged_by":"","#,
        r#""opened_at":"2023-11-15T06:32:17Z","opened_at_ms":1700029937000,"#,
        r#""at":"2023-11-15T06:33:20Z","at_ms":1700030000000}"#
    );
    assert_eq!(body, expected);
}

#[test]
fn secrets_are_named_and_never_seen() {
    let request = only(&[], &["url", "token"]);
    assert_eq!(request.url, [Part::secret("url")]);
    let last = request.headers.last().unwrap();
    assert_eq!(
        (last.name.as_str(), last.value.as_slice()),
        ("authorization", &["Bearer ".into(), Part::secret("token")][..])
    );
}

#[test]
fn wants_exactly_one_address() {
    let url = || [("url", Value::from(URL))];
    assert_eq!(channel_problems::<Webhook>(&url(), &[]), []);
    assert_eq!(channel_problems::<Webhook>(&[], &["url"]), []);
    let message = |settings: &[(&str, Value)], secrets: &[&str]| {
        let problems = channel_problems::<Webhook>(settings, secrets);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].to_string()
    };
    assert_eq!(message(&[], &[]), "url: must be given, as a setting or as a secret");
    assert_eq!(message(&[], &["token"]), "url: must be given, as a setting or as a secret");
    assert_eq!(message(&url(), &["url"]), "url: is both a setting and a secret; keep one of them");
    assert_eq!(message(&[("url", 5.into())], &[]), "url: must be a text in quotes, found the number 5");
    for bad in ["example.com", "https://", "ftp://example.com", "https://a b"] {
        assert!(message(&[("url", Value::from(bad))], &[]).contains("must be an address"), "{bad}");
    }
    assert_eq!(message(&url(), &["tokn"]), "tokn: no such secret; did you mean token?");
}

#[test]
fn awkward_texts_stay_one_json_object() {
    let mut alert = alert();
    alert.summary = "a \"quoted\" \\ line\nand \u{7} more".into();
    let requests = compose::<Webhook>(&[("url", URL.into())], &[], &alert).unwrap();
    let Request::Http(request) = &requests[0] else { panic!("http") };
    let [Part::Text(body)] = request.body.as_slice() else { panic!("one text") };
    assert!(body.contains(r#""summary":"a \"quoted\" \\ line\nand \u0007 more""#), "{body}");
}

#[test]
fn judges_by_status_and_quotes_no_secret() {
    let settings = [("url", Value::from(URL))];
    assert_eq!(judge::<Webhook>(&settings, &response(204, &[])), Judgement::Delivered);
    assert_eq!(judge::<Webhook>(&settings, &response(429, &[("retry-after", "7")])), Judgement::RetryAfter(7000));
    assert!(matches!(judge::<Webhook>(&settings, &response(500, &[])), Judgement::Transient(_)));
    let redirect = judge::<Webhook>(&settings, &response(301, &[("location", "https://elsewhere.example/secret")]));
    let Judgement::Permanent(why) = redirect else { panic!("permanent: {redirect:?}") };
    assert!(why.contains("is not followed") && !why.contains("elsewhere"), "{why}");
    let refused = judge::<Webhook>(&settings, &response(404, &[]));
    assert!(matches!(&refused, Judgement::Permanent(why) if why.contains("404")), "{refused:?}");
}

const APPRISE: &str = r#"{"title":"{{title}}","body":"{{body}}","type":"failure"}"#;

fn body_of(settings: &[(&str, Value)], alert: &Alert) -> String {
    let requests = compose::<Webhook>(settings, &["url"], alert).unwrap();
    let [Request::Http(request)] = requests.as_slice() else { panic!("one request") };
    let [Part::Text(body)] = request.body.as_slice() else { panic!("one text: {:?}", request.body) };
    body.clone()
}

fn problem(settings: &[(&str, Value)]) -> String {
    let problems = channel_problems::<Webhook>(settings, &["url"]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems[0].to_string()
}

#[test]
fn goldens() {
    let headers = Value::Texts(vec!["X-Priority: 5".into()]);
    let apprise = [("url", Value::from("http://localhost:8000/notify/dogs")), ("template", APPRISE.into())];
    let plain = [
        ("url", Value::from(URL)),
        ("template", "{{title}}\n{{body}}\n".into()),
        ("content_type", "text/plain; charset=utf-8".into()),
        ("method", "PUT".into()),
        ("headers", headers),
    ];
    for (name, alert) in alerts() {
        let kinds: [(&str, &[_], &[&str]); 3] = [
            ("json", &[("url", Value::from(URL))], &["token", "signing_key"]),
            ("apprise", &apprise, &[]),
            ("plain", &plain, &[]),
        ];
        for (kind, settings, secrets) in kinds {
            let requests = compose::<Webhook>(settings, secrets, &alert).unwrap();
            let shown: Vec<_> = requests.iter().map(shown).collect();
            golden(env!("CARGO_MANIFEST_DIR"), &format!("webhook-{kind}-{name}.txt"), &shown.join("\n\n"));
        }
    }
}

#[test]
fn signs_the_timestamp_and_the_body() {
    let mut alert = alert();
    alert.at = 1_700_000_000_999;
    let requests = compose::<Webhook>(&[("url", URL.into())], &["signing_key"], &alert).unwrap();
    let Request::Http(request) = &requests[0] else { panic!("http") };
    let signature = Part::signature("signing_key", "1700000000.");
    assert_eq!(
        request.headers[2..],
        [
            Header::plain("x-dogwatch-timestamp", "1700000000"),
            Header { name: "x-dogwatch-signature".into(), value: vec!["sha256=".into(), signature] }
        ]
    );
}

#[test]
fn templates_name_every_field() {
    let mut alert = alert();
    alert.acknowledged_by = "bob".into();
    let template = "{{summary}}|{{title}}|{{body}}|{{details}}|{{remedy}}|{{ command }}|{{severity}}|{{event}}|{{key}}|\
                    {{message_id}}|{{subject}}|{{cause}}|{{site}}|{{chain}}|{{witness}}|{{opened_at}}|{{at}}|\
                    {{acknowledged_by}}";
    let body = body_of(&[("template", template.into()), ("content_type", "text/plain".into())], &alert);
    assert!(
        body.starts_with("alice misses blocks|CRITICAL at home: alice misses blocks|2 own slots in a row\n"),
        "{body}"
    );
    assert!(
        body.ends_with(
            "|2 own slots in a row|look at node one|dogwatch status|critical|opened|hive/alice/missing|\
             hive/alice/missing/1|witness alice|missing|home|hive|alice|2023-11-15T06:32:17Z|2023-11-15T06:33:20Z|bob"
        ),
        "{body}"
    );
}

#[test]
fn what_is_put_in_cannot_break_out() {
    let mut alert = alert();
    alert.summary = HOSTILE.into();
    let body = body_of(&[("template", APPRISE.into())], &alert);
    let json = parse(body.as_bytes());
    assert!(json["title"].as_str().unwrap().contains("\"'\\ %0A+&"), "{body}");
    assert_eq!(json["type"], "failure");
    let with = |template: &str, content_type: &str, summary: &str| {
        let mut alert = self::alert();
        alert.summary = summary.into();
        body_of(&[("template", template.into()), ("content_type", content_type.into())], &alert)
    };
    assert_eq!(with("a={{summary}}", "application/x-www-form-urlencoded", "b&c=d é"), "a=b%26c%3Dd%20%C3%A9");
    assert_eq!(with("<p>{{summary}}</p>", "text/html", "<b>'\""), "<p>&lt;b&gt;&#39;&quot;</p>");
    assert_eq!(with("{{summary}}", "text/plain", "<b>\"\u{202e}\u{7}"), "<b>\"");
    assert_eq!(with("{{summary|html}} {{ summary | url }}", "text/plain", "<"), "&lt; %3C");
    let nested = r#"{"a":{"b":"{{at}}"}}"#;
    assert_eq!(with(nested, "application/vnd.x+json", ""), r#"{"a":{"b":"2023-11-15T06:33:20Z"}}"#);
}

#[test]
fn says_what_is_wrong_with_a_template() {
    let template = |text: &str| problem(&[("template", text.into())]);
    let unknown = template(r#"{"text":"{{titel}}"}"#);
    assert!(
        unknown.starts_with("template: {{titel}}: no such placeholder as \"titel\"; there are: title, body,"),
        "{unknown}"
    );
    assert!(template(r#"{"text":"{{title|jsn}}"}"#).contains("no such filter as \"jsn\"; there are: json, url"));
    assert!(template(r#"{"text":"{{title"#).contains("{{title are never closed"));
    assert!(template(r#"{"text":{{title}}}"#).contains("is not valid JSON"));
    assert!(template(r#"{"text":"{{details|raw}}"}"#).contains("is not valid JSON"));
    assert!(template("{{title}}").contains("is not valid JSON"));
    let plain = |value: &str| problem(&[("content_type", value.into())]);
    assert_eq!(plain("text/plain"), "content_type: is not JSON, and without a template the body is");
    for bad in ["", "json", "text/", "text/plain\r\nx: y", "a/b; é"] {
        assert!(plain(bad).contains("must look like \"application/json\""), "{bad}");
    }
    assert!(problem(&[("method", "GET".into())]).contains("must be \"POST\" or \"PUT\""));
}

#[test]
fn headers_cannot_do_harm() {
    let with = |line: &str| problem(&[("headers", Value::Texts(vec![line.into()]))]);
    assert!(with("X-Priority").contains("must look like \"X-Priority: 5\""));
    assert!(with(": 5").contains("is not a header name"));
    assert!(with("X Y: 5").contains("is not a header name"));
    assert!(with("X: a\r\nY: b").contains("in one line"));
    assert!(with("Content-Type: text/plain").contains("use the setting content_type"));
    assert!(with("Host: other").contains("is set by Dogwatch"));
    assert!(with("Authorization: Bearer x").contains("use the secret token"));
    assert!(problem(&[("headers", Value::Texts(vec!["a: 1".into(), "A: 2".into()]))]).contains("a is given twice"));
    let mut alert = alert();
    alert.message_id = "a b/ü\n".into();
    let requests = compose::<Webhook>(&[], &["url"], &alert).unwrap();
    let Request::Http(request) = &requests[0] else { panic!("http") };
    assert_eq!(request.headers[1], Header::plain("idempotency-key", "a%20b/%C3%BC%0A"));
}

#[test]
fn long_texts_are_cut() {
    for settings in [vec![], vec![("template", Value::from(APPRISE))]] {
        let body = body_of(&settings, &overlong());
        assert!(body.len() < 200_000 && parse(body.as_bytes()).is_object(), "{}", body.len());
    }
}
