//! The alerts that the desk itself makes, word for word.

use std::path::Path;
use std::time::Duration;

use dogwatch_chain::Time;
use dogwatch_engine::{Alert, AlertEvent, AlertKey, Severity, Subject};

use crate::{Hold, Incident, Maintenance, Phase, digest, storm};

const NOW: Time = Time::from_secs(1_795_436_256);

fn incident(number: u32, severity: Severity, phase: Phase, hold: Hold) -> Incident {
    let opened_at = NOW.minus(Duration::from_secs(u64::from(number)));
    Incident {
        alert: Alert {
            key: AlertKey(format!("witness/hive/alice{number}/missing")),
            event: AlertEvent::Opened,
            severity,
            subject: Subject::Daemon,
            chain: "hive".into(),
            summary: format!("alice{number}: node primary missed 2 blocks in a row"),
            details: String::new(),
            remedy: String::new(),
            command: String::new(),
            acknowledged_by: String::new(),
            opened_at,
            at: opened_at,
        },
        witness: format!("alice{number}"),
        phase,
        hold,
        told: Default::default(),
        steps: Default::default(),
        acknowledged: None,
        said_at: opened_at,
        gathers_until: None,
        openings: vec![opened_at],
        over_at: None,
    }
}

fn shown(alert: &Alert) -> String {
    let Alert { key, event, severity, subject, summary, details, remedy, command, opened_at, .. } = alert;
    format!(
        "key: {key}\nevent: {event:?}\nseverity: {severity}\nsubject: {subject}\nsince: {opened_at}\n\
         summary: {summary}\ndetails: {details}\nremedy: {remedy}\ncommand: {command}\n"
    )
}

fn golden(name: &str, alerts: &[Option<Alert>]) {
    let text = alerts.iter().flatten().map(shown).collect::<Vec<_>>().join("\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).with_extension("txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(known, text, "{}: UPDATE_GOLDEN=1 writes it anew", path.display());
}

#[test]
fn a_storm_in_words() {
    let members =
        |phase, count| (1..=count).map(|n| incident(n, Severity::Page, phase, Hold::Storm)).collect::<Vec<_>>();
    let mut mixed = members(Phase::Open, 3);
    mixed.extend([incident(9, Severity::Warning, Phase::Over, Hold::Storm)]);
    golden(
        "storm",
        &[
            storm("fsn1", NOW, &mixed),
            storm("fsn1", NOW, &members(Phase::Open, 40)),
            storm("fsn1", NOW, &members(Phase::Over, 2)),
        ],
    );
}

#[test]
fn the_end_of_a_maintenance_in_words() {
    let window =
        Maintenance { since: NOW.minus(Duration::from_secs(7200)), until: NOW, witness: None, reason: "replay".into() };
    let held = [
        incident(1, Severity::Page, Phase::Open, Hold::Maintenance),
        incident(2, Severity::Warning, Phase::Over, Hold::Maintenance),
    ];
    golden("maintenance", &[digest("fsn1", NOW, &window, &held)]);
}
