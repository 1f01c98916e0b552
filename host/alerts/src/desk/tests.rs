//! The life of incidents, from opening to end.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::rules::{EscalationStep, Recipient, Route};
use crate::{AlertKey, Cause, Scope, Subject, SubjectKind, Weekdays, digest, storm};

/// A night at one desk: the state of one incident and every message about it.
struct Night {
    rules: Rules,
    maintenance: Option<Maintenance>,
    now: Time,
    known: Option<Incident>,
    said: Vec<(u64, AlertEvent, String)>,
}

const START: u32 = 1_795_000_000;

fn recipient(name: &str, min_severity: Severity) -> Recipient {
    Recipient { name: name.to_owned(), min_severity }
}

fn step(after: u64, channels: &[&str]) -> EscalationStep {
    let channels = channels.iter().map(|name| (*name).to_owned()).collect();
    EscalationStep { after: Duration::from_secs(after), channels }
}

fn report(change: Change, severity: Severity, summary: &str, at: Time) -> AlertReport {
    let notice = Notice {
        key: AlertKey::new(Scope::witness("hive", "alice"), Cause::Missing),
        severity,
        subject: Subject::Daemon,
        summary: summary.into(),
        details: "details".into(),
        remedy: String::new(),
        command: String::new(),
    };
    AlertReport { change, notice, at }
}

impl Night {
    fn new() -> Self {
        let recipients = vec![recipient("chat", Severity::Info), recipient("pager", Severity::Critical)];
        let mut rules = Rules::plain("home", recipients, Duration::from_secs(300));
        rules.gather = Duration::ZERO;
        Self { rules, maintenance: None, now: Time::from_secs(START), known: None, said: Vec::new() }
    }

    /// A chat at once, a phone after five minutes, a colleague after ten.
    fn escalating() -> Self {
        let mut night = Self::new();
        night.rules.recipients.extend([recipient("phone", Severity::Page), recipient("colleague", Severity::Info)]);
        night.rules.routes = vec![Route {
            min_severity: Severity::Warning,
            subjects: Vec::new(),
            hours: None,
            days: Weekdays::default(),
            steps: vec![step(0, &["chat"]), step(300, &["phone"]), step(600, &["colleague"])],
        }];
        night
    }

    fn event(&mut self, event: IncidentEvent) {
        let desk = Desk { rules: &self.rules, now: self.now, maintenance: self.maintenance.as_ref() };
        let step = desk.handle(self.known.take(), event);
        let second = self.now.since(Time::from_secs(START)).as_secs();
        for dispatch in &step.dispatches {
            for channel in &dispatch.channels {
                self.said.push((second, dispatch.alert.event, channel.clone()));
            }
        }
        self.known = step.incident;
    }

    fn report(&mut self, change: Change, severity: Severity, summary: &str) {
        self.event(IncidentEvent::Reported(Box::new(report(change, severity, summary, self.now))));
    }

    fn open(&mut self, severity: Severity) {
        self.report(Change::Raised, severity, "it broke");
    }

    fn resolve(&mut self) {
        self.report(Change::Over, Severity::Info, "it broke");
    }

    /// Lets time pass and handles what falls due.
    fn wait(&mut self, seconds: u64) {
        let until = self.now.plus(Duration::from_secs(seconds));
        loop {
            let step = Step { incident: self.known.clone(), dispatches: Vec::new() };
            let Some(due) = step.due(&self.rules).filter(|due| *due <= until) else { break };
            self.now = due.max(self.now);
            let before = self.known.clone();
            self.event(IncidentEvent::Due);
            assert_ne!(self.known, before, "what is due changes something");
        }
        self.now = until;
    }

    fn said(&mut self) -> Vec<String> {
        let said = std::mem::take(&mut self.said);
        said.into_iter().map(|(at, event, channel)| format!("{at} {event:?} {channel}")).collect()
    }
}

#[test]
fn an_alert_opens_is_repeated_and_ends() {
    let mut night = Night::new();
    night.open(Severity::Critical);
    assert_eq!(night.said(), ["0 Opened chat", "0 Opened pager"]);
    night.wait(700);
    assert_eq!(night.said(), ["300 Updated chat", "300 Updated pager", "600 Updated chat", "600 Updated pager"]);
    night.resolve();
    assert_eq!(night.said(), ["700 Resolved chat", "700 Resolved pager"]);
    night.wait(3600);
    assert_eq!((night.said(), night.known), (vec![], None), "and is forgotten");
}

#[test]
fn a_warning_is_sent_once_to_channels_that_take_warnings() {
    let mut night = Night::new();
    night.open(Severity::Warning);
    night.wait(3600);
    assert_eq!(night.said(), ["0 Opened chat"]);
    night.resolve();
    assert_eq!(night.said(), ["3600 Resolved chat"]);
}

