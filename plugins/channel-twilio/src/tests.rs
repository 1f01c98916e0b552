//! What is called and sent at each event, and what the responses mean.

use dogwatch_sdk::Value;
use dogwatch_sdk::channel::{Event, Following, Severity};
use dogwatch_sdk::testing::{
    HOSTILE, alert, alerts, answer, channel_problems, compose, configured, golden, judge, judge_follow, overlong,
    response, shown, shown_form,
};
use dogwatch_sdk::text::Unit;

use super::*;

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const KEY: &str = "SK0123456789abcdef0123456789abcdef";

fn settings(mode: &'static str) -> Vec<(&'static str, Value)> {
    vec![
        ("mode", mode.into()),
        ("account", ACCOUNT.into()),
        ("from", "+15550001111".into()),
        ("to", "+15552223333".into()),
    ]
}

fn all(mode: &'static str, alert: &Alert) -> Vec<String> {
    let requests = compose::<Twilio>(&settings(mode), &["token"], alert).unwrap();
    requests.iter().map(shown_form).collect()
}

fn field(request: &str, name: &str) -> String {
    let rest = request.split_once(&format!("\n{name}=")).unwrap().1;
    // The next field, or the end.
    let end = ["\nTimeout=", "\nMachineDetection="].iter().filter_map(|next| rest.find(next)).min();
    rest[..end.unwrap_or(rest.len().saturating_sub(1))].to_owned()
}

#[test]
fn goldens() {
    for mode in ["voice", "sms"] {
        for (name, alert) in alerts() {
            let requests = all(mode, &alert);
            let text = if requests.is_empty() { "nothing is sent\n".to_owned() } else { requests.join("\n") };
            golden(env!("CARGO_MANIFEST_DIR"), &format!("{mode}-{name}.txt"), &text);
        }
    }
}

#[test]
fn calls_only_when_somebody_is_needed() {
    let cases = [
        (Event::Opened, 1, 1),
        (Event::Updated, 1, 1),
        (Event::Escalated, 1, 1),
        (Event::Acknowledged, 0, 1),
        (Event::Resolved, 0, 1),
        (Event::Report, 0, 0),
    ];
    for (event, calls, messages) in cases {
        for severity in [Severity::Info, Severity::Warning, Severity::Critical, Severity::Page] {
            let alert = Alert { event, severity, ..alert() };
            assert_eq!((all("voice", &alert).len(), all("sms", &alert).len()), (calls, messages), "{event:?}");
        }
    }
}

#[test]
fn what_is_said_fits_and_is_xml() {
    let hostile = Alert { details: "\u{ffff}</Say><Dial>+1</Dial>".into(), remedy: HOSTILE.into(), ..alert() };
    let quotes = "\"'".repeat(1000);
    let quoted = Alert { summary: quotes.clone(), details: quotes.clone(), remedy: quotes, ..alert() };
    for alert in [overlong(), hostile, quoted] {
        let twiml = field(&all("voice", &alert)[0], "Twiml");
        assert!(Unit::Chars.length(&twiml) <= 4000, "{}", twiml.len());
        assert!(!twiml.contains('\u{ffff}'));
        assert_eq!(twiml.matches("<Say>").count(), 2, "{twiml}");
        assert_eq!(twiml.matches('<').count(), 8, "{twiml}");
    }
}

#[test]
fn text_messages_keep_to_few_segments_and_to_ascii_where_they_can() {
    let long = "word ".repeat(1000);
    let plain = Alert { summary: long.clone(), details: long.clone(), remedy: long.clone(), ..alert() };
    let body = field(&all("sms", &plain)[0], "Body");
    assert!(body.is_ascii() && body.len() <= 306, "{} {body}", body.len());
    assert!(body.contains("\nTo do: word") && body.ends_with("\nType: dogwatch status"), "{body}");

    let body = field(&all("sms", &overlong())[0], "Body");
    assert!(Unit::Utf16.length(&body) <= 201, "{body}");
    assert!(body.contains("\nTo do: ") && body.ends_with("\nType: dogwatch status"), "{body}");

    let command = Alert { command: long, ..alert() };
    let body = field(&all("sms", &command)[0], "Body");
    assert!(body.is_ascii() && body.len() <= 306 && body.ends_with("..."), "{body}");
}

