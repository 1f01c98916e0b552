//! Pushover: pages that sound until someone acknowledges them there or here.

use std::time::Duration;

use dogwatch::channels::client::{Outcome, Tested};
use dogwatch_alerts::AlertEvent;
use dogwatch_plugins::{Progress, Reached};
use dogwatch_services::Fault;
use dogwatch_services::pushover::Pushover;

use super::bench::{Alerting, OPENED_AT, Rig, Wired, Wiring, like_every_channel, message};

/// The channel.
pub(crate) struct Channel;

impl Wired for Channel {
    type Service = Pushover;

    fn service() -> Pushover {
        Pushover::new()
    }

    fn wiring(url: &str) -> Wiring {
        let service = Pushover::new();
        Wiring::new("pushover", url).text("url", url).secret("token", &service.token).secret("user", &service.user)
    }

    fn wrong(_: &str) -> Vec<(&'static str, String)> {
        vec![("token", "x".repeat(30)), ("user", "y".repeat(30))]
    }
}

impl Alerting for Channel {
    const WAIT: Option<Duration> = None;

    fn texts(service: &Pushover) -> Vec<String> {
        service.messages.iter().map(|message| format!("{}\n{}", message.title, message.message)).collect()
    }

    fn is_over(service: &Pushover) -> bool {
        let said = matches!(Self::texts(service).as_slice(), [_, end] if end.contains("RESOLVED"));
        said && service.repeating() == 0 && service.messages[1].priority == -1
    }
}

like_every_channel!(alike: Channel);

fn repeating(rig: &Rig<Channel>) -> usize {
    rig.fake.with(|service| service.repeating())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_on_the_phone_comes_back_without_the_users_key() {
    let (rig, opened) = (Rig::<Channel>::start().await, message(AlertEvent::Opened));
    let following = rig.client.follow(&opened).await;
    assert_eq!((following.reached, following.after), (Reached::Yes, Duration::from_secs(10)));
    let asked = rig.client.ask(&opened, &following.receipt).await;
    assert_eq!(asked, Ok(Progress::Waiting(Duration::from_secs(15))));
    rig.fake.with(|service| service.acknowledge("phone"));
    let asked = rig.client.ask(&opened, &following.receipt).await;
    assert_eq!(asked, Ok(Progress::Acknowledged("phone".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_nobody_acknowledged_has_run_its_course() {
    let (rig, opened) = (Rig::<Channel>::start().await, message(AlertEvent::Opened));
    let following = rig.client.follow(&opened).await;
    rig.fake.with(Pushover::expire);
    assert_eq!(rig.client.ask(&opened, &following.receipt).await, Ok(Progress::Over));
    assert_eq!(rig.client.ask(&opened, "unknown").await, Ok(Progress::Over), "nobody can be asked any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_here_silences_the_phone() {
    let rig = Rig::<Channel>::start().await;
    rig.client.deliver(&message(AlertEvent::Opened)).await;
    assert_eq!(repeating(&rig), 1);
    rig.client.deliver(&message(AlertEvent::Updated)).await;
    assert_eq!(repeating(&rig), 1, "a newer page takes the place of the old one");
    rig.client.deliver(&message(AlertEvent::Acknowledged)).await;
    assert_eq!(repeating(&rig), 0);
    let texts = rig.texts();
    assert!(texts[2].contains("ACKNOWLEDGED") && texts[2].contains("bob"), "{texts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_not_left_sounding_for_nothing() {
    let (rig, resolved) = (Rig::<Channel>::start().await, message(AlertEvent::Resolved));
    rig.client.deliver(&message(AlertEvent::Opened)).await;
    rig.fake.order([Some(Fault::Status(500))]);
    let outcome = rig.client.send(&resolved).await;
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    assert_eq!((repeating(&rig), rig.heard()), (1, 1));
    rig.client.deliver(&resolved).await;
    assert_eq!((repeating(&rig), rig.heard()), (0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_the_end_of_the_month_if_that_is_near() {
    let (rig, opened) = (Rig::<Channel>::start().await, message(AlertEvent::Opened));
    rig.fake.with(|service| {
        service.remaining = 0;
        service.reset = OPENED_AT / 1000 + 90;
    });
    let outcome = rig.client.send(&opened).await;
    assert!(matches!(&outcome, Outcome::Wait(wait, _) if *wait == Duration::from_secs(90)), "{outcome:?}");
    rig.fake.with(|service| service.remaining = 1);
    rig.client.deliver(&opened).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_device_or_sound_is_refused() {
    let rig = Rig::<Channel>::start().await;
    let right = rig.wiring.clone().text("device", "phone,tablet").text("sound", "siren").client();
    assert_eq!(right.self_test().await, Tested::Passed);
    right.deliver(&message(AlertEvent::Opened)).await;
    rig.fake.with(|service| {
        let message = &service.messages[0];
        assert_eq!((message.device.as_str(), message.sound.as_str()), ("phone,tablet", "siren"));
        assert_eq!((message.priority, message.timestamp), (2, OPENED_AT / 1000));
    });
    let wrong = rig.wiring.clone().text("device", "toaster").client();
    let tested = wrong.self_test().await;
    assert!(matches!(&tested, Tested::Failed(why) if why.contains("Set device")), "{tested:?}");
    let outcome = wrong.send(&message(AlertEvent::Updated)).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("Set device")), "{outcome:?}");
}
