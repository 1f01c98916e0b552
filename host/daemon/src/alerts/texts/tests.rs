//! Every alert about the daemon, word for word.

use std::path::Path;

use super::*;

/// The alerts, by the names of their golden files.
fn all() -> Vec<(&'static str, Vec<Alert>)> {
    let words = AlertTexts { site: "fsn1", now: Time::from_secs(1_795_436_256) };
    let listen = SocketAddr::from(([127, 0, 0, 1], 9464));
    let details = "/etc/dogwatch/dogwatch.toml:3: error: unknown key mod\n    Did you mean mode?";
    let lines =
        "FAILS: alice: standby second: its head is old\nok: alice: the key on chain: it is that of node primary";
    vec![
        (
            "start",
            vec![
                words.start("it could not read its configuration", details, "dogwatch check", None),
                words.start("it could not read its configuration", details, "dogwatch check", Some(3)),
                words.started(),
            ],
        ),
        ("crash-loop", vec![words.crash_loop(3), words.no_crash_loop()]),
        ("store", vec![words.store(Condition::Fails("database or disk is full")), words.store(Condition::Holds)]),
        (
            "channel",
            vec![
                words.channel("pager", Condition::Fails("there is no plugin pagerdty; did you mean pagerduty?")),
                words.channel("pager", Condition::Holds),
            ],
        ),
        (
            "kept-plugin",
            vec![
                words.kept_plugin("pager", "there is no plugin mine; there are: telegram, webhook"),
                words.no_kept_plugin("pager"),
            ],
        ),
        (
            "heartbeat",
            vec![words.heartbeat("hc", Condition::Fails("no answer in time")), words.heartbeat("hc", Condition::Holds)],
        ),
        (
            "metrics",
            vec![words.metrics(listen, Condition::Fails("Address already in use")), words.metrics(listen, Condition::Holds)],
        ),
        (
            "report",
            vec![words.report(&[], lines.split('\n').nth(1).unwrap()), words.report(&["alice: standby second"], lines)],
        ),
        (
            "rehearsal",
            vec![
                words.rehearsal(&["alice: standby second"], lines),
                words.rehearsal(&["alice: standby second", "channel pager"], lines),
                words.rehearsal(&[], ""),
            ],
        ),
        (
            "raised",
            vec![
                words.raised("backup/failed", Severity::Critical, Some("the backup failed".into()), "exit 1".into()),
                words.raised("backup/failed", Severity::Info, None, String::new()),
            ],
        ),
        ("test", words.test(Severity::Page).into()),
    ]
}

fn shown(alert: &Alert) -> String {
    let Alert { key, event, severity, subject, summary, details, remedy, command, .. } = alert;
    format!(
        "key: {key}\nevent: {event:?}\nseverity: {severity}\nsubject: {subject}\nsummary: {summary}\n\
         details: {details}\nremedy: {remedy}\ncommand: {command}\n"
    )
}

#[test]
fn every_alert_says_what_happened_and_what_to_do() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for (name, alerts) in all() {
        let text = alerts.iter().map(shown).collect::<Vec<_>>().join("\n");
        let path = directory.join(name).with_extension("txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(known, text, "{}: UPDATE_GOLDEN=1 writes it anew", path.display());
    }
}

#[test]
fn every_golden_is_of_an_alert() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut found: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    found.sort();
    let mut known: Vec<String> = all().into_iter().map(|(name, _)| name.to_owned()).collect();
    known.sort();
    assert_eq!(found, known);
}

#[test]
fn what_is_open_says_what_to_do_and_what_is_over_says_nothing_to_do() {
    for alert in all().into_iter().flat_map(|(_, alerts)| alerts) {
        match alert.event {
            AlertEvent::Resolved => assert_eq!((alert.remedy.as_str(), alert.command.as_str()), ("Nothing to do.", "")),
            AlertEvent::Report => assert!(!alert.command.is_empty()),
            _ => assert!(!alert.remedy.is_empty(), "{alert:?}"),
        }
        assert!(!alert.details.is_empty() && alert.summary.lines().count() == 1, "{alert:?}");
    }
}