#[test]
fn a_messaging_service_sends_under_its_own_name() {
    let mut settings = settings("sms");
    settings[2] = ("from", "MG0123456789abcdef0123456789abcdef".into());
    let requests = compose::<Twilio>(&settings, &["token"], &alert()).unwrap();
    assert!(shown(&requests[0]).contains("&MessagingServiceSid=MG0123"));
}

#[test]
fn settings_are_checked() {
    let with = |name: &'static str, value: &str, mode: &'static str| {
        let mut settings = settings(mode);
        settings.retain(|(known, _)| *known != name);
        settings.push((name, value.into()));
        let problems = channel_problems::<Twilio>(&settings, &["token"]);
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(channel_problems::<Twilio>(&settings("voice"), &["token"]), []);
    assert_eq!(with("mode", "fax", "voice"), "mode: must be \"voice\" or \"sms\", found \"fax\"");
    assert!(with("account", "AC12", "voice").starts_with("account: must be AC and 32"));
    assert!(with("key_sid", ACCOUNT, "voice").starts_with("key_sid: must be SK and 32"));
    for bad in ["0151123", "+0151123456", "+49 151 123456", "+1", "+1234567890123456", "+1555222333,+1555222334"] {
        assert!(with("to", bad, "voice").starts_with("to: must be one number"), "{bad}");
    }
    assert!(with("from", "Dogwatch", "voice").starts_with("from: must be one number"));
    assert_eq!(with("from", "Dogwatch", "sms"), "");
    assert_eq!(with("from", "MG0123456789abcdef0123456789abcdef", "sms"), "");
    for bad in ["", "12345", "Dogwatch alerts", "Dog-watch"] {
        assert!(with("from", bad, "sms").starts_with("from: must be a number"), "{bad}");
    }
    assert!(with("url", "twilio", "voice").starts_with("url: must be an address"));
    let problems = channel_problems::<Twilio>(&[], &[]);
    assert_eq!(problems.len(), 5, "{problems:?}");
}

#[test]
fn an_api_key_takes_the_place_of_the_account() {
    let mut settings = settings("voice");
    settings.push(("key_sid", KEY.into()));
    let requests = compose::<Twilio>(&settings, &["token"], &alert()).unwrap();
    assert!(shown(&requests[0]).contains(&format!("authorization: Basic <basic {KEY}:token>\n")));
    assert!(shown(&requests[0]).starts_with(&format!("POST https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/")));
}

#[test]
fn answers_are_judged() {
    let judge = |answer: &Response| judge::<Twilio>(&settings("voice"), answer);
    let queued = judge(&answer(201, &[], r#"{"sid":"CA1","status":"queued"}"#));
    assert_eq!(queued, Judgement::Follow(Following { receipt: "CA1".into(), after: 10_000, delivered: false }));

    let body = r#"{"code":21211,"message":"The 'To' number +1555 is not a valid phone number.","more_info":"https://www.twilio.com/docs/errors/21211","status":400}"#;
    let Judgement::Permanent(why) = judge(&answer(400, &[], body)) else { panic!("permanent") };
    assert_eq!(
        why,
        "Twilio refuses (error 21211): The 'To' number +1555 is not a valid phone number. Set to to a number with a plus \
         and the country's code"
    );
    let body = r#"{"code":20003,"message":"Authenticate","status":401}"#;
    let refused = judge(&answer(401, &[], body));
    assert!(matches!(refused, Judgement::Permanent(why) if why.contains("the secret token")));
    let full = judge(&answer(400, &[], r#"{"code":21611,"message":"queue full","status":400}"#));
    assert!(matches!(full, Judgement::Transient(_)));

    assert_eq!(judge(&answer(429, &[], r#"{"code":20429}"#)), Judgement::RetryAfter(2000));
    assert_eq!(judge(&response(429, &[("retry-after", "9")])), Judgement::RetryAfter(9000));
    for status in [408, 500, 503] {
        assert!(matches!(judge(&answer(status, &[], r#"{"code":20500}"#)), Judgement::Transient(_)), "{status}");
    }
    assert!(matches!(judge(&answer(404, &[], "<html>")), Judgement::Permanent(_)));
    assert!(matches!(judge(&response(302, &[])), Judgement::Permanent(_)));
    for odd in ["", "<html>", "[]", r#"{"sid":5}"#] {
        assert!(matches!(judge(&answer(201, &[], odd)), Judgement::Transient(_)), "{odd}");
    }
}

#[test]
fn only_a_human_ends_a_call() {
    let progress = |status: &str, by: &str| {
        let body = format!(r#"{{"status":"{status}","answered_by":{by}}}"#);
        judge_follow::<Twilio>(&settings("voice"), "CA1", &answer(200, &[], &body))
    };
    for status in ["queued", "initiated", "ringing", "in-progress", ""] {
        assert_eq!(progress(status, "null"), Progress::Waiting(5000), "{status}");
    }
    assert_eq!(progress("completed", "\"human\""), Progress::Over);
    for by in ["\"machine\"", "\"machine_start\"", "\"machine_end_beep\"", "\"fax\"", "\"unknown\"", "null"] {
        assert!(matches!(progress("completed", by), Progress::Unreached(_)), "{by}");
    }
    for status in ["busy", "no-answer", "failed", "canceled"] {
        assert!(matches!(progress(status, "null"), Progress::Unreached(_)), "{status}");
    }
}

#[test]
fn messages_are_followed_to_the_network() {
    let progress = |body: &str| judge_follow::<Twilio>(&settings("sms"), "SM1", &answer(200, &[], body));
    for status in ["accepted", "scheduled", "queued", "sending"] {
        assert_eq!(progress(&format!(r#"{{"status":"{status}"}}"#)), Progress::Waiting(5000), "{status}");
    }
    assert_eq!(progress(r#"{"status":"sent"}"#), Progress::Over);
    assert_eq!(progress(r#"{"status":"delivered"}"#), Progress::Over);
    let off = progress(r#"{"status":"undelivered","error_code":30003,"error_message":null}"#);
    assert_eq!(off, Progress::Unreached("the message was not delivered (Twilio's error 30003)".into()));
    let landline = progress(r#"{"status":"undelivered","error_code":30006,"error_message":"Landline"}"#);
    assert!(
        matches!(landline, Progress::Permanent(why) if why.contains("Landline") && why.contains("is it a landline"))
    );
}

#[test]
fn questions_that_fail_are_asked_again() {
    let progress = |status, body: &str| judge_follow::<Twilio>(&settings("sms"), "CA1", &answer(status, &[], body));
    assert_eq!(progress(500, ""), Progress::Waiting(15_000));
    assert_eq!(progress(429, ""), Progress::Waiting(15_000));
    assert_eq!(progress(200, "<html>"), Progress::Waiting(5_000));
    assert!(matches!(progress(401, ""), Progress::Permanent(_)));
    assert!(matches!(progress(404, ""), Progress::Unreached(_)));
    let config = configured::<Twilio>(&settings("sms"), &["token"]).unwrap();
    let url = |receipt| shown(&Twilio::follow(&config, &alert(), receipt).unwrap().unwrap());
    assert!(
        url("CA1").starts_with(&format!("GET https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Calls/CA1.json\n"))
    );
    assert!(url("SM1/..").contains("/Messages/SM1%2F...json\n"));
}

#[test]
fn the_self_test_wakes_nobody() {
    let url = |settings: &[(&str, Value)]| {
        let config = configured::<Twilio>(settings, &["token"]).unwrap();
        let requests = Twilio::self_test(&config, "").unwrap();
        shown(&requests[0]).lines().next().unwrap().to_owned()
    };
    assert!(url(&settings("sms")).ends_with(&format!("/Accounts/{ACCOUNT}.json")));
    let mut by_key = settings("sms");
    by_key.push(("key_sid", KEY.into()));
    assert!(url(&by_key).starts_with("GET") && url(&by_key).ends_with("/Messages.json?PageSize=1"));

    let judge = |key: &[(&str, Value)], status, body: &str| {
        let pairs = key.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Twilio::judge_self_test(&Settings::from_pairs(pairs), 0, &answer(status, &[], body))
    };
    assert_eq!(judge(&[], 200, r#"{"status":"active"}"#), Judgement::Delivered);
    let suspended = judge(&[], 200, r#"{"status":"suspended"}"#);
    assert!(matches!(suspended, Judgement::Permanent(why) if why.contains("suspended")));
    assert!(matches!(judge(&[], 401, r#"{"code":20003}"#), Judgement::Permanent(_)));
    assert!(matches!(judge(&[], 200, "<html>"), Judgement::Transient(_)));
    assert_eq!(judge(&by_key, 200, r#"{"messages":[]}"#), Judgement::Delivered);
    assert!(matches!(judge(&by_key, 200, "{}"), Judgement::Transient(_)));
}
