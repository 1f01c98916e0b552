//! What a watcher has reported to the alert desk and not called off.
//!
//! A book reports that an alert is raised, worse, or over. Repeating it, escalating it, and remembering how bad it was at its
//! worst are the desk's.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch_alerts::{Alert, AlertKey, AlertReport, Cause, Change, Notice};
use dogwatch_chain::Time;

/// How old the wording that the desk has may get while the alert is open: whoever is told next is to read how it is then.
const REFRESH: Duration = Duration::from_secs(60);

/// An alert that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reported {
    notice: Notice,
    opened_at: Time,
    /// When the desk last got its wording.
    reported_at: Time,
}

/// The open alerts of one chain or witness. Not stored: after a restart the desk knows what is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertBook {
    open: BTreeMap<AlertKey, Reported>,
}

impl AlertBook {
    /// Goes on from what the desk has open.
    pub fn resume<'a>(open: impl IntoIterator<Item = &'a Alert>) -> Self {
        let reported = |alert: &Alert| {
            let Alert { key, severity, subject, summary, details, remedy, command, .. } = alert.clone();
            let notice = Notice { key, severity, subject, summary, details, remedy, command };
            (alert.key.clone(), Reported { notice, opened_at: alert.opened_at, reported_at: alert.at })
        };
        Self { open: open.into_iter().map(reported).collect() }
    }

    /// The keys of the open alerts.
    pub fn open(&self) -> impl Iterator<Item = &AlertKey> {
        self.open.keys()
    }

    /// The open alerts as they were last reported.
    pub(crate) fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.open.values().map(|reported| &reported.notice)
    }

    /// Whether that alert is open.
    pub(crate) fn is_open(&self, key: &AlertKey) -> bool {
        self.open.contains_key(key)
    }

    /// When that alert opened, if it is open.
    pub(crate) fn opened_at(&self, key: &AlertKey) -> Option<Time> {
        self.open.get(key).map(|open| open.opened_at)
    }

    /// Something is wrong: reports it if it is new, worse than before, or if the desk's wording has grown old.
    pub(crate) fn raise(&mut self, now: Time, notice: Notice) -> Option<AlertReport> {
        let Some(open) = self.open.get(&notice.key) else {
            return Some(self.report(now, Change::Raised, notice));
        };
        if notice.severity > open.notice.severity {
            return Some(self.report(now, Change::Worse, notice));
        }
        // A clock that was set back must not keep the wording old until it has caught up.
        let old = now.since(open.reported_at) >= REFRESH || now < open.reported_at;
        if old && notice != open.notice {
            return Some(self.report(now, Change::Refreshed, notice));
        }
        None
    }

    /// Fresh wording of an open alert at once: what the desk has is not only old.
    pub(crate) fn reword(&mut self, now: Time, notice: Notice) -> Option<AlertReport> {
        let open = self.open.get(&notice.key)?;
        (notice != open.notice).then(|| self.report(now, Change::Refreshed, notice))
    }

    /// Something happened that is worth a message at once, whether or not the alert is open.
    pub(crate) fn update(&mut self, now: Time, notice: Notice) -> AlertReport {
        let change = if self.is_open(&notice.key) { Change::News } else { Change::Raised };
        self.report(now, change, notice)
    }

    fn report(&mut self, now: Time, change: Change, notice: Notice) -> AlertReport {
        let opened_at = self.opened_at(&notice.key).unwrap_or(now);
        let reported = Reported { notice: notice.clone(), opened_at, reported_at: now };
        self.open.insert(notice.key.clone(), reported);
        AlertReport { change, notice, at: now }
    }

    /// The alert is over, if it is open, and this is how it ended.
    pub(crate) fn resolve(&mut self, now: Time, key: &AlertKey, how: &str) -> Option<AlertReport> {
        let Notice { key, severity, subject, summary, .. } = self.open.remove(key)?.notice;
        Some(AlertReport::over(now, key, severity, subject, &summary, how))
    }

    /// All open alerts of a cause are over but these.
    pub(crate) fn resolve_others(&mut self, now: Time, cause: Cause, keep: &[AlertKey], how: &str) -> Vec<AlertReport> {
        let gone = self.open.keys().filter(|key| key.cause == cause && !keep.contains(key));
        let gone: Vec<AlertKey> = gone.cloned().collect();
        gone.iter().filter_map(|key| self.resolve(now, key, how)).collect()
    }
}

