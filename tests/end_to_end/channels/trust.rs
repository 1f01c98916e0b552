//! Cases in which a channel sends nothing at all.

use dogwatch::channels::client::Outcome;
use dogwatch_alerts::AlertEvent;

use super::bench::{Rig, message};
use super::{discord, pagerduty};

#[tokio::test(flavor = "multi_thread")]
async fn an_untrusted_service_gets_nothing() {
    let rig = Rig::<pagerduty::Channel>::start().await;
    let outcome = rig.wiring.clone().distrustful().client().send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Failed(why) if why.contains("certificate")), "{outcome:?}");
    assert!(rig.fake.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unlisted_host_gets_nothing_even_if_a_secret_names_it() {
    let rig = Rig::<discord::Channel>::start().await;
    let outcome = rig.wiring.clone().confined().client().send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("allow_hosts")), "{outcome:?}");
    assert!(rig.fake.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_service_is_retried() {
    let rig = Rig::<pagerduty::Channel>::start().await;
    let Rig { fake, client, .. } = rig;
    drop(fake);
    let outcome = client.send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Failed(why) if why.contains("no connection")), "{outcome:?}");
}