#[test]
fn news_is_sent_at_once_and_fresh_wording_with_the_next_message() {
    let mut night = Night::new();
    night.open(Severity::Critical);
    night.said();
    night.wait(10);
    night.report(Change::Raised, Severity::Critical, "it broke");
    assert_eq!(night.said(), [] as [&str; 0], "nothing new");
    night.report(Change::Raised, Severity::Critical, "it broke more");
    assert_eq!(night.said(), ["10 Updated chat", "10 Updated pager"]);
    night.report(Change::News, Severity::Critical, "it broke more");
    assert_eq!(night.said(), ["10 Updated chat", "10 Updated pager"]);
    night.report(Change::Refreshed, Severity::Critical, "it broke in 7 places");
    assert_eq!(night.said(), [] as [&str; 0], "new wording alone sends no message");
    night.wait(300);
    assert_eq!(night.said(), ["310 Updated chat", "310 Updated pager"], "the desk alone repeats");
    assert_eq!(night.known.unwrap().alert.summary, "it broke in 7 places");
}

#[test]
fn getting_worse_reaches_channels_that_do_not_take_milder_alerts() {
    let mut night = Night::new();
    night.open(Severity::Warning);
    night.event(IncidentEvent::Acknowledged("bob".into()));
    night.said();
    night.report(Change::Worse, Severity::Page, "it broke");
    assert_eq!(night.said(), ["0 Updated chat", "0 Opened pager"]);
    let known = night.known.as_ref().unwrap();
    let by = (&known.acknowledged, known.alert.acknowledged_by.as_str());
    assert_eq!(by, (&None, ""), "it needs a new acknowledgement");
    night.report(Change::Refreshed, Severity::Info, "it broke a little");
    assert_eq!(night.known.as_ref().unwrap().alert.severity, Severity::Page, "it never goes down");
}

#[test]
fn an_unacknowledged_alert_escalates() {
    let mut night = Night::escalating();
    night.open(Severity::Page);
    night.wait(605);
    assert_eq!(
        night.said(),
        ["0 Opened chat", "300 Escalated phone", "600 Escalated colleague"],
        "an escalation is not repeated to channels that know already"
    );
    night.wait(300);
    assert_eq!(night.said(), ["900 Updated chat", "900 Updated colleague", "900 Updated phone"]);
    night.event(IncidentEvent::Acknowledged("bob".into()));
    let told: Vec<String> = night.said();
    assert_eq!(told, ["905 Acknowledged chat", "905 Acknowledged colleague", "905 Acknowledged phone"]);
    assert_eq!(night.known.as_ref().unwrap().alert.acknowledged_by, "bob");
    night.wait(7200);
    assert_eq!(night.said(), [] as [&str; 0], "it stays quiet");
    night.resolve();
    assert_eq!(night.said().len(), 3);
}

#[test]
fn an_alert_acknowledged_in_time_does_not_escalate() {
    let mut night = Night::escalating();
    night.open(Severity::Page);
    night.wait(299);
    night.event(IncidentEvent::Acknowledged("bob".into()));
    night.event(IncidentEvent::Acknowledged("eve".into()));
    night.wait(3600);
    assert_eq!(night.said(), ["0 Opened chat", "299 Acknowledged chat"]);
}

#[test]
fn milder_alerts_skip_a_step_that_takes_only_pages() {
    let mut night = Night::escalating();
    night.open(Severity::Critical);
    night.wait(610);
    assert_eq!(night.said(), ["0 Opened chat", "300 Updated chat", "600 Escalated colleague"]);
}

#[test]
fn an_alert_that_no_route_takes_goes_to_every_channel() {
    let mut night = Night::escalating();
    night.rules.routes[0].subjects = vec![SubjectKind::Witness];
    night.open(Severity::Page);
    assert_eq!(night.said(), ["0 Opened chat", "0 Opened colleague", "0 Opened pager", "0 Opened phone"]);
}

#[test]
fn an_alert_outside_its_routes_hours_waits_for_them() {
    let mut night = Night::new();
    // The night begins at 11:06:40 UTC.
    night.rules.routes = vec![Route {
        min_severity: Severity::Info,
        subjects: Vec::new(),
        hours: Some("12:00-18:00".parse().unwrap()),
        days: Weekdays::default(),
        steps: vec![step(0, &["chat"])],
    }];
    night.open(Severity::Warning);
    assert_eq!(night.said(), [] as [&str; 0]);
    night.wait(4000);
    assert_eq!(night.said(), ["3200 Opened chat"]);
}

