//! ntfy: a topic, and phone calls if the account has them.

use std::time::Duration;

use dogwatch::channels::client::{Outcome, Tested};
use dogwatch_alerts::AlertEvent;
use dogwatch_services::ntfy::{Access, Ntfy};

use super::bench::{Alerting, Rig, Wired, Wiring, like_every_channel, message};

/// The channel.
pub(crate) struct Channel;

impl Wired for Channel {
    type Service = Ntfy;

    fn service() -> Ntfy {
        Ntfy::new()
    }

    fn wiring(url: &str) -> Wiring {
        Wiring::new("ntfy", url).text("url", url).text("topic", "watch").secret("token", &Ntfy::new().token)
    }

    fn wrong(_: &str) -> Vec<(&'static str, String)> {
        vec![("token", "tk_unknown".to_owned())]
    }
}

impl Alerting for Channel {
    const WAIT: Option<Duration> = Some(Duration::from_secs(10));

    fn texts(service: &Ntfy) -> Vec<String> {
        service.messages.iter().map(|message| format!("{}\n{}", message.title, message.message)).collect()
    }
}

like_every_channel!(alike: Channel);

fn with_call(rig: &Rig<Channel>) -> Wiring {
    rig.wiring.clone().text("call", "yes")
}

#[tokio::test(flavor = "multi_thread")]
async fn only_open_alerts_are_loud() {
    let rig = Rig::<Channel>::start().await;
    for event in [AlertEvent::Opened, AlertEvent::Acknowledged, AlertEvent::Resolved] {
        rig.client.deliver(&message(event)).await;
    }
    let priorities = |service: &mut Ntfy| service.messages.iter().map(|message| message.priority).collect::<Vec<_>>();
    assert_eq!(rig.fake.with(priorities), [5, 2, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_rings_and_goes_out_without_a_call_that_is_refused() {
    let (rig, opened) = (Rig::<Channel>::start().await, message(AlertEvent::Opened));
    let client = with_call(&rig).client();
    client.deliver(&opened).await;
    client.deliver(&message(AlertEvent::Resolved)).await;
    let called = |service: &mut Ntfy| service.messages.iter().map(|message| message.called.clone()).collect::<Vec<_>>();
    assert_eq!(rig.fake.with(called), ["+15551234567", ""]);

    rig.fake.with(|service| service.calls_remaining = 0);
    let memory = match client.send(&opened).await {
        Outcome::Remember(memory) => memory,
        other => unreachable!("nothing to remember: {other:?}"),
    };
    let outcome = client.send_knowing(&memory, &opened).await;
    assert!(matches!(outcome, Outcome::Delivered(_)), "{outcome:?}");
    let last = rig.fake.with(|service| service.messages.last().cloned().unwrap());
    assert!(last.called.is_empty() && last.message.contains("refused to ring"), "{last:?}");
    assert_eq!(last.priority, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_self_test_knows_whether_a_page_would_ring() {
    let rig = Rig::<Channel>::start().await;
    let fails = async |wiring: Wiring, part: &str| {
        let tested = wiring.client().self_test().await;
        assert!(matches!(&tested, Tested::Failed(why) if why.contains(part)), "{part}: {tested:?}");
    };
    assert_eq!(with_call(&rig).client().self_test().await, Tested::Passed);
    fails(with_call(&rig).text("call", "+15550000000"), "is not verified").await;
    rig.fake.with(|service| service.calls_remaining = 0);
    fails(with_call(&rig), "used up").await;
    rig.fake.with(|service| service.enable_calls = false);
    fails(with_call(&rig), "no telephone calls").await;
    assert_eq!(rig.fake.with(|service| service.messages.len()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_topic_may_be_a_secret_and_the_login_a_password() {
    let rig = Rig::<Channel>::start().await;
    let (url, service) = (rig.fake.url(), Ntfy::new());
    let wiring = Wiring::new("ntfy", &url).text("url", &url).secret("topic", "n0b0dy-kn0ws");
    assert_eq!(wiring.client().self_test().await, Tested::Passed);
    wiring.client().deliver(&message(AlertEvent::Opened)).await;
    assert_eq!(rig.fake.with(|service| service.messages[0].topic.clone()), "n0b0dy-kn0ws");

    rig.fake.with(|service| service.anonymous = Access::Deny);
    let outcome = wiring.client().send(&message(AlertEvent::Updated)).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("Allow the user")), "{outcome:?}");
    let logged_in = wiring.text("user", &service.user).secret("password", &service.password);
    logged_in.client().deliver(&message(AlertEvent::Updated)).await;
    rig.fake.with(|service| service.access = Access::WriteOnly);
    assert_eq!(logged_in.client().self_test().await, Tested::Passed, "an account that may write but not read");
    let outcome = logged_in.secret("password", "wr0ng-passw0rd").client().send(&message(AlertEvent::Updated)).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("password right")), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_without_messages_left_passes() {
    let rig = Rig::<Channel>::start().await;
    rig.fake.with(|service| service.messages_remaining = 0);
    let outcome = rig.client.send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Failed(why) if why.contains("midnight UTC")), "{outcome:?}");
}
