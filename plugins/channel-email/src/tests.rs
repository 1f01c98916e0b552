//! Which mails are sent, and what the replies mean.

use dogwatch_sdk::Value;
use dogwatch_sdk::channel::MailSecurity;
use dogwatch_sdk::testing::{
    alert, alerts, answer, channel_problems, compose, configured, golden, judge, overlong, shown,
};

use super::*;

fn texts(list: &[&str]) -> Value {
    Value::Texts(list.iter().map(|text| (*text).to_owned()).collect())
}

fn settings() -> Vec<(&'static str, Value)> {
    vec![
        ("server", "smtp.example.com".into()),
        ("from", "Dogwatch <dogwatch@example.com>".into()),
        ("to", texts(&["alice@example.com", "Bob Öl <bob+on.call@example.org>"])),
    ]
}

fn with(name: &'static str, value: impl Into<Value>) -> Vec<(&'static str, Value)> {
    let mut settings = settings();
    settings.retain(|(known, _)| *known != name);
    settings.push((name, value.into()));
    settings
}

fn mail(settings: &[(&str, Value)], secrets: &[&str], alert: &Alert) -> Mail {
    let mut requests = compose::<Email>(settings, secrets, alert).unwrap();
    assert_eq!(requests.len(), 1);
    let Request::Mail(mail) = requests.remove(0) else { panic!("a mail") };
    mail
}

#[test]
fn goldens() {
    for (name, alert) in alerts() {
        let requests = compose::<Email>(&with("user", "dogwatch"), &["password"], &alert).unwrap();
        let shown: Vec<_> = requests.iter().map(shown).collect();
        golden(env!("CARGO_MANIFEST_DIR"), &format!("email-{name}.txt"), &shown.join("\n\n"));
    }
}

#[test]
fn the_port_follows_the_security() {
    for (name, security, port) in
        [("starttls", MailSecurity::Starttls, 587), ("tls", MailSecurity::Tls, 465), ("plain", MailSecurity::Plain, 25)]
    {
        let mail = mail(&with("security", name), &[], &alert());
        assert_eq!((mail.security, mail.port), (security, port));
        assert!(mail.login.is_none());
    }
    assert_eq!(mail(&settings(), &[], &alert()).security, MailSecurity::Starttls);
    assert_eq!(mail(&with("port", 2525), &[], &alert()).port, 2525);
}

#[test]
fn says_what_is_wrong_with_the_settings() {
    let message = |settings: &[(&str, Value)], secrets: &[&str]| {
        let problems = channel_problems::<Email>(settings, secrets);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].to_string()
    };
    assert_eq!(channel_problems::<Email>(&settings(), &[]), []);
    assert!(message(&with("user", "dogwatch"), &[]).starts_with("password: must be given as a secret"));
    assert!(message(&settings(), &["password"]).starts_with("user: must be given"));
    assert!(message(&with("user", "a\r\nb"), &["password"]).contains("in one line"));
    assert!(message(&with("security", "ssl"), &[]).contains("must be \"starttls\", \"tls\" or \"plain\""));
    assert!(message(&with("port", 0), &[]).contains("must be from 1"));
    for bad in ["", "smtp.example.com:25", "https://smtp.example.com", "a b", "a..b", "a\nb"] {
        assert!(message(&with("server", bad), &[]).contains("must be the name of a host"), "{bad:?}");
    }
    let mut plain = with("user", "dogwatch");
    plain.push(("security", "plain".into()));
    assert!(message(&plain, &["password"]).contains("would expose the password"));
    for here in ["localhost", "127.0.0.1", "::1"] {
        plain.retain(|(name, _)| *name != "server");
        plain.push(("server", here.into()));
        assert_eq!(channel_problems::<Email>(&plain, &["password"]), []);
    }
    assert!(message(&with("to", texts(&[])), &[]).contains("1 to 50 addresses"));
    let missing: Vec<_> = channel_problems::<Email>(&[], &[]).into_iter().map(|problem| problem.setting).collect();
    assert_eq!(missing, ["server", "from", "to"]);
}

