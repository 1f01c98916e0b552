//! Tests that every heartbeat channel has to pass.

use dogwatch::channels::client::{Outcome, Tested};
use dogwatch_alerts::AlertEvent;
use dogwatch_plugins::HeartbeatStatus;
use dogwatch_services::Fault;

use super::{HOSTILE, Rig, Wired, message};

/// A heartbeat channel.
pub(crate) trait Beating: Wired {
    /// The reasons of the failures that the service got, and an empty text for each good cycle.
    fn reasons(service: &Self::Service) -> Vec<String>;
}

fn reasons<C: Beating>(rig: &Rig<C>) -> Vec<String> {
    rig.fake.with(|service| C::reasons(service))
}

pub(crate) async fn a_failed_heartbeat_is_reported_and_the_next_goes_out<C: Beating>() {
    let rig = Rig::<C>::start().await;
    let faults = [Fault::Status(500), Fault::Status(503), Fault::Drop, Fault::Reset, Fault::RateLimit];
    rig.fake.order(faults.iter().cloned().map(Some));
    for fault in &faults {
        let tested = rig.client.beat(HeartbeatStatus::Healthy).await;
        assert!(matches!(tested, Tested::Failed(_)), "{fault:?}: {tested:?}");
    }
    assert!(reasons(&rig).is_empty());
    assert_eq!(rig.client.beat(HeartbeatStatus::Healthy).await, Tested::Passed);
    assert_eq!(reasons(&rig), [""]);
}

pub(crate) async fn a_wrong_secret_is_reported<C: Beating>() {
    let rig = Rig::<C>::start().await;
    for (name, secret) in C::wrong(&rig.fake.url()) {
        let tested = rig.wiring.clone().secret(name, &secret).client().beat(HeartbeatStatus::Healthy).await;
        assert!(matches!(tested, Tested::Failed(_)), "{name}: {tested:?}");
    }
    assert!(reasons(&rig).is_empty());
}

pub(crate) async fn a_failure_is_reported_with_its_reason<C: Beating>() {
    let rig = Rig::<C>::start().await;
    for reason in ["no endpoint of hive answers".to_owned(), HOSTILE.to_owned(), "<&*_🐕é".repeat(100_000)] {
        assert_eq!(rig.client.beat(HeartbeatStatus::Failing(reason)).await, Tested::Passed);
    }
    let reasons = reasons(&rig);
    assert_eq!(reasons.len(), 3);
    assert!(reasons[0].contains("no endpoint of hive answers"), "{reasons:?}");
    assert!(reasons[1].contains("@everyone") && !reasons[1].contains('\u{202e}'), "{reasons:?}");
    assert!(reasons[2].contains("🐕é<&*_🐕é") && reasons[2].ends_with('…'), "{}", reasons[2].len());
}

pub(crate) async fn alerts_are_ignored<C: Beating>() {
    let rig = Rig::<C>::start().await;
    let outcome = rig.client.send(&message(AlertEvent::Opened)).await;
    assert_eq!(outcome, Outcome::Delivered(String::new()));
    assert!(rig.fake.seen().is_empty());
}

/// A module of that name with the tests for every heartbeat channel.
macro_rules! like_every_heartbeat {
    ($module:ident: $channel:ident) => {
        mod $module {
            use super::$channel;

            crate::channels::bench::run_tests!(beats, $channel:
                a_failed_heartbeat_is_reported_and_the_next_goes_out,
                a_wrong_secret_is_reported,
                a_failure_is_reported_with_its_reason,
                alerts_are_ignored,
            );
            crate::channels::secrets::gives_nothing_away!($channel);
        }
    };
}
pub(crate) use like_every_heartbeat;
