//! Any dead man's switch, by its addresses.

use dogwatch::channels::client::Tested;
use dogwatch_plugins::HeartbeatStatus;
use dogwatch_services::Fault;
use dogwatch_services::heartbeat::{Call, Heartbeat, Kind};

use super::bench::{Beating, Rig, SITE, Wired, Wiring, like_every_heartbeat};

const TOKEN: &str = "b3at-t0ken";

/// The channel, which posts to addresses that are secrets.
pub(crate) struct Channel;

impl Wired for Channel {
    type Service = Heartbeat;

    fn service() -> Heartbeat {
        Heartbeat::new(TOKEN)
    }

    fn wiring(url: &str) -> Wiring {
        let beat = format!("{url}/beat/{TOKEN}");
        let wiring = Wiring::new("heartbeat", url).text("method", "POST").secret("url", &beat);
        wiring.secret("start_url", &format!("{beat}/start")).secret("fail_url", &format!("{beat}/fail"))
    }

    fn wrong(url: &str) -> Vec<(&'static str, String)> {
        vec![("url", format!("{url}/beat/an0ther")), ("url", format!("{url}/beat/{TOKEN}/x"))]
    }
}

impl Beating for Channel {
    fn reasons(service: &Heartbeat) -> Vec<String> {
        let reason = |call: &Call| (call.kind != Kind::Started).then(|| call.body["reason"].clone());
        service.calls.iter().filter_map(reason).collect()
    }
}

like_every_heartbeat!(alike: Channel);

fn kinds(rig: &Rig<Channel>) -> Vec<Kind> {
    rig.fake.with(|service| service.calls.iter().map(|call| call.kind).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_pulse_has_its_address() {
    let rig = Rig::<Channel>::start().await;
    assert_eq!(rig.client.self_test().await, Tested::Untestable);
    for status in [HeartbeatStatus::Started, HeartbeatStatus::Healthy, HeartbeatStatus::Failing("blind".to_owned())] {
        assert_eq!(rig.client.beat(status).await, Tested::Passed);
    }
    assert_eq!(kinds(&rig), [Kind::Started, Kind::Well, Kind::Failing]);
    assert!(rig.fake.with(|service| service.calls.iter().all(|call| call.body["site"] == SITE)));
    rig.fake.order([Some(Fault::RateLimit)]);
    let tested = rig.client.beat(HeartbeatStatus::Healthy).await;
    assert!(matches!(&tested, Tested::Failed(why) if why.contains("wait 30 s")), "{tested:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_address_is_not_said() {
    let rig = Rig::<Channel>::start().await;
    let url = rig.fake.url();
    let client = Wiring::new("heartbeat", &url).text("url", &format!("{url}/beat/{TOKEN}")).client();
    for status in [HeartbeatStatus::Started, HeartbeatStatus::Healthy, HeartbeatStatus::Failing("blind".to_owned())] {
        assert_eq!(client.beat(status).await, Tested::Passed);
    }
    assert_eq!(kinds(&rig), [Kind::Well]);
    assert_eq!(rig.fake.seen().len(), 1);
}
