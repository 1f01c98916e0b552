//! Opsgenie, which handles requests after it has answered, and Jira Service Management, which cannot be asked.

use std::time::Duration;

use dogwatch::channels::client::Outcome;
use dogwatch::store::Delivery;
use dogwatch_alerts::{Alert, AlertEvent, Severity};
use dogwatch_plugins::{Progress, Reached};
use dogwatch_services::opsgenie::{Opsgenie, Product, Status};
use dogwatch_services::{Fake, Fault};

use super::bench::{AUTHORITY, Alerting, KEY, Rig, Wired, Wiring, like_every_channel, message, strings};

const INTEGRATION: &str = "4f1f2a3b-0c1d-4e5f-8a9b-0c1d2e3f4a5b";

/// The channel.
pub(crate) struct Channel;

impl Wired for Channel {
    type Service = Opsgenie;

    fn service() -> Opsgenie {
        Opsgenie::new(Product::Opsgenie, INTEGRATION)
    }

    fn wiring(url: &str) -> Wiring {
        Wiring::new("opsgenie", url).text("url", url).secret("key", INTEGRATION)
    }

    fn wrong(_: &str) -> Vec<(&'static str, String)> {
        vec![("key", "5a1f2a3b-0c1d-4e5f-8a9b-0c1d2e3f4a5b".to_owned()), ("key", "no-uuid".to_owned())]
    }
}

impl Alerting for Channel {
    const TAKES_REPORTS: bool = false;
    const KNOWS_REPETITIONS: bool = true;
    const WAIT: Option<Duration> = Some(Duration::from_secs(1));

    fn texts(service: &Opsgenie) -> Vec<String> {
        service.alerts.iter().map(|alert| strings(&alert.body)).collect()
    }

    fn heard(service: &Opsgenie) -> usize {
        service.alerts.iter().map(|alert| alert.notifications as usize).sum()
    }

    fn is_over(service: &Opsgenie) -> bool {
        service.of_key(KEY).iter().all(|alert| alert.status == Status::Closed)
    }

    /// Its web pages render texts as HTML.
    fn assert_harmless(service: &Opsgenie) {
        for text in Self::texts(service) {
            super::bench::assert_plain(&text);
            assert!(!text.contains(['<', '>']) && text.contains("‹b›*_`~|›#[x]"), "{text}");
        }
    }
}

like_every_channel!(alike: Channel);

fn with_severity(event: AlertEvent, severity: Severity) -> Delivery {
    let delivery = message(event);
    Delivery { alert: Alert { severity, ..delivery.alert.clone() }, ..delivery }
}

fn statuses(rig: &Rig<Channel>) -> Vec<Status> {
    rig.fake.with(|service| service.of_key(KEY).iter().map(|alert| alert.status).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledgement_and_end_reach_every_severity_that_the_alert_has_had() {
    let rig = Rig::<Channel>::start().await;
    rig.client.deliver(&with_severity(AlertEvent::Opened, Severity::Warning)).await;
    rig.client.deliver(&message(AlertEvent::Updated)).await;
    assert_eq!(statuses(&rig), [Status::Open, Status::Open], "an alert that got worse rings again");
    rig.fake.with(|service| {
        let priorities: Vec<_> = service.alerts.iter().map(|alert| alert.priority.as_str()).collect();
        assert_eq!(priorities, ["P3", "P1"]);
    });
    rig.client.deliver(&message(AlertEvent::Acknowledged)).await;
    assert_eq!(statuses(&rig), [Status::Acknowledged, Status::Acknowledged]);
    assert!(rig.fake.with(|service| service.alerts[0].notes[0].contains("bob")));
    rig.client.deliver(&message(AlertEvent::Resolved)).await;
    assert_eq!(statuses(&rig), [Status::Closed, Status::Closed]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_request_is_asked_about_again() {
    let (rig, opened) = (Rig::<Channel>::start().await, message(AlertEvent::Opened));
    rig.fake.with(|service| service.not_yet = 1);
    let following = rig.client.follow(&opened).await;
    assert_eq!((following.reached, following.after), (Reached::NotYet, Duration::from_secs(2)));
    let asked = rig.client.ask(&opened, &following.receipt).await;
    assert_eq!(asked, Ok(Progress::Waiting(Duration::from_secs(5))));
    rig.fake.order([Some(Fault::Status(503))]);
    let asked = rig.client.ask(&opened, &following.receipt).await;
    assert!(matches!(asked, Ok(Progress::Waiting(_))), "{asked:?}");
    rig.fake.order([Some(Fault::Drop)]);
    assert!(rig.client.ask(&opened, &following.receipt).await.is_err());
    assert_eq!(rig.client.ask(&opened, &following.receipt).await, Ok(Progress::Over));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_request_that_failed_is_sent_again() {
    let (rig, opened) = (Rig::<Channel>::start().await, message(AlertEvent::Opened));
    rig.fake.with(|service| service.fails = Some("Alert creation failed".to_owned()));
    let following = rig.client.follow(&opened).await;
    let progress = rig.client.end(&opened, &following.receipt).await;
    assert!(matches!(&progress, Progress::Unreached(why) if why.contains("creation failed")), "{progress:?}");
    rig.fake.with(|service| service.fails = None);
    let following = rig.client.follow(&opened).await;
    assert_eq!(rig.client.end(&opened, &following.receipt).await, Progress::Over);
    assert_eq!(statuses(&rig), [Status::Open]);
}

#[tokio::test(flavor = "multi_thread")]
async fn resolving_an_alert_closed_by_hand_is_not_a_failure() {
    let (rig, resolved) = (Rig::<Channel>::start().await, message(AlertEvent::Resolved));
    let following = rig.client.follow(&resolved).await;
    assert_eq!(rig.client.end(&resolved, &following.receipt).await, Progress::Over);
}

#[tokio::test(flavor = "multi_thread")]
async fn jira_cannot_be_asked() {
    let fake = Fake::start(Opsgenie::new(Product::Jira, INTEGRATION), &AUTHORITY).await.unwrap();
    let address = format!("{}/jsm/ops/integration", fake.url());
    let client = Wiring::new("opsgenie", &fake.url()).text("url", &address).secret("key", INTEGRATION).client();
    let outcome = client.send(&message(AlertEvent::Opened)).await;
    assert!(matches!(outcome, Outcome::Delivered(_)), "{outcome:?}");
    client.deliver(&message(AlertEvent::Resolved)).await;
    assert!(fake.with(|service| Channel::is_over(service) && service.alerts.len() == 1));
}
