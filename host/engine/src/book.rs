//! Which alerts are open, and when to speak of them again.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch_chain::Time;
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, AlertEvent, AlertKey, Severity, Subject};

/// What an alert says, before it is known whether it is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) key: AlertKey,
    pub(crate) severity: Severity,
    pub(crate) subject: Subject,
    pub(crate) summary: String,
    pub(crate) details: String,
    pub(crate) remedy: String,
    pub(crate) command: String,
}

/// An alert that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    alert: Alert,
    said_at: Time,
}

/// The open alerts of one chain or witness. Part of the state that survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertBook {
    open: BTreeMap<AlertKey, Open>,
}

impl AlertBook {
    /// The open alerts as they were last said, worst first.
    pub fn open(&self) -> Vec<&Alert> {
        let mut alerts: Vec<&Alert> = self.open.values().map(|open| &open.alert).collect();
        alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.severity), alert.opened_at));
        alerts
    }

    /// Whether that alert is open.
    pub fn is_open(&self, key: &AlertKey) -> bool {
        self.open.contains_key(key)
    }

    /// Opens the alert, or says it again when it got worse or `repeat` has passed.
    pub(crate) fn raise(&mut self, now: Time, chain: &str, repeat: Duration, notice: Notice) -> Option<Alert> {
        if let Some(open) = self.open.get(&notice.key) {
            // A clock that was set back must not silence the alert until it has caught up.
            let waited = now.since(open.said_at) >= repeat || now < open.said_at;
            let due = notice.severity >= Severity::Critical && waited;
            if notice.severity <= open.alert.severity && !due {
                return None;
            }
        }
        Some(self.update(now, chain, notice))
    }

    /// Says something new about an alert at once, opening it if need be.
    ///
    /// While an alert is open its severity never goes down, neither in updates nor in its resolution: whoever was told
    /// of the worst of it is to hear how it ends, and channels choose by severity what they deliver.
    pub(crate) fn update(&mut self, now: Time, chain: &str, notice: Notice) -> Alert {
        let known = self.open.get(&notice.key);
        let (event, opened_at, worst) = known.map_or((AlertEvent::Opened, now, notice.severity), |open| {
            (AlertEvent::Updated, open.alert.opened_at, open.alert.severity)
        });
        let alert = Alert {
            key: notice.key,
            event,
            severity: notice.severity.max(worst),
            subject: notice.subject,
            chain: chain.to_owned(),
            summary: notice.summary,
            details: notice.details,
            remedy: notice.remedy,
            command: notice.command,
            acknowledged_by: String::new(),
            opened_at,
            at: now,
        };
        self.open.insert(alert.key.clone(), Open { alert: alert.clone(), said_at: now });
        alert
    }

    /// For how long an alert has been open.
    pub(crate) fn open_for(&self, now: Time, key: &AlertKey) -> Option<Duration> {
        self.open.get(key).map(|open| now.since(open.alert.opened_at))
    }

    /// Closes the alert, if it is open, with a word on how it ended, at the highest severity it was said with.
    pub(crate) fn resolve(&mut self, now: Time, key: &AlertKey, how: &str) -> Option<Alert> {
        let open = self.open.remove(key)?;
        Some(Alert {
            event: AlertEvent::Resolved,
            summary: format!("resolved: {}", open.alert.summary),
            details: how.to_owned(),
            remedy: "Nothing to do.".to_owned(),
            command: String::new(),
            at: now,
            ..open.alert
        })
    }

    /// Closes every open alert: nobody watches what they are about any more.
    pub fn close(&mut self, now: Time, how: &str) -> Vec<Alert> {
        self.resolve_others(now, "", &[], how)
    }

    /// Closes all open alerts whose key starts with `prefix` and is not in `keep`.
    pub(crate) fn resolve_others(&mut self, now: Time, prefix: &str, keep: &[AlertKey], how: &str) -> Vec<Alert> {
        let gone: Vec<AlertKey> =
            self.open.keys().filter(|key| key.0.starts_with(prefix) && !keep.contains(key)).cloned().collect();
        gone.iter().filter_map(|key| self.resolve(now, key, how)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::time;

    fn notice(severity: Severity) -> Notice {
        Notice {
            key: AlertKey("a/b".to_owned()),
            severity,
            subject: Subject::Daemon,
            summary: String::new(),
            details: String::new(),
            remedy: String::new(),
            command: String::new(),
        }
    }

    #[test]
    fn the_life_of_an_alert() {
        let mut book = AlertBook::default();
        // Slots of three seconds; said again after ten of them.
        let mut raise = |slot, severity| {
            let alert = book.raise(time(slot), "hive", Duration::from_secs(30), notice(severity));
            alert.map(|alert| (alert.event, alert.severity, alert.opened_at))
        };
        assert_eq!(raise(1, Severity::Warning), Some((AlertEvent::Opened, Severity::Warning, time(1))));
        assert_eq!(raise(90, Severity::Warning), None, "a warning is said once");
        assert_eq!(raise(91, Severity::Page), Some((AlertEvent::Updated, Severity::Page, time(1))), "it got worse");
        assert_eq!(raise(100, Severity::Page), None);
        assert_eq!(raise(100, Severity::Warning), None, "better again is not worth a word");
        assert_eq!(raise(101, Severity::Page).map(|said| said.0), Some(AlertEvent::Updated), "it is time again");
        assert_eq!(raise(60, Severity::Page).map(|said| said.0), Some(AlertEvent::Updated), "the clock was set back");
        assert_eq!(raise(61, Severity::Page), None);
        let milder = book.update(time(62), "hive", notice(Severity::Critical));
        assert_eq!((milder.event, milder.severity), (AlertEvent::Updated, Severity::Page), "it never goes down");
        let stored: AlertBook = serde_json::from_str(&serde_json::to_string(&book).unwrap()).unwrap();
        assert_eq!(stored, book);
        let key = notice(Severity::Info).key;
        let over = book.resolve(time(70), &key, "done").map(|alert| (alert.event, alert.severity));
        assert_eq!(over, Some((AlertEvent::Resolved, Severity::Page)), "who was woken hears that it is over");
        assert_eq!(book.resolve(time(70), &key, "done"), None);
        let anew = book.update(time(71), "hive", notice(Severity::Info));
        assert_eq!(
            (anew.event, anew.severity),
            (AlertEvent::Opened, Severity::Info),
            "another alert, another severity"
        );
    }

    #[test]
    fn closes_what_is_not_kept() {
        let mut book = AlertBook::default();
        for key in ["a/1", "a/2", "b/1"] {
            let notice = Notice { key: AlertKey(key.to_owned()), ..notice(Severity::Info) };
            book.raise(time(1), "hive", Duration::ZERO, notice);
        }
        let gone = book.resolve_others(time(2), "a/", &[AlertKey("a/2".to_owned())], "gone");
        assert_eq!(gone.iter().map(|alert| alert.key.0.as_str()).collect::<Vec<_>>(), ["a/1"]);
        assert_eq!(book.open().len(), 2);
    }
}
