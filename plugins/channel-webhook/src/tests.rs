//! What is posted where, and what the answers mean.

use dogwatch_sdk::channel::Judgement;
use dogwatch_sdk::testing::{alert, channel_problems, compose, judge, response};

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
        r#""subject":"witness alice","site":"home","chain":"hive","witness":"alice","#,
        r#""summary":"alice misses blocks","details":"2 own slots in a row","remedy":"look at node one","#,
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
    assert!(why.contains("redirects are not followed") && !why.contains("elsewhere"), "{why}");
    let refused = judge::<Webhook>(&settings, &response(404, &[]));
    assert!(matches!(&refused, Judgement::Permanent(why) if why.contains("404")), "{refused:?}");
}
