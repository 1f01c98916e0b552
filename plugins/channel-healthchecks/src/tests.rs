//! What is pinged where, and what the responses mean.

use dogwatch_sdk::Value;
use dogwatch_sdk::channel::{Method, Part, Pulse};
use dogwatch_sdk::testing::{
    HOSTILE, alerts, answer, channel_problems, compose, configured, golden, response, shown, time_of,
};

use super::*;

const UUID: &[&str] = &["uuid"];
const KEY: &[&str] = &["ping_key"];

fn slug() -> Vec<(&'static str, Value)> {
    vec![("slug", "dogwatch-fsn1".into())]
}

fn beat(settings: &[(&str, Value)], secrets: &[&str], pulse: Pulse) -> Request {
    let config = configured::<Healthchecks>(settings, secrets).unwrap();
    let heartbeat = Heartbeat { pulse, site: "fsn1".into(), at: time_of(10_000) };
    let mut requests = Healthchecks::beat(&config, &heartbeat).unwrap();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn address(request: &Request) -> String {
    shown(request).lines().next().unwrap().to_owned()
}

fn judge(settings: &[(&str, Value)], response: &Response) -> Judgement {
    let pairs = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let settings = Settings::from_pairs(pairs);
    let judgement = Healthchecks::judge_beat(&settings, 0, response);
    assert_eq!(Healthchecks::judge_self_test(&settings, 0, response), judgement);
    judgement
}

#[test]
fn goldens() {
    let pulses = [
        ("started", Pulse::Started),
        ("well", Pulse::Well),
        ("failing", Pulse::Failing("no endpoint of hive answers since 12:04\nthe outbox holds 3 alerts".into())),
        ("hostile", Pulse::Failing(HOSTILE.into())),
    ];
    for (name, pulse) in pulses {
        golden(env!("CARGO_MANIFEST_DIR"), &format!("{name}.txt"), &shown(&beat(&[], UUID, pulse)));
    }
}

#[test]
fn says_nothing_of_alerts() {
    for (_, alert) in alerts() {
        assert_eq!(compose::<Healthchecks>(&[], UUID, &alert).unwrap(), []);
    }
}

#[test]
fn pings_by_slug_and_at_a_service_of_ones_own() {
    let mut settings = slug();
    let started = beat(&settings, KEY, Pulse::Started);
    assert_eq!(address(&started), "POST https://hc-ping.com/<ping_key percent>/dogwatch-fsn1/start");
    settings.push(("create", true.into()));
    settings.push(("url", "https://hc.example.com/ping/".into()));
    let well = beat(&settings, KEY, Pulse::Well);
    assert_eq!(address(&well), "POST https://hc.example.com/ping/<ping_key percent>/dogwatch-fsn1?create=1");
    let failing = beat(&settings, KEY, Pulse::Failing("blind".into()));
    assert_eq!(address(&failing), "POST https://hc.example.com/ping/<ping_key percent>/dogwatch-fsn1/fail?create=1");
}

#[test]
fn the_self_test_only_writes_to_the_log() {
    let config = configured::<Healthchecks>(&[], UUID).unwrap();
    let requests = Healthchecks::self_test(&config, "").unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(address(&requests[0]), "POST https://hc-ping.com/<uuid percent>/log");
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    let Request::Http(request) = beat(&[], UUID, Pulse::Failing("🐕é".repeat(100_000))) else { panic!("http") };
    assert_eq!(request.method, Method::Post);
    let [Part::Text(body)] = request.body.as_slice() else { panic!("one text: {:?}", request.body) };
    assert!((9_990..=10_000).contains(&body.len()), "{}", body.len());
    assert!(body.starts_with("Dogwatch at fsn1 cannot do its work:\n🐕") && body.ends_with('…'));
}

#[test]
fn wants_one_name_of_the_check() {
    let problem = |settings: &[(&str, Value)], secrets: &[&str]| {
        let problems = channel_problems::<Healthchecks>(settings, secrets);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].to_string()
    };
    assert_eq!(channel_problems::<Healthchecks>(&[], UUID), []);
    assert_eq!(channel_problems::<Healthchecks>(&slug(), KEY), []);
    assert!(problem(&[], &[]).starts_with("uuid: must be given as a secret"));
    assert!(problem(&[], KEY).starts_with("slug: must be given"));
    assert!(problem(&slug(), &[]).starts_with("ping_key: must be given as a secret"));
    for (settings, secrets) in [(slug(), UUID), (slug(), &["uuid", "ping_key"]), (Vec::new(), &["uuid", "ping_key"])] {
        assert!(problem(&settings, secrets).starts_with("uuid: already names the check"));
    }
    assert!(problem(&[("create", true.into())], UUID).starts_with("create: only works"));
    for bad in ["", "Dogwatch", "a b", "a/b", "ä", &"a".repeat(101)] {
        assert!(problem(&[("slug", bad.into())], KEY).starts_with("slug: must be 1 to 100"), "{bad}");
    }
    for bad in
        ["hc-ping.com", "https://", "https:///", "ftp://hc-ping.com", "https://a b", "https://a?b", "https://a#b"]
    {
        assert!(problem(&[("url", bad.into())], UUID).starts_with("url: must be an address"), "{bad}");
    }
    let whole = "https://hc-ping.com/5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";
    assert!(problem(&[("url", whole.into())], UUID).contains("goes into the secret uuid"));
    assert_eq!(problem(&[], &["uuid", "uid"]), "uid: no such secret; did you mean uuid?");
}