#[cfg(test)]
mod tests {
    use dogwatch_alerts::{AlertEvent, Scope, Severity, Subject};

    use super::*;
    use crate::testing::time;

    fn key(cause: Cause) -> AlertKey {
        AlertKey::new(Scope::chain("hive"), cause)
    }

    fn notice(severity: Severity, details: &str) -> Notice {
        Notice {
            key: key(Cause::Blind),
            severity,
            subject: Subject::Daemon,
            summary: "blind".to_owned(),
            details: details.to_owned(),
            remedy: String::new(),
            command: String::new(),
        }
    }

    #[test]
    fn raised_worse_over() {
        let mut book = AlertBook::default();
        // Slots of three seconds.
        let mut raise = |slot, severity, details| {
            book.raise(time(slot), notice(severity, details)).map(|report| (report.change, report.notice.severity))
        };
        assert_eq!(raise(1, Severity::Warning, ""), Some((Change::Raised, Severity::Warning)));
        assert_eq!(raise(900, Severity::Warning, ""), None, "it is not for the book to repeat it");
        assert_eq!(raise(901, Severity::Page, ""), Some((Change::Worse, Severity::Page)));
        assert_eq!(raise(902, Severity::Warning, ""), None, "better again is worth no report");
        assert_eq!(raise(903, Severity::Page, ""), None, "nor is it worse than what was reported");
        let raised = book.update(time(904), notice(Severity::Critical, ""));
        assert_eq!((raised.change, raised.notice.severity), (Change::News, Severity::Critical));
        assert_eq!(book.opened_at(&key(Cause::Blind)), Some(time(1)));
        let over = book.resolve(time(905), &key(Cause::Blind), "seen").unwrap();
        assert_eq!((over.change, over.notice.summary.as_str()), (Change::Over, "blind"));
        assert_eq!(over.notice.details, "seen");
        assert_eq!(book.resolve(time(906), &key(Cause::Blind), "seen"), None);
        assert_eq!(book.update(time(907), notice(Severity::Info, "")).change, Change::Raised, "another alert");
    }

    #[test]
    fn the_desk_gets_fresh_wording_once_a_minute() {
        let mut book = AlertBook::default();
        let mut changed = |slot, details| book.raise(time(slot), notice(Severity::Page, details)).map(|r| r.change);
        assert_eq!(changed(100, "1 miss"), Some(Change::Raised));
        assert_eq!(changed(101, "2 misses"), None, "too soon");
        assert_eq!(changed(119, "3 misses"), None);
        assert_eq!(changed(120, "4 misses"), Some(Change::Refreshed), "a minute has passed");
        assert_eq!(changed(200, "4 misses"), None, "nothing new");
        assert_eq!(changed(50, "5 misses"), Some(Change::Refreshed), "the clock was set back");
    }

    #[test]
    fn after_a_restart_it_goes_on_from_what_the_desk_has_open() {
        let mut before = AlertBook::default();
        let report = before.update(time(1), notice(Severity::Page, "seen"));
        let alert = report.notice.message(AlertEvent::Opened, report.at);
        let mut book = AlertBook::resume([&alert]);
        assert_eq!(book, before);
        assert_eq!(book.raise(time(2), notice(Severity::Page, "seen")), None);
        assert_eq!(book.resolve(time(3), &key(Cause::Blind), "over").map(|over| over.change), Some(Change::Over));
    }

    #[test]
    fn closes_what_is_not_kept() {
        let mut book = AlertBook::default();
        let part = |part| AlertKey::part(Scope::chain("hive"), Cause::Upgraded, part);
        for key in [part("a"), part("b"), key(Cause::Blind)] {
            book.raise(time(1), Notice { key, ..notice(Severity::Info, "") });
        }
        let gone = book.resolve_others(time(2), Cause::Upgraded, &[part("b")], "gone");
        assert_eq!(gone.into_iter().map(|over| over.notice.key).collect::<Vec<_>>(), [part("a")]);
        assert_eq!(book.open().count(), 2);
    }
}
