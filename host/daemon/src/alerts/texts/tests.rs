//! Every alert about the daemon, word for word.

use dogwatch_alerts::{Alert, AlertEvent, Raiser};
use dogwatch_golden::GoldenFiles;

use super::*;

/// The messages about a cause that the daemon raises. Add each new cause here.
fn messages(cause: Cause) -> Vec<AlertReport> {
    let texts = AlertTexts { site: "fsn1", now: Time::from_secs(1_795_436_256) };
    let listen = SocketAddr::from(([127, 0, 0, 1], 9464));
    let lines =
        "FAILS: alice: standby second: its head is old\nok: alice: the key on chain: it is that of node primary";
    let both =
        |text: &dyn Fn(Condition<'_>) -> AlertReport, why| vec![text(Condition::Fails(why)), text(Condition::Holds)];
    match cause {
        Cause::Start => {
            let why = "it could not read its configuration";
            let details = "/etc/dogwatch/dogwatch.toml:3: error: unknown key mod\n    Did you mean mode?";
            let start = |again| texts.start(why, details, "dogwatch check", again);
            vec![start(None), start(Some(3)), texts.started()]
        }
        Cause::CrashLoop => vec![texts.crash_loop(3), texts.no_crash_loop()],
        Cause::StateLost => {
            let lines =
                ["/var/lib/dogwatch/state.sqlite.damaged-1795436256: database disk image is malformed".to_owned()];
            vec![texts.state_lost(&lines), texts.state_regained()]
        }
        Cause::StateRemoved => {
            vec![texts.state_removed(&["the lock", "the database", "the control socket"]), texts.state_kept()]
        }
        Cause::Store => both(&|condition| texts.store(condition), "database or disk is full"),
        Cause::Channel => {
            both(&|condition| texts.channel("pager", condition), "there is no plugin pagerdty; did you mean pagerduty?")
        }
        Cause::KeptPlugin => both(
            &|condition| texts.kept_plugin("pager", condition),
            "there is no plugin mine; there are: telegram, webhook",
        ),
        Cause::PluginRefused => both(
            &|condition| texts.plugin_refused("night-owl", condition),
            "plugin night-owl (/etc/dogwatch/plugins/night-owl.wasm) is not WebAssembly (sha256 0a1b2c…)",
        ),
        Cause::Heartbeat => both(&|condition| texts.heartbeat("hc", condition), "no answer in time"),
        Cause::Gateway => {
            both(&|condition| texts.gateway(condition), "127.0.0.1:8090: Address already in use (os error 98)")
        }
        Cause::Metrics => both(&|condition| texts.metrics(listen, condition), "Address already in use"),
        Cause::Report => {
            let well = lines.split('\n').nth(1).unwrap();
            vec![texts.report(&[], well), texts.report(&["alice: standby second"], lines)]
        }
        Cause::Rehearsal => vec![
            texts.rehearsal(&["alice: standby second"], lines),
            texts.rehearsal(&["alice: standby second", "channel pager"], lines),
            texts.rehearsal(&[], ""),
        ],
        Cause::Raised => {
            let own = |severity, summary, details| texts.of_the_operator("backup/failed", severity, summary, details);
            vec![
                own(Severity::Critical, Some("the backup failed".into()), "exit 1".into()),
                own(Severity::Info, None, String::new()),
            ]
        }
        Cause::Test => texts.test(Severity::Page).into(),
        _ => Vec::new(),
    }
}

fn shown(report: &AlertReport) -> String {
    let alert = report.clone().message();
    let summary = alert.headline();
    let Alert { key, event, severity, subject, details, remedy, command, .. } = &alert;
    format!(
        "key: {key}\nevent: {event:?}\nseverity: {severity}\nsubject: {subject}\nsummary: {summary}\n\
         details: {details}\nremedy: {remedy}\ncommand: {command}\n"
    )
}

fn golden_files() -> GoldenFiles {
    GoldenFiles::of(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_alert_says_what_happened_and_what_to_do() {
    for cause in Cause::raised_by(Raiser::Daemon) {
        let messages = messages(cause);
        assert!(!messages.is_empty(), "no message about {cause} is shown here");
        golden_files().compare(cause, &messages.iter().map(shown).collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn every_cause_of_the_daemon_has_a_golden_file() {
    golden_files().are(Cause::raised_by(Raiser::Daemon));
}

#[test]
fn open_alerts_say_what_to_do_and_resolved_ones_say_nothing_to_do() {
    for report in Cause::raised_by(Raiser::Daemon).flat_map(messages) {
        let alert = report.message();
        match alert.event {
            AlertEvent::Resolved => assert_eq!((alert.remedy.as_str(), alert.command.as_str()), ("Nothing to do.", "")),
            AlertEvent::Report => assert!(!alert.command.is_empty()),
            _ => assert!(!alert.remedy.is_empty(), "{alert:?}"),
        }
        assert!(!alert.details.is_empty() && alert.summary.lines().count() == 1, "{alert:?}");
    }
}