#[test]
fn judges_what_is_documented_and_what_is_not() {
    assert_eq!(judge(&[], &answer(200, &[("ping-body-limit", "100000")], "OK")), Judgement::Delivered);
    assert_eq!(judge(&slug(), &answer(201, &[], "Created")), Judgement::Delivered);
    assert_eq!(judge(&[], &answer(200, &[], "OK (rate limited)")), Judgement::RetryAfter(60_000));
    assert_eq!(judge(&slug(), &response(429, &[])), Judgement::RetryAfter(60_000));
    assert_eq!(judge(&slug(), &response(429, &[("retry-after", "9")])), Judgement::RetryAfter(9_000));
    for status in [500, 502, 503, 504] {
        let judgement = judge(&[], &answer(status, &[], "<html>"));
        assert!(matches!(judgement, Judgement::Transient(_)), "{status} {judgement:?}");
    }
    let permanent = [
        (Vec::new(), answer(200, &[], "OK (not found)"), "no check with this uuid"),
        (Vec::new(), answer(404, &[], "not found"), "no check with this uuid"),
        (slug(), answer(404, &[], "not found"), "no check with this ping key and slug"),
        (Vec::new(), answer(404, &[], "<h1>Not Found</h1>"), "is the url right"),
        (slug(), answer(409, &[], "ambiguous slug"), "several checks"),
        (slug(), answer(400, &[], "invalid url format"), "alone"),
        (Vec::new(), answer(200, &[], "<html>a login page</html>"), "as Healthchecks would"),
        (Vec::new(), answer(200, &[], ""), "as Healthchecks would"),
        (Vec::new(), answer(200, &[], "\u{fffd}\0"), "as Healthchecks would"),
        (Vec::new(), response(204, &[]), "as Healthchecks would"),
        (Vec::new(), response(301, &[("location", "https://x.example/secret")]), "is not followed"),
        (Vec::new(), response(405, &[]), "405"),
    ];
    for (settings, response, words) in permanent {
        let judgement = judge(&settings, &response);
        let Judgement::Permanent(why) = &judgement else { panic!("permanent: {response:?} {judgement:?}") };
        assert!(why.contains(words) && !why.contains("secret/") && !why.contains("x.example"), "{why}");
    }
}
