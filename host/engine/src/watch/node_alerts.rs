//! The alerts about nodes that several witnesses share: each witness tells how it sees the node, and one alert comes of that.

use std::collections::BTreeMap;

use dogwatch_alerts::{AlertKey, AlertReport, Change, Notice, Scope};
use dogwatch_chain::{AccountName, Time};

use crate::book::AlertBook;
use crate::watch::machine::Watch;

/// The open alerts about the shared nodes of one chain.
#[derive(Clone, Debug, Default)]
pub struct NodeAlerts {
    book: AlertBook,
    /// What each witness says that has not called it off.
    views: BTreeMap<AlertKey, BTreeMap<AccountName, Notice>>,
}

impl NodeAlerts {
    /// Continues with the alerts that were open, which each witness must call off that has the node.
    pub fn new<'a>(book: AlertBook, watches: impl Iterator<Item = &'a Watch>) -> Self {
        let mut alerts = Self { book, views: BTreeMap::new() };
        let watches: Vec<&Watch> = watches.collect();
        for notice in alerts.book.notices() {
            let having = || watches.iter().filter(|watch| has(watch, &notice.key)).map(|watch| &watch.config().witness);
            // What it meant for each of them is said anew.
            let lines = having().filter_map(|witness| notice.details.find(&line(witness, "")));
            let details = lines.min().and_then(|end| notice.details.get(..end)).unwrap_or(&notice.details);
            let view = Notice { details: details.to_owned(), ..notice.clone() };
            alerts.views.insert(notice.key.clone(), having().map(|witness| (witness.clone(), view.clone())).collect());
        }
        alerts
    }

    /// Whether that is an alert about a shared node.
    fn are_about(key: &AlertKey) -> bool {
        matches!(key.scope, Scope::Node { .. })
    }

    /// What is told of a witness's reports: of those about a shared node only what no other witness has reported. `watches` are
    /// all witnesses of the chain.
    pub fn merge<'a, W: Iterator<Item = &'a Watch>>(
        &mut self,
        witness: &AccountName,
        reports: Vec<AlertReport>,
        watches: impl Fn() -> W,
    ) -> Vec<AlertReport> {
        let told = reports.into_iter().filter_map(|report| match Self::are_about(&report.notice.key) {
            true => self.take(witness, report, watches()),
            false => Some(report),
        });
        told.collect()
    }

    /// Takes in what a witness reports of a shared node, and says what is to be told of it.
    fn take<'a>(
        &mut self,
        witness: &AccountName,
        report: AlertReport,
        watches: impl Iterator<Item = &'a Watch>,
    ) -> Option<AlertReport> {
        let AlertReport { change, notice, at } = report;
        let key = notice.key.clone();
        let views = self.views.entry(key.clone()).or_default();
        if change != Change::Over {
            let is_news = views.insert(witness.clone(), notice).is_none();
            let notice = self.merged(at, &key, watches)?;
            // What it means for that witness was told before it had heard of it.
            let reworded = notice.clone();
            let raised = self.book.raise(at, notice);
            return raised.or_else(|| is_news.then(|| self.book.reword(at, reworded)).flatten());
        }
        views.remove(witness);
        if views.is_empty() {
            self.views.remove(&key);
            return self.book.resolve(at, &key, &notice.details);
        }
        None
    }

    /// Fresh wording, where it has become old: the keys may have moved meanwhile.
    pub fn refresh<'a, W: Iterator<Item = &'a Watch>>(
        &mut self,
        now: Time,
        watches: impl Fn() -> W,
    ) -> Vec<AlertReport> {
        let keys: Vec<AlertKey> = self.views.keys().cloned().collect();
        let notices: Vec<Notice> = keys.iter().filter_map(|key| self.merged(now, key, watches())).collect();
        notices.into_iter().filter_map(|notice| self.book.raise(now, notice)).collect()
    }

    /// The worst of what the witnesses say, with what it means for each of them.
    fn merged<'a>(&self, now: Time, key: &AlertKey, watches: impl Iterator<Item = &'a Watch>) -> Option<Notice> {
        // Of equals the first.
        let mut notices = self.views.get(key)?.values();
        let first = notices.next()?;
        let worst = notices.fold(first, |worst, notice| if notice.severity > worst.severity { notice } else { worst });
        let stake = |watch: &Watch| line(&watch.config().witness, &watch.stake(now, key.cause, name(key)));
        let stakes: String = watches.filter(|watch| has(watch, key)).map(stake).collect();
        let details = format!("{}{stakes}", worst.details);
        Some(Notice { details, ..worst.clone() })
    }
}

/// What the trouble means for a witness.
fn line(witness: &AccountName, stake: &str) -> String {
    format!("\n{witness}: {stake}")
}

/// The name of the node that an alert is about.
fn name(key: &AlertKey) -> &str {
    match &key.scope {
        Scope::Node { node, .. } => node,
        Scope::Daemon { .. } | Scope::Chain { .. } | Scope::Witness { .. } => "",
    }
}

/// Whether the witness has the node that an alert is about.
fn has(watch: &Watch, key: &AlertKey) -> bool {
    watch.node_index(name(key)).is_some()
}

#[cfg(test)]
pub(in crate::watch) mod tests;
