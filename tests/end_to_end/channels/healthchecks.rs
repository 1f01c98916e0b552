//! Healthchecks, hosted and self-hosted.

use dogwatch::channels::client::Tested;
use dogwatch_plugins::{HeartbeatStatus, Value};
use dogwatch_services::Fake;
use dogwatch_services::healthchecks::{Edition, Healthchecks, Kind, Ping, Status};

use super::bench::{AUTHORITY, Beating, Rig, Wired, Wiring, like_every_heartbeat};

const UUID: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";
const OTHER: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea279";
const PING_KEY: &str = "fqOOd6-F4MMNuCEnzTU01w";

/// The channel, with a self-hosted Healthchecks.
pub(crate) struct Channel;

impl Wired for Channel {
    type Service = Healthchecks;

    fn service() -> Healthchecks {
        Healthchecks::new(Edition::SelfHosted, PING_KEY).with_check(UUID, "dogwatch")
    }

    fn wiring(url: &str) -> Wiring {
        Wiring::new("healthchecks", url).text("url", &format!("{url}/ping")).secret("uuid", UUID)
    }

    fn wrong(_: &str) -> Vec<(&'static str, String)> {
        vec![("uuid", OTHER.to_owned()), ("uuid", "no-uuid".to_owned())]
    }
}

impl Beating for Channel {
    fn reasons(service: &Healthchecks) -> Vec<String> {
        let reason = |ping: &Ping| match ping.kind {
            Kind::Success => Some(String::new()),
            Kind::Fail => Some(String::from_utf8(ping.body.clone()).unwrap()),
            Kind::Start | Kind::Log | Kind::Exit(_) => None,
        };
        service.checks[UUID].pings.iter().filter_map(reason).collect()
    }
}

like_every_heartbeat!(alike: Channel);

#[tokio::test(flavor = "multi_thread")]
async fn the_check_follows_the_heartbeats() {
    let rig = Rig::<Channel>::start().await;
    let state = || rig.fake.with(|service| (service.checks[UUID].status, service.checks[UUID].running));
    assert_eq!(rig.client.self_test().await, Tested::Passed);
    assert_eq!(state(), (Status::New, false), "a self-test changes nothing");
    assert_eq!(rig.client.beat(HeartbeatStatus::Started).await, Tested::Passed);
    assert_eq!(state(), (Status::New, true));
    assert_eq!(rig.client.beat(HeartbeatStatus::Healthy).await, Tested::Passed);
    assert_eq!(state(), (Status::Up, false));
    assert_eq!(rig.client.beat(HeartbeatStatus::Failing("blind".to_owned())).await, Tested::Passed);
    assert_eq!(state(), (Status::Down, false));
    let kinds: Vec<_> = rig.fake.with(|service| service.checks[UUID].pings.iter().map(|ping| ping.kind).collect());
    assert_eq!(kinds, [Kind::Log, Kind::Start, Kind::Success, Kind::Fail]);
    let wrong = rig.wiring.clone().secret("uuid", OTHER).client().self_test().await;
    assert!(matches!(&wrong, Tested::Failed(why) if why.contains("no check with this uuid")), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slug_names_the_check_and_may_create_it() {
    let rig = Rig::<Channel>::start().await;
    let url = rig.fake.url();
    let wiring = Wiring::new("healthchecks", &url).text("url", &format!("{url}/ping")).secret("ping_key", PING_KEY);
    assert_eq!(wiring.clone().text("slug", "dogwatch").client().beat(HeartbeatStatus::Healthy).await, Tested::Passed);
    assert_eq!(rig.fake.with(|service| service.checks[UUID].status), Status::Up);
    let missing = wiring.text("slug", "missing");
    let tested = missing.client().beat(HeartbeatStatus::Healthy).await;
    assert!(matches!(&tested, Tested::Failed(why) if why.contains("create = true")), "{tested:?}");
    assert_eq!(missing.set("create", Value::Flag(true)).client().beat(HeartbeatStatus::Healthy).await, Tested::Passed);
    assert_eq!(rig.fake.with(|service| service.checks.len()), 2);
}

/// healthchecks.io answers 200 to everything.
#[tokio::test(flavor = "multi_thread")]
async fn the_hosted_service_is_not_judged_by_its_status() {
    let service = Healthchecks::new(Edition::Hosted, PING_KEY).with_check(UUID, "dogwatch");
    let fake = Fake::start(service, &AUTHORITY).await.unwrap();
    let wiring = Wiring::new("healthchecks", &fake.url()).text("url", &fake.url());
    let client = wiring.clone().secret("uuid", UUID).client();
    for _ in 0..5 {
        assert_eq!(client.beat(HeartbeatStatus::Healthy).await, Tested::Passed);
    }
    let tested = client.beat(HeartbeatStatus::Healthy).await;
    assert!(matches!(&tested, Tested::Failed(why) if why.contains("wait 60 s")), "{tested:?}");
    let tested = wiring.secret("uuid", OTHER).client().beat(HeartbeatStatus::Healthy).await;
    assert!(matches!(&tested, Tested::Failed(why) if why.contains("no check with this uuid")), "{tested:?}");
    assert_eq!(fake.with(|service| service.checks[UUID].dropped), 1);
}
