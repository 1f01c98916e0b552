//! Who is told of what, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use dogwatch_chain::Time;
use jiff::civil::Time as WallTime;
use jiff::tz::TimeZone;

use crate::alert::Alert;
use crate::cause::Cause;
use crate::hours::{self, Hours, Weekdays};
use crate::severity::Severity;
use crate::subject::SubjectKind;

/// A channel, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Its name.
    pub name: String,
    /// What it takes.
    pub min_severity: Severity,
}

/// A step of an escalation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscalationStep {
    /// How long after the alert opened, if nobody has acknowledged it by then.
    pub after: Duration,
    /// Who is told.
    pub channels: Vec<String>,
}

/// A way for some alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// From this severity up.
    pub min_severity: Severity,
    /// About these; about anything if none is named.
    pub subjects: Vec<SubjectKind>,
    /// In these hours; what comes at another time waits for them.
    pub hours: Option<Hours>,
    /// On these days.
    pub days: Weekdays,
    /// Its steps, the first at once.
    pub steps: Vec<EscalationStep>,
}

impl Route {
    fn takes(&self, alert: &Alert) -> bool {
        let kind = SubjectKind::of(&alert.subject);
        // A storm is about whatever its members are about.
        let about = self.subjects.is_empty() || self.subjects.contains(&kind) || alert.key.cause == Cause::Storm;
        alert.severity >= self.min_severity && about
    }
}

/// When an alert comes and goes too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlapRule {
    /// So many openings…
    pub openings: usize,
    /// …within this time make it flap.
    pub window: Duration,
    /// It is over when it has not opened for so long.
    pub quiet: Duration,
}

impl Default for FlapRule {
    /// The third opening in ten minutes; over after five quiet minutes. Ours.
    fn default() -> Self {
        Self { openings: 3, window: Duration::from_mins(10), quiet: Duration::from_mins(5) }
    }
}

/// All rules. They change with the configuration, and incidents go on under the new ones.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Where this daemon runs.
    pub site: String,
    /// The channels that tell humans of alerts.
    pub recipients: Vec<Recipient>,
    /// The routes. An alert that none takes goes to every channel.
    pub routes: Vec<Route>,
    /// After how long an alert from critical up is said again while nobody has acknowledged it.
    pub repeat: Duration,
    /// How long an opening waits for others, so that a storm shows.
    pub gather: Duration,
    /// So many openings within that time are said one by one; more are a storm, and one message.
    pub storm: usize,
    /// When an alert comes and goes too often.
    pub flapping: FlapRule,
    /// Where the operator's clock hangs.
    pub zone: TimeZone,
    /// When the daily rehearsal is due, by that clock, if it is.
    pub rehearsal: Option<WallTime>,
}

impl Rules {
    /// Every alert to every channel.
    pub fn plain(site: &str, recipients: Vec<Recipient>, repeat: Duration) -> Self {
        Self {
            site: site.to_owned(),
            recipients,
            routes: Vec::new(),
            repeat,
            gather: Duration::from_millis(250),
            storm: 5,
            flapping: FlapRule::default(),
            zone: TimeZone::UTC,
            rehearsal: None,
        }
    }

    /// When the next daily rehearsal is due.
    pub fn next_rehearsal(&self, after: Time) -> Option<Time> {
        hours::next_at(self.rehearsal?, &self.zone, after)
    }

    /// Who is told of an alert when, if nobody acknowledges it: times in order, each with its channels. A channel that
    /// does not take the alert's severity is in none of them.
    pub(crate) fn plan(&self, alert: &Alert, now: Time) -> BTreeMap<Time, BTreeSet<String>> {
        let takes =
            |name: &str| self.recipients.iter().any(|known| known.name == name && alert.severity >= known.min_severity);
        let mut plan: BTreeMap<Time, BTreeSet<String>> = BTreeMap::new();
        let mut add = |at: Time, name: &str| {
            if takes(name) {
                plan.entry(at).or_default().insert(name.to_owned());
            }
        };
        for route in self.routes.iter().filter(|route| route.takes(alert)) {
            let Some(open) = hours::open_at(route.hours.as_ref(), &route.days, &self.zone, now) else { continue };
            for step in &route.steps {
                step.channels.iter().for_each(|name| add(open.plus(step.after), name));
            }
        }
        // What no route takes, or takes to nobody, goes to every channel; and a page waits for no hours.
        let waits = plan.keys().next().is_none_or(|first| *first > now);
        if plan.is_empty() || (waits && alert.severity == Severity::Page) {
            let all = self.recipients.iter().filter(|recipient| takes(&recipient.name));
            plan.entry(now).or_default().extend(all.map(|recipient| recipient.name.clone()));
        }
        plan.retain(|_, channels| !channels.is_empty());
        plan
    }
}
