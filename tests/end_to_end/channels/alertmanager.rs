//! Alertmanager, which identifies an alert by its labels.

use std::time::Duration;

use dogwatch::channels::client::Tested;
use dogwatch::store::Delivery;
use dogwatch_alerts::{Alert, AlertEvent, Severity};
use dogwatch_services::alertmanager::{Alertmanager, Login};

use super::bench::{Alerting, KEY, OPENED_AT, Rig, Wired, Wiring, like_every_channel, message};

const USER: &str = "dogwatch";
const PASSWORD: &str = "l1ttle/s3cret";

/// The channel, with a login.
pub(crate) struct Channel;

impl Wired for Channel {
    type Service = Alertmanager;

    /// Its clock shows the time at which the alert ends.
    fn service() -> Alertmanager {
        let now = message(AlertEvent::Resolved).alert.at.as_millis();
        Alertmanager::new(Login::User(USER.to_owned(), PASSWORD.to_owned()), move || now)
    }

    fn wiring(url: &str) -> Wiring {
        Wiring::new("alertmanager", url).text("url", url).text("user", USER).secret("password", PASSWORD)
    }

    fn wrong(_: &str) -> Vec<(&'static str, String)> {
        vec![("password", "an0ther-s3cret".to_owned())]
    }
}

impl Alerting for Channel {
    const TAKES_REPORTS: bool = false;
    const KNOWS_REPETITIONS: bool = true;
    const WAIT: Option<Duration> = Some(Duration::from_secs(1));

    fn texts(service: &Alertmanager) -> Vec<String> {
        let text = |alert: &dogwatch_services::alertmanager::Alert| {
            alert.annotations.values().cloned().collect::<Vec<_>>().join("\n")
        };
        service.alerts.values().map(text).collect()
    }

    fn heard(service: &Alertmanager) -> usize {
        service.alerts.values().map(|alert| alert.notifications as usize).sum()
    }

    fn is_over(service: &Alertmanager) -> bool {
        service.firing("dogwatch_key", KEY).is_empty() && !service.alerts.is_empty()
    }
}

like_every_channel!(alike: Channel);

/// The severities that the alert fires with.
fn firing(rig: &Rig<Channel>) -> Vec<String> {
    rig.fake.with(|service| {
        let firing = service.firing("dogwatch_key", KEY);
        firing.iter().map(|(labels, _)| labels["severity"].clone()).collect()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_got_worse_fires_again_and_resolves_as_a_whole() {
    let rig = Rig::<Channel>::start().await;
    let opened = message(AlertEvent::Opened);
    let mild = Delivery { alert: Alert { severity: Severity::Warning, ..opened.alert.clone() }, ..opened };
    rig.client.deliver(&mild).await;
    assert_eq!(firing(&rig), ["warning"]);
    for event in [AlertEvent::Updated, AlertEvent::Escalated] {
        rig.client.deliver(&message(event)).await;
        assert_eq!(firing(&rig), ["page", "warning"]);
        assert_eq!(rig.heard(), 2);
    }
    rig.client.deliver(&message(AlertEvent::Resolved)).await;
    assert!(firing(&rig).is_empty());
    assert_eq!(rig.heard(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_is_shown_and_notifies_nobody() {
    let rig = Rig::<Channel>::start().await;
    rig.client.deliver(&message(AlertEvent::Opened)).await;
    rig.client.deliver(&message(AlertEvent::Acknowledged)).await;
    rig.fake.with(|service| {
        let firing = service.firing("dogwatch_key", KEY);
        let (labels, alert) = firing[0];
        assert_eq!((labels["alertname"].as_str(), labels["site"].as_str()), ("missing", "fsn1"));
        assert_eq!((alert.annotations["acknowledged_by"].as_str(), alert.notifications), ("bob", 1));
        assert_eq!(alert.starts_at, OPENED_AT);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_works_as_well_as_a_password() {
    let rig = Rig::<Channel>::start().await;
    rig.fake.with(|service| service.login = Login::Token("am-t0ken".to_owned()));
    assert!(matches!(rig.client.self_test().await, Tested::Failed(_)));
    let url = rig.fake.url();
    let client = Wiring::new("alertmanager", &url).text("url", &url).secret("token", "am-t0ken").client();
    assert_eq!(client.self_test().await, Tested::Passed);
    client.deliver(&message(AlertEvent::Opened)).await;
    assert_eq!(firing(&rig), ["page"]);
}