#[test]
fn addresses_can_add_nothing_to_the_headers() {
    for good in ["a@b", "a.b+c@d-e.example", "Alice <a@b>", "<a@b>", "Ålice de B. <a@b>"] {
        assert_eq!(channel_problems::<Email>(&with("from", good), &[]), [], "{good}");
    }
    let long = format!("{}@example.com", "a".repeat(65));
    for bad in [
        "",
        "a",
        "@b",
        "a@",
        "a@b@c",
        "a@b\r\nBcc: x@y",
        "A\r\n <a@b>",
        "a@b, c@d",
        "A, B <a@b>",
        "\"A\" <a@b>",
        "<a@b",
        "a@b>",
        "a b@c",
        "a@b c",
        "A <<a@b>>",
        "a..b@c",
        "a@b..c",
        "ä@b",
        "a@ü",
        "a@[1.2.3.4]",
        "A <a@b> x",
        &long,
    ] {
        let problems = channel_problems::<Email>(&with("from", bad), &[]);
        assert!(problems.iter().any(|problem| problem.message.contains("must be an address")), "{bad:?} {problems:?}");
        let problems = channel_problems::<Email>(&with("to", texts(&["a@b", bad])), &[]);
        assert!(problems.iter().any(|problem| problem.message.contains("must be an address")), "{bad:?} {problems:?}");
    }
}

#[test]
fn identities_are_the_same_for_the_same_and_differ_for_others() {
    let id = |change: fn(&mut Alert)| {
        let mut alert = alert();
        change(&mut alert);
        let mail = mail(&settings(), &[], &alert);
        for id in [&mail.message_id, &mail.in_reply_to] {
            let inside = id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or("a@b");
            let (local, domain) = inside.split_once('@').unwrap();
            let right = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            assert!(right(local) && right(domain) && !local.is_empty() && id.len() < 250, "{id}");
        }
        (mail.message_id, mail.in_reply_to)
    };
    let usual = id(|_| ());
    assert_eq!(usual, id(|_| ()));
    let later = id(|alert| {
        alert.event = Event::Resolved;
        alert.message_id = "hive/alice/missing/2".into();
    });
    assert!(later.0 != usual.0 && later.1 == usual.1, "{later:?}");
    assert_ne!(id(|alert| alert.opened_at = 5).1, usual.1, "the next time that this happens");
    assert_ne!(id(|alert| alert.key = "hive/bob/missing".into()).1, usual.1);
    assert_ne!(id(|alert| alert.message_id = "hive-alice-missing-1".into()).0, usual.0);
    assert_ne!(id(|alert| alert.site = "barn".into()).0, usual.0, "each site sends a mail of its own");
    assert!(id(|alert| alert.event = Event::Report).1.is_empty());
    id(|alert| {
        alert.message_id = "<\r\nü@".repeat(100);
        alert.site = String::new();
        alert.opened_at = i64::MIN;
    });
}

#[test]
fn no_text_can_add_headers_and_long_ones_are_cut() {
    let mut hostile = alert();
    hostile.summary = "a\r\nBcc: x@y\n\nbody".into();
    hostile.site = "home\r\nX: y".into();
    let sent = mail(&settings(), &[], &hostile);
    assert_eq!(sent.subject, "CRITICAL at home X: y: a Bcc: x@y body");
    let mail = mail(&settings(), &[], &overlong());
    assert_eq!(mail.subject.chars().count(), 200);
    assert!(mail.text.len() <= 64 * 1024 && mail.text.starts_with("CRITICAL at home: "));
    assert!(mail.text.contains("\nTo do: ") && mail.text.contains("\nType: dogwatch status\n"));
    assert!(mail.text.ends_with("Alert hive/alice/missing"));
}

#[test]
fn judges_by_the_code() {
    let judged = |code, text: &str| judge::<Email>(&settings(), &answer(code, &[], text));
    assert_eq!(judged(250, "2.0.0 Ok: queued as 4X"), Judgement::Delivered);
    for code in [421, 450, 451, 452, 454, 455, 354, 0] {
        let judgement = judged(code, "4.7.1 try again");
        assert!(matches!(&judgement, Judgement::Transient(why) if why.contains("try again")), "{judgement:?}");
    }
    let cases = [
        (535, "secret password"),
        (534, "app password"),
        (530, "wants a login"),
        (538, "security"),
        (550, "Are from and to right"),
        (552, "too large"),
        (554, "refuses"),
        (502, "is it a mail server"),
        (521, "5.7.1 no"),
    ];
    for (code, part) in cases {
        let judgement = judged(code, "5.7.1 no\r\n5.7.1 really");
        let Judgement::Permanent(why) = &judgement else { panic!("permanent: {judgement:?}") };
        assert!(why.contains(part) && why.contains("5.7.1 no 5.7.1 really") && !why.contains('\n'), "{why}");
    }
    let Judgement::Permanent(why) = judged(550, &"long ".repeat(1000)) else { panic!("permanent") };
    assert!(why.chars().count() < 400, "{why}");
    assert!(matches!(judged(550, ""), Judgement::Permanent(why) if why.contains("says: 550.")));
}

#[test]
fn there_is_nothing_to_test_with() {
    assert_eq!(Email::self_test(&configured::<Email>(&settings(), &[]).unwrap(), ""), Ok(vec![]));
}
