//! What the service's responses mean.

use dogwatch_sdk::Value;
use dogwatch_sdk::channel::Following;
use dogwatch_sdk::testing::{alert, answer, configured, judge, response, shown};

use super::{Alert, Channel, Event, JIRA, Judgement, Opsgenie, Progress, Settings, Severity};

const TAKEN: &str = r#"{"result":"Request will be processed","took":0.302,"requestId":"43a29c5c"}"#;

fn followed() -> Judgement {
    Judgement::Follow(Following { receipt: "43a29c5c".into(), after: 2000, delivered: false })
}

fn accepted() -> Judgement {
    Judgement::Accepted("43a29c5c".into())
}

#[test]
fn judges_as_documented() {
    assert_eq!(judge::<Opsgenie>(&[], &answer(202, &[], TAKEN)), followed());
    for nonsense in ["", "<html>", r#"{"requestId":5}"#, r#"{"requestId":""}"#] {
        assert_eq!(
            judge::<Opsgenie>(&[], &answer(202, &[], nonsense)),
            Judgement::Accepted(String::new()),
            "{nonsense}"
        );
    }
    let why = |status, body| match judge::<Opsgenie>(&[], &answer(status, &[], body)) {
        Judgement::Permanent(why) => why,
        other => panic!("{other:?}"),
    };
    let denied = why(401, r#"{"message":"Could not authenticate","took":0.0,"requestId":"r"}"#);
    assert!(denied.contains("answers 401") && denied.ends_with(": Could not authenticate"), "{denied}");
    let invalid = r#"{"message":"Request body is not processable.","errors":{"message":"cannot be empty"}}"#;
    assert!(why(422, invalid).ends_with(": Request body is not processable. message: cannot be empty"));
    assert!(why(402, "").contains("plan"));
    for status in [200, 201, 301, 400, 403, 404, 422] {
        why(status, "<html>");
    }
    for status in [500, 502, 503, 429] {
        let judgement = judge::<Opsgenie>(&[], &response(status, &[]));
        assert!(matches!(judgement, Judgement::Transient(_)), "{status}");
    }
}

#[test]
fn waits_as_long_as_it_is_asked_to() {
    let waits = |headers: &[(&str, &str)]| judge::<Opsgenie>(&[], &response(429, headers));
    let period = ("x-ratelimit-period-in-sec", "60");
    assert_eq!(waits(&[("x-ratelimit-state", "THROTTLED"), period]), Judgement::RetryAfter(60_000));
    assert_eq!(waits(&[("retry-after", "5"), period]), Judgement::RetryAfter(5000));
    assert_eq!(waits(&[("x-ratelimit-period-in-sec", "999999999")]), Judgement::RetryAfter(3_600_000));
    assert!(matches!(waits(&[("x-ratelimit-period-in-sec", "soon")]), Judgement::Transient(_)));
}

#[test]
fn only_the_request_that_matters_is_followed_and_only_where_it_can_be() {
    let judged = |url: &str, event, index| {
        let url = (!url.is_empty()).then(|| ("url".to_owned(), Value::from(url)));
        let settings = Settings::from_pairs(url.into_iter().collect());
        Opsgenie::judge(&settings, &Alert { event, ..alert() }, index, &answer(202, &[], TAKEN))
    };
    let own = u32::try_from(Severity::ALL.iter().position(|severity| *severity == alert().severity).unwrap()).unwrap();
    for event in [Event::Acknowledged, Event::Resolved] {
        for index in 0..4 {
            assert_eq!(judged("", event, index), if index == own { followed() } else { accepted() });
        }
        assert_eq!(judged(JIRA, event, own), accepted());
    }
    assert_eq!(judged("https://api.eu.opsgenie.com", Event::Opened, 0), followed());
    assert_eq!(judged(JIRA, Event::Opened, 0), accepted());
}

#[test]
fn learns_what_became_of_a_request() {
    let follow = |event, status, headers: &[(&str, &str)], body: &str| {
        let alert = Alert { event, ..alert() };
        Opsgenie::judge_follow(&Settings::default(), &alert, "43a29c5c", &answer(status, headers, body))
    };
    let opened = |status, body: &str| follow(Event::Opened, status, &[], body);
    assert_eq!(opened(200, r#"{"data":{"isSuccess":true,"status":"Created alert"}}"#), Progress::Over);
    let failed = r#"{"data":{"isSuccess":false,"status":"No responder"},"took":0.1,"requestId":"r"}"#;
    assert_eq!(
        opened(200, failed),
        Progress::Unreached("Opsgenie accepted the request but could not carry it out: No responder".into())
    );
    let gone = r#"{"data":{"isSuccess":false,"status":"Alert does not exist"}}"#;
    assert!(matches!(opened(200, gone), Progress::Unreached(_)));
    for event in [Event::Acknowledged, Event::Resolved] {
        assert_eq!(follow(event, 200, &[], gone), Progress::Over, "somebody closed it by hand");
        assert!(matches!(follow(event, 200, &[], failed), Progress::Unreached(_)));
    }
    assert_eq!(
        follow(Event::Opened, 404, &[("x-opsgenie-errortype", "RequestNotProcessed")], ""),
        Progress::Waiting(5000)
    );
    let not_yet = r#"{"message":"Request not found. It might not be processed, yet.","took":0.1,"requestId":"r"}"#;
    assert_eq!(opened(404, not_yet), Progress::Waiting(5000));
    assert_eq!(opened(200, "<html>"), Progress::Waiting(30_000));
    assert_eq!(opened(503, ""), Progress::Waiting(30_000));
    assert_eq!(follow(Event::Opened, 429, &[("retry-after", "7")], ""), Progress::Waiting(7000));
    for status in [401, 403, 404] {
        assert_eq!(opened(status, "{}"), Progress::Over, "{status}: it cannot be asked, and was taken");
    }
}

#[test]
fn the_self_test_closes_what_was_never_open() {
    let config = configured::<Opsgenie>(&[], &["key"]).unwrap();
    let requests = Opsgenie::self_test(&config, "").unwrap();
    assert_eq!(requests.len(), 1);
    assert!(
        shown(&requests[0])
            .starts_with("POST https://api.opsgenie.com/v2/alerts/dogwatch%3Aself-test/close?identifierType=alias\n")
    );
    let judged = |status| Opsgenie::judge_self_test(&Settings::default(), 0, &answer(status, &[], TAKEN));
    assert_eq!(judged(202), Judgement::Delivered);
    assert!(matches!(judged(403), Judgement::Permanent(_)));
    assert!(matches!(judged(500), Judgement::Transient(_)));
}
