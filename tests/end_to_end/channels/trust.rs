//! Where a channel sends nothing at all.

use dogwatch::channels::client::Outcome;
use dogwatch_alerts::AlertEvent;

use super::bench::{Rig, message};
use super::{discord, pagerduty};

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_cannot_be_trusted_gets_nothing() {
    let rig = Rig::<pagerduty::Channel>::start().await;
    let outcome = rig.wiring.clone().distrustful().client().send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Failed(why) if why.contains("certificate")), "{outcome:?}");
    assert!(rig.fake.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_named_gets_nothing_even_if_a_secret_names_it() {
    let rig = Rig::<discord::Channel>::start().await;
    let outcome = rig.wiring.clone().confined().client().send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("allow_hosts")), "{outcome:?}");
    assert!(rig.fake.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_there_is_tried_again() {
    let rig = Rig::<pagerduty::Channel>::start().await;
    let Rig { fake, client, .. } = rig;
    drop(fake);
    let outcome = client.send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Failed(why) if why.contains("no connection")), "{outcome:?}");
}
