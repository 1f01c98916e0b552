//! PagerDuty: one incident per alert, however many events it gets.

use std::time::Duration;

use dogwatch::channels::client::{Outcome, Tested};
use dogwatch_alerts::AlertEvent;
use dogwatch_services::Fault;
use dogwatch_services::pagerduty::{Dropped, PagerDuty, Status};

use super::bench::{Alerting, KEY, Rig, Wired, Wiring, like_every_channel, message, strings};

const ROUTING_KEY: &str = "R0ut1ngK3y0123456789abcdefghijkl";

/// The channel.
pub(crate) struct Channel;

impl Wired for Channel {
    type Service = PagerDuty;

    fn service() -> PagerDuty {
        PagerDuty::new(ROUTING_KEY)
    }

    fn wiring(url: &str) -> Wiring {
        Wiring::new("pagerduty", url).text("url", url).secret("routing_key", ROUTING_KEY)
    }

    fn wrong(_: &str) -> Vec<(&'static str, String)> {
        vec![("routing_key", "f".repeat(32)), ("routing_key", "too-short".to_owned())]
    }
}

impl Alerting for Channel {
    const TAKES_REPORTS: bool = false;
    const KNOWS_REPETITIONS: bool = true;
    const WAIT: Option<Duration> = None;

    fn texts(service: &PagerDuty) -> Vec<String> {
        service.incidents.iter().map(|incident| strings(&incident.payload)).collect()
    }

    fn heard(service: &PagerDuty) -> usize {
        service.incidents.iter().map(|incident| incident.notifications as usize).sum()
    }

    fn is_over(service: &PagerDuty) -> bool {
        service.incidents.iter().all(|incident| incident.status == Status::Resolved) && service.dropped.is_empty()
    }
}

like_every_channel!(alike: Channel);

fn status(rig: &Rig<Channel>) -> Status {
    rig.fake.with(|service| service.incident(KEY).unwrap().status)
}

#[tokio::test(flavor = "multi_thread")]
async fn all_events_of_an_alert_reach_one_incident() {
    let rig = Rig::<Channel>::start().await;
    assert_eq!(rig.client.send(&message(AlertEvent::Opened)).await, Outcome::Delivered(KEY.to_owned()));
    assert_eq!(status(&rig), Status::Triggered);
    rig.client.deliver(&message(AlertEvent::Updated)).await;
    rig.fake.with(|service| {
        let incident = service.incident(KEY).unwrap();
        assert_eq!((incident.triggers, incident.notifications), (2, 1), "an update wakes nobody again");
        assert_eq!(incident.payload["severity"], "critical");
    });
    rig.client.deliver(&message(AlertEvent::Acknowledged)).await;
    assert_eq!(status(&rig), Status::Acknowledged);
    rig.client.deliver(&message(AlertEvent::Escalated)).await;
    rig.client.deliver(&message(AlertEvent::Resolved)).await;
    assert_eq!(status(&rig), Status::Resolved);
    assert_eq!(rig.fake.with(|service| service.incidents.len()), 1);
    assert!(rig.fake.with(|service| service.dropped.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_self_test_resolves_an_incident_that_was_never_open() {
    let rig = Rig::<Channel>::start().await;
    assert_eq!(rig.client.self_test().await, Tested::Passed);
    let resolved = Dropped { action: "resolve".to_owned(), dedup_key: "dogwatch/self-test".to_owned() };
    assert_eq!(rig.fake.with(|service| service.dropped.clone()), [resolved]);
}

/// The only test that waits for the full timeout of 15 seconds: the timeout is in the client that all channels share,
/// and cannot be skipped on real sockets.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_never_answers_is_given_up() {
    let (rig, opened) = (Rig::<Channel>::start().await, message(AlertEvent::Opened));
    rig.fake.order([Some(Fault::Hang)]);
    let outcome = rig.client.send(&opened).await;
    assert!(matches!(&outcome, Outcome::Failed(why) if why.contains("no answer in time")), "{outcome:?}");
    rig.client.deliver(&opened).await;
    assert_eq!(rig.heard(), 1);
}
