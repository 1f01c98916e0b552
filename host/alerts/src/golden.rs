//! The texts of the alerts that the desk itself raises, word for word.

use std::time::Duration;

use dogwatch_chain::Time;
use dogwatch_golden::GoldenFiles;

use crate::{
    Alert, AlertEvent, AlertKey, AlertReport, Cause, Hold, Incident, Maintenance, Phase, Raiser, Scope, Severity,
    Subject, digest, storm,
};

const NOW: Time = Time::from_secs(1_795_436_256);

fn incident(number: u32, severity: Severity, phase: Phase, hold: Hold) -> Incident {
    let opened_at = NOW.minus(Duration::from_secs(u64::from(number)));
    Incident {
        alert: Alert {
            key: AlertKey::new(Scope::witness("hive", &format!("alice{number}")), Cause::Missing),
            event: AlertEvent::Opened,
            severity,
            subject: Subject::Daemon,
            summary: format!("alice{number}: node primary missed 2 blocks in a row"),
            details: String::new(),
            remedy: String::new(),
            command: String::new(),
            acknowledged_by: String::new(),
            opened_at,
            at: opened_at,
        },
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

fn shown(report: &AlertReport) -> String {
    let alert = report.clone().message();
    let headline = alert.headline();
    let Alert { key, event, severity, subject, details, remedy, command, opened_at, .. } = &alert;
    format!(
        "key: {key}\nevent: {event:?}\nseverity: {severity}\nsubject: {subject}\nsince: {opened_at}\n\
         summary: {headline}\ndetails: {details}\nremedy: {remedy}\ncommand: {command}\n"
    )
}

fn golden_files() -> GoldenFiles {
    GoldenFiles::of(env!("CARGO_MANIFEST_DIR"))
}

fn golden(cause: Cause, reports: &[Option<AlertReport>]) {
    golden_files().compare(cause, &reports.iter().flatten().map(shown).collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_cause_of_the_desk_has_a_golden_file() {
    golden_files().are(Cause::raised_by(Raiser::Desk));
}

#[test]
fn the_text_of_a_storm() {
    let members =
        |phase, count| (1..=count).map(|n| incident(n, Severity::Page, phase, Hold::Storm)).collect::<Vec<_>>();
    let mut mixed = members(Phase::Open, 3);
    mixed.extend([incident(9, Severity::Warning, Phase::Over, Hold::Storm)]);
    golden(
        Cause::Storm,
        &[storm("fsn1", &mixed), storm("fsn1", &members(Phase::Open, 40)), storm("fsn1", &members(Phase::Over, 2))],
    );
}

#[test]
fn the_text_of_a_maintenance_digest() {
    let window =
        Maintenance { since: NOW.minus(Duration::from_secs(7200)), until: NOW, witness: None, reason: "replay".into() };
    let held = [
        incident(1, Severity::Page, Phase::Open, Hold::Maintenance),
        incident(2, Severity::Warning, Phase::Over, Hold::Maintenance),
    ];
    golden(Cause::Maintenance, &[digest("fsn1", &window, &held)]);
}