#[test]
fn a_flapping_alert_stays_open_until_it_is_quiet() {
    let mut night = Night::new();
    for _ in 0..2 {
        night.open(Severity::Warning);
        night.wait(10);
        night.resolve();
        night.wait(10);
    }
    assert_eq!(night.said(), ["0 Opened chat", "10 Resolved chat", "20 Opened chat", "30 Resolved chat"]);
    night.open(Severity::Warning);
    assert!(night.known.as_ref().unwrap().alert.details.contains("come and gone 3 times within 10 min"));
    for _ in 0..20 {
        night.wait(10);
        night.resolve();
        night.wait(10);
        night.open(Severity::Warning);
    }
    assert_eq!(night.said(), ["40 Opened chat"]);
    night.resolve();
    night.wait(299);
    assert_eq!(night.said(), [] as [&str; 0]);
    night.wait(1);
    assert_eq!(night.said(), ["740 Resolved chat"]);
}

#[test]
fn maintenance_holds_everything_back_and_loses_nothing() {
    let mut night = Night::new();
    let until = night.now.plus(Duration::from_secs(3600));
    let window = Maintenance { since: night.now, until, witness: None, reason: "reindex".into() };
    night.maintenance = Some(window.clone());
    night.open(Severity::Page);
    night.report(Change::Raised, Severity::Page, "it broke more");
    night.wait(3600);
    assert_eq!(night.said(), [] as [&str; 0]);
    let told = digest("home", &window, &[night.known.clone().unwrap()]).unwrap();
    assert_eq!((told.change, told.notice.severity), (Change::Report, Severity::Page));
    assert!(told.notice.summary.contains("alerts held back: 1, still open: 1"), "{}", told.notice.summary);
    assert!(told.notice.details.contains("page, open, since"), "{}", told.notice.details);
    night.event(IncidentEvent::Released);
    assert_eq!(night.said(), ["3600 Opened chat", "3600 Opened pager"]);

    let other = Maintenance { witness: Some("alice".into()), ..window };
    assert!(other.covers(Time::from_secs(START), "alice") && !other.covers(Time::from_secs(START), "bob"));
    assert!(!other.covers(until, "alice") && !other.covers(Time::from_secs(START - 1), "alice"));
}

#[test]
fn an_alert_open_before_a_maintenance_is_repeated_after_it() {
    let mut night = Night::new();
    night.open(Severity::Page);
    night.said();
    let until = night.now.plus(Duration::from_secs(3600));
    night.maintenance = Some(Maintenance { since: night.now, until, witness: None, reason: String::new() });
    night.wait(3600);
    assert_eq!(night.said(), [] as [&str; 0]);
    night.event(IncidentEvent::Released);
    assert_eq!(night.said().len(), 2);
}

#[test]
fn too_many_at_once_are_one_message() {
    let mut night = Night::new();
    night.open(Severity::Page);
    night.event(IncidentEvent::JoinedStorm(["chat".to_owned(), "pager".to_owned()].into()));
    night.said();
    night.report(Change::Raised, Severity::Page, "it broke more");
    let open = storm("home", &[night.known.clone().unwrap()]).unwrap();
    assert_eq!((open.change, open.notice.severity), (Change::Raised, Severity::Page));
    assert!(open.notice.details.contains("it broke more"), "{}", open.notice.details);
    night.resolve();
    let over = storm("home", &[night.known.clone().unwrap()]).unwrap();
    assert_eq!(over.change, Change::Over);
    assert_eq!(night.said(), [] as [&str; 0]);
    assert_eq!(storm("home", &[]), None);
}

#[test]
fn reports_leave_nothing_open() {
    let mut night = Night::new();
    night.report(Change::Report, Severity::Info, "everything would work");
    assert_eq!((night.said(), night.known), (vec!["0 Report chat".to_owned()], None));
}

fn severities() -> impl Strategy<Value = Severity> {
    prop_oneof![Just(Severity::Info), Just(Severity::Warning), Just(Severity::Critical), Just(Severity::Page)]
}

proptest! {
    /// In any order of events, each channel first gets an opening and last a resolution, and every incident ends.
    #[test]
    fn every_channel_gets_the_opening_and_the_resolution(
        steps in proptest::collection::vec((0_u8..6, severities(), 0_u64..400, 0_u8..3), 1..60)
    ) {
        let mut night = Night::escalating();
        for (what, severity, wait, text) in steps {
            match what {
                0 | 1 => night.report(Change::Raised, severity, &format!("it broke {text}")),
                2 => night.resolve(),
                3 => night.event(IncidentEvent::Acknowledged("bob".into())),
                4 => {
                    let until = night.now.plus(Duration::from_secs(600));
                    let window = Maintenance { since: night.now, until, witness: None, reason: String::new() };
                    night.maintenance = Some(window);
                }
                _ => {
                    night.maintenance = None;
                    night.event(IncidentEvent::Released);
                }
            }
            night.wait(wait);
            if night.maintenance.as_ref().is_some_and(|window| window.until <= night.now) {
                night.maintenance = None;
                night.event(IncidentEvent::Released);
            }
        }
        night.maintenance = None;
        night.event(IncidentEvent::Released);
        night.resolve();
        night.wait(7200);
        prop_assert_eq!(&night.known, &None);
        let mut open: BTreeMap<String, bool> = BTreeMap::new();
        for (at, event, channel) in night.said {
            let known = open.entry(channel.clone()).or_default();
            match event {
                AlertEvent::Opened | AlertEvent::Escalated => *known = true,
                AlertEvent::Resolved => {
                    prop_assert!(*known, "{} {:?} {}", at, event, channel);
                    *known = false;
                }
                _ => prop_assert!(*known, "{} {:?} {}", at, event, channel),
            }
        }
        prop_assert!(open.values().all(|open| !open), "{:?}", open);
    }
}

