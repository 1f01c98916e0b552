//! Reports that could not be stored yet: they wait in memory, bounded even in a storm.

use std::collections::BTreeSet;

use dogwatch_alerts::{AlertReport, Change};

use crate::store::Write;

/// Beyond so many reports only the newest of each alert is kept.
const CROWDED: usize = 1000;

/// What a failed commit must not lose. States are written anew with the next change; a report would not come again,
/// for whoever made it believes that the desk has it.
///
/// Of fresh wording the newest is enough. The newest report of an alert is enough for the desk too: any of them opens the
/// alert, and its end closes it.
pub(super) fn keep(writes: Vec<Write>) -> Vec<Write> {
    let reports: Vec<Box<AlertReport>> = writes.into_iter().filter_map(report).collect();
    let crowded = reports.len() > CROWDED;
    let mut newer = BTreeSet::new();
    let mut kept = Vec::new();
    for report in reports.into_iter().rev() {
        let first = newer.insert(report.notice.key.clone());
        if first || !(crowded || report.change == Change::Refreshed) {
            kept.push(Write::Report(report));
        }
    }
    kept.reverse();
    kept
}

fn report(write: Write) -> Option<Box<AlertReport>> {
    match write {
        Write::Report(report) => Some(report),
        Write::State { .. } | Write::Upgrades { .. } => None,
    }
}

/// The alerts that wait for the disk and are open, by their newest reports.
pub(super) fn open(unsaved: &[Write]) -> impl Iterator<Item = &AlertReport> {
    let reports = unsaved.iter().rev().filter_map(|write| match write {
        Write::Report(report) => Some(report.as_ref()),
        Write::State { .. } | Write::Upgrades { .. } => None,
    });
    let mut seen = BTreeSet::new();
    reports.filter(move |report| seen.insert(report.notice.key.clone()) && report.change != Change::Over)
}

#[cfg(test)]
mod tests {
    use dogwatch_alerts::{AlertKey, Cause, Notice, Scope, Severity, Subject};
    use dogwatch_chain::Time;

    use super::*;

    fn write(change: Change, cause: Cause, summary: &str) -> Write {
        let notice = Notice {
            key: AlertKey::new(Scope::chain("hive"), cause),
            severity: Severity::Page,
            subject: Subject::Daemon,
            summary: summary.to_owned(),
            details: String::new(),
            remedy: String::new(),
            command: String::new(),
        };
        Write::Report(Box::new(AlertReport { change, notice, at: Time::from_secs(1) }))
    }

    fn shown(writes: &[Write]) -> Vec<String> {
        let reports = writes.iter().filter_map(|write| report(write.clone()));
        reports.map(|r| format!("{:?} {} {}", r.change, r.notice.key.cause, r.notice.summary)).collect()
    }

    #[test]
    fn of_wording_the_newest_is_kept_and_of_all_else_everything() {
        let kept = keep(vec![
            write(Change::Raised, Cause::Blind, "1"),
            write(Change::Refreshed, Cause::Blind, "2"),
            write(Change::Refreshed, Cause::Blind, "3"),
            write(Change::Over, Cause::Split, "4"),
        ]);
        assert_eq!(shown(&kept), ["Raised blind 1", "Refreshed blind 3", "Over split 4"]);
        assert_eq!(open(&kept).map(|report| report.notice.summary.as_str()).collect::<Vec<_>>(), ["3"]);
    }

    #[test]
    fn a_disk_that_stays_full_loses_no_alert() {
        let mut unsaved = Vec::new();
        for n in 0..5000 {
            unsaved.push(write(Change::News, Cause::Blind, &n.to_string()));
            unsaved = keep(unsaved);
        }
        unsaved.push(write(Change::Raised, Cause::ForeignKey, "new"));
        let kept = keep(unsaved);
        assert!(kept.len() <= CROWDED + 1, "{}", kept.len());
        let both = shown(&kept);
        assert!(both.contains(&"Raised foreign-key new".to_owned()) && both.contains(&"News blind 4999".to_owned()));
    }
}
