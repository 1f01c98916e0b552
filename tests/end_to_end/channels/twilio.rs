//! Twilio: calls, which count once a person answers, and text messages.

use std::time::Duration;

use dogwatch::channels::client::{Outcome, Tested};
use dogwatch_alerts::AlertEvent;
use dogwatch_plugins::{Progress, Reached};
use dogwatch_services::Fault;
use dogwatch_services::twilio::{Fate, Pickup, Twilio};

use super::bench::{Alerting, REMEDY, Rig, Wired, Wiring, like_every_channel, message};

const KEY_SID: &str = "SK0123456789abcdef0123456789abcdef";
const TO: &str = "+15552223333";

/// The channel that calls.
pub(crate) struct Voice;

/// The channel that sends text messages.
pub(crate) struct Sms;

fn wiring(mode: &str, url: &str) -> Wiring {
    let service = Twilio::new();
    let wiring = Wiring::new("twilio", url).text("url", url).text("mode", mode).text("account", &service.account);
    wiring.text("from", &service.number).text("to", TO).secret("token", &service.token)
}

fn wrong() -> Vec<(&'static str, String)> {
    vec![("token", "an0ther-t0ken".to_owned())]
}

impl Wired for Voice {
    type Service = Twilio;

    fn service() -> Twilio {
        Twilio::new()
    }

    fn wiring(url: &str) -> Wiring {
        wiring("voice", url)
    }

    fn wrong(_: &str) -> Vec<(&'static str, String)> {
        wrong()
    }
}

impl Wired for Sms {
    type Service = Twilio;

    fn service() -> Twilio {
        Twilio::new()
    }

    fn wiring(url: &str) -> Wiring {
        wiring("sms", url)
    }

    fn wrong(_: &str) -> Vec<(&'static str, String)> {
        wrong()
    }
}

impl Alerting for Voice {
    const SAYS_COMMAND: bool = false;
    const TAKES_REPORTS: bool = false;
    const WAIT: Option<Duration> = Some(Duration::from_secs(2));

    fn texts(service: &Twilio) -> Vec<String> {
        service.calls.values().map(|call| call.said.join("\n")).collect()
    }

    /// Nobody is called again to hear the end.
    fn is_over(service: &Twilio) -> bool {
        service.calls.len() == 1
    }
}

impl Alerting for Sms {
    const TAKES_REPORTS: bool = false;
    const WAIT: Option<Duration> = Some(Duration::from_secs(2));

    fn texts(service: &Twilio) -> Vec<String> {
        service.messages.values().map(|message| message.body.clone()).collect()
    }
}

like_every_channel!(voice: Voice);
like_every_channel!(sms: Sms);

#[tokio::test(flavor = "multi_thread")]
async fn only_a_human_ends_a_call() {
    let (rig, opened) = (Rig::<Voice>::start().await, message(AlertEvent::Opened));
    for (pickup, why) in [
        (Pickup::Machine, "answering machine"),
        (Pickup::Fax, "a fax"),
        (Pickup::Unknown, "perhaps not by a human"),
        (Pickup::HungUp, "perhaps not by a human"),
        (Pickup::Nobody, "nobody answered"),
        (Pickup::Busy, "busy"),
        (Pickup::Failed, "could not be connected"),
    ] {
        rig.fake.with(|service| service.pickups.push_back(pickup));
        let following = rig.client.follow(&opened).await;
        assert_eq!((following.reached, following.after), (Reached::NotYet, Duration::from_secs(10)));
        let asked = rig.client.ask(&opened, &following.receipt).await;
        assert_eq!(asked, Ok(Progress::Waiting(Duration::from_secs(5))), "it rings");
        let end = rig.client.end(&opened, &following.receipt).await;
        assert!(matches!(&end, Progress::Unreached(said) if said.contains(why)), "{pickup:?}: {end:?}");
    }
    let following = rig.client.follow(&opened).await;
    assert_eq!(rig.client.end(&opened, &following.receipt).await, Progress::Over);
    rig.fake.with(|service| {
        assert_eq!(service.calls.len(), 8);
        assert!(service.calls.values().all(|call| call.to == TO && call.said.len() == 2), "all is said twice");
        assert!(service.calls.values().all(|call| call.said[0].contains(REMEDY)));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn temporary_and_permanent_network_failures_are_told_apart() {
    let (rig, opened) = (Rig::<Sms>::start().await, message(AlertEvent::Opened));
    let fates =
        [Fate::Delivered, Fate::Sent, Fate::Undelivered(30_003), Fate::Failed(30_008), Fate::Undelivered(30_006)];
    rig.fake.with(|service| service.fates.extend(fates));
    let mut ends = Vec::new();
    for _ in fates {
        let following = rig.client.follow(&opened).await;
        assert_eq!(following.reached, Reached::NotYet);
        ends.push(rig.client.end(&opened, &following.receipt).await);
    }
    assert_eq!(ends[..2], [Progress::Over, Progress::Over]);
    assert!(matches!(&ends[2], Progress::Unreached(why) if why.contains("30003")), "{ends:?}");
    assert!(matches!(&ends[3], Progress::Unreached(why) if why.contains("30008")), "{ends:?}");
    assert!(matches!(&ends[4], Progress::Permanent(why) if why.contains("landline")), "{ends:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_status_request_is_repeated() {
    let (rig, opened) = (Rig::<Voice>::start().await, message(AlertEvent::Opened));
    let following = rig.client.follow(&opened).await;
    rig.fake.order([Some(Fault::Status(503)), Some(Fault::RateLimit), Some(Fault::Reset)]);
    for _ in 0..2 {
        let asked = rig.client.ask(&opened, &following.receipt).await;
        assert_eq!(asked, Ok(Progress::Waiting(Duration::from_secs(15))));
    }
    assert!(rig.client.ask(&opened, &following.receipt).await.is_err());
    assert_eq!(rig.client.end(&opened, &following.receipt).await, Progress::Over);
    let lost = rig.client.ask(&opened, "CA00000000000000000000000000000099").await;
    assert!(matches!(lost, Ok(Progress::Unreached(_))), "{lost:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledgement_and_end_come_only_as_text_messages() {
    for event in [AlertEvent::Acknowledged, AlertEvent::Resolved] {
        let (voice, sms) = (Rig::<Voice>::start().await, Rig::<Sms>::start().await);
        assert_eq!(voice.client.send(&message(event)).await, Outcome::Delivered(String::new()));
        sms.client.deliver(&message(event)).await;
        assert_eq!((voice.heard(), sms.heard()), (0, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_calls_as_well_as_the_account() {
    let rig = Rig::<Voice>::start().await;
    for mode in ["voice", "sms"] {
        let client = wiring(mode, &rig.fake.url()).text("key_sid", KEY_SID).secret("token", "twilio-key").client();
        assert_eq!(client.self_test().await, Tested::Passed);
        client.deliver(&message(AlertEvent::Opened)).await;
    }
    assert_eq!(rig.fake.with(|service| (service.calls.len(), service.messages.len())), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_number_or_account_is_refused_for_good() {
    let rig = Rig::<Sms>::start().await;
    rig.fake.with(|service| service.unknown_numbers.push(TO.to_owned()));
    let outcome = rig.client.send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("21211")), "{outcome:?}");
    rig.fake.with(|service| service.status = "suspended".to_owned());
    let outcome = rig.client.send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("is not active")), "{outcome:?}");
    let tested = rig.client.self_test().await;
    assert!(matches!(&tested, Tested::Failed(why) if why.contains("suspended")), "{tested:?}");
}