/// A maintenance of everything that begins now and lasts an hour.
fn maintain(night: &mut Night) {
    let until = night.now.plus(Duration::from_secs(3600));
    night.maintenance = Some(Maintenance { since: night.now, until, witness: None, reason: String::new() });
}

#[test]
fn an_alert_that_gets_worse_in_a_maintenance_goes_to_the_channels_of_its_new_severity() {
    let mut night = Night::new();
    night.open(Severity::Warning);
    maintain(&mut night);
    night.wait(10);
    night.report(Change::Raised, Severity::Page, "it broke altogether");
    night.maintenance = None;
    night.event(IncidentEvent::Released);
    assert_eq!(night.said(), ["0 Opened chat", "10 Opened chat", "10 Opened pager"]);
}

#[test]
fn an_alert_acknowledged_in_a_maintenance_stays_acknowledged() {
    let mut night = Night::escalating();
    maintain(&mut night);
    night.open(Severity::Page);
    night.event(IncidentEvent::Acknowledged("bob".into()));
    night.maintenance = None;
    night.event(IncidentEvent::Released);
    night.wait(3600);
    assert_eq!(night.said(), [] as [&str; 0]);
}

#[test]
fn an_alert_sent_without_the_desk_ends_each_time() {
    let mut night = Night::new();
    for _ in 0..2 {
        let opened = report(Change::Raised, Severity::Page, "it does not start", night.now);
        night.event(IncidentEvent::Adopted(Box::new(opened)));
        night.resolve();
        night.wait(60);
    }
    assert_eq!(night.said(), ["0 Resolved chat", "0 Resolved pager", "60 Resolved chat", "60 Resolved pager"]);
}

#[test]
fn a_page_waits_for_no_hours_and_a_route_to_no_channel_falls_back_to_all() {
    let route = |min_severity, hours: Option<&str>, channels: &[&str]| Route {
        min_severity,
        subjects: Vec::new(),
        hours: hours.map(|hours| hours.parse().unwrap()),
        days: Weekdays::default(),
        steps: vec![step(0, channels)],
    };
    let mut night = Night::new();
    night.rules.routes = vec![route(Severity::Info, Some("12:00-18:00"), &["chat"])];
    night.open(Severity::Page);
    assert_eq!(night.said(), ["0 Opened chat", "0 Opened pager"]);

    let mut night = Night::new();
    night.rules.routes = vec![route(Severity::Info, None, &["nobody"])];
    night.open(Severity::Critical);
    assert_eq!(night.said(), ["0 Opened chat", "0 Opened pager"]);
}

#[test]
fn a_storm_takes_every_route_that_takes_its_severity() {
    let mut night = Night::escalating();
    night.rules.routes[0].subjects = vec![SubjectKind::Witness];
    let mut storm = report(Change::Raised, Severity::Page, "40 alerts opened at once", night.now);
    storm.notice.key = AlertKey::new(Scope::daemon("home"), Cause::Storm);
    night.event(IncidentEvent::Reported(Box::new(storm)));
    assert_eq!(night.said(), ["0 Opened chat"]);
}

#[test]
fn a_renamed_channel_gets_the_open_alerts() {
    let mut night = Night::new();
    night.rules.recipients.retain(|recipient| recipient.name == "pager");
    night.open(Severity::Page);
    night.rules.recipients = vec![recipient("pager2", Severity::Critical)];
    night.event(IncidentEvent::RulesChanged);
    night.resolve();
    assert_eq!(night.said(), ["0 Opened pager", "0 Opened pager2", "0 Resolved pager2"]);
}

#[test]
fn channels_that_knew_of_an_alert_before_a_storm_get_its_end() {
    let mut night = Night::new();
    night.open(Severity::Page);
    night.event(IncidentEvent::JoinedStorm(["pager".to_owned()].into()));
    night.report(Change::Raised, Severity::Page, "it broke more");
    night.resolve();
    assert_eq!(night.said(), ["0 Opened chat", "0 Opened pager", "0 Resolved chat"]);
}
