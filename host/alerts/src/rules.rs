//! The rules: which channels get which alerts, and when.

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

/// A channel, as far as the rules need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Its name.
    pub name: String,
    /// The lowest severity it takes.
    pub min_severity: Severity,
}

/// A step of an escalation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscalationStep {
    /// How long after the alert opened the step is due, if nobody has acknowledged the alert by then.
    pub after: Duration,
    /// The channels that get it.
    pub channels: Vec<String>,
}

/// A route for some alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The lowest severity it takes.
    pub min_severity: Severity,
    /// The subjects it takes; all of them if the list is empty.
    pub subjects: Vec<SubjectKind>,
    /// The hours it is in use; alerts that come at another time wait for them.
    pub hours: Option<Hours>,
    /// The days it is in use.
    pub days: Weekdays,
    /// Its steps, in order.
    pub steps: Vec<EscalationStep>,
}

impl Route {
    fn takes(&self, alert: &Alert) -> bool {
        let kind = SubjectKind::of(&alert.subject);
        // A storm can be about any subject.
        let about = self.subjects.is_empty() || self.subjects.contains(&kind) || alert.key.cause == Cause::Storm;
        alert.severity >= self.min_severity && about
    }
}

/// When an alert counts as flapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlapRule {
    /// An alert flaps after this many openings…
    pub openings: usize,
    /// …within this time.
    pub window: Duration,
    /// A flapping alert is over once it has not opened for this long.
    pub quiet: Duration,
}

impl Default for FlapRule {
    /// Three openings in ten minutes; over after five quiet minutes.
    fn default() -> Self {
        Self { openings: 3, window: Duration::from_mins(10), quiet: Duration::from_mins(5) }
    }
}

/// All rules. They change with the configuration; open incidents continue under the new ones.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The site where this daemon runs.
    pub site: String,
    /// The channels that deliver alerts to people.
    pub recipients: Vec<Recipient>,
    /// The routes. An alert that no route takes goes to every channel.
    pub routes: Vec<Route>,
    /// How long until an unacknowledged alert from critical up is repeated.
    pub repeat: Duration,
    /// How long an alert's first message waits for others, so that a storm shows.
    pub gather: Duration,
    /// The most openings within that time that get a message each; more are a storm and get one message.
    pub storm: usize,
    /// When an alert counts as flapping.
    pub flapping: FlapRule,
    /// The operator's time zone.
    pub zone: TimeZone,
    /// When the daily rehearsal is due in that time zone, if there is one.
    pub rehearsal: Option<WallTime>,
}

impl Rules {
    /// Rules that send every alert to every channel.
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

    /// Which channels get an alert and when, if nobody acknowledges it, in order of time. Channels that do not take the
    /// alert's severity are left out.
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
        // An alert that no route takes, or takes to no channel, goes to every channel. A page waits for no hours.
        let waits = plan.keys().next().is_none_or(|first| *first > now);
        if plan.is_empty() || (waits && alert.severity == Severity::Page) {
            let all = self.recipients.iter().filter(|recipient| takes(&recipient.name));
            plan.entry(now).or_default().extend(all.map(|recipient| recipient.name.clone()));
        }
        plan.retain(|_, channels| !channels.is_empty());
        plan
    }
}
