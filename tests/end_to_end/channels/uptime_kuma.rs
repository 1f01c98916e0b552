//! Uptime Kuma, over a push monitor.

use dogwatch::channels::client::Tested;
use dogwatch_plugins::HeartbeatStatus;
use dogwatch_services::uptime_kuma::{Activity, Push, Status, UptimeKuma};

use super::bench::{Beating, Rig, Wired, Wiring, like_every_heartbeat};

const TOKEN: &str = "9fXvQ2mZkA";

/// The channel.
pub(crate) struct Channel;

impl Wired for Channel {
    type Service = UptimeKuma;

    fn service() -> UptimeKuma {
        UptimeKuma::new(TOKEN)
    }

    fn wiring(url: &str) -> Wiring {
        Wiring::new("uptime-kuma", url).text("url", url).secret("push_token", TOKEN)
    }

    fn wrong(_: &str) -> Vec<(&'static str, String)> {
        vec![("push_token", "9fXvQ2mZkB".to_owned()), ("push_token", "a/../b?c".to_owned())]
    }
}

impl Beating for Channel {
    fn reasons(service: &UptimeKuma) -> Vec<String> {
        let reason = |push: &Push| match push.status {
            Status::Up => String::new(),
            Status::Down => push.message.clone(),
        };
        service.monitors[TOKEN].pushes.iter().map(reason).collect()
    }
}

like_every_heartbeat!(alike: Channel);

#[tokio::test(flavor = "multi_thread")]
async fn a_start_alone_does_not_keep_the_monitor_up() {
    let rig = Rig::<Channel>::start().await;
    assert_eq!(rig.client.beat(HeartbeatStatus::Started).await, Tested::Passed);
    assert_eq!(rig.client.self_test().await, Tested::Untestable);
    assert!(rig.fake.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_without_a_reason_is_a_failure() {
    let rig = Rig::<Channel>::start().await;
    assert_eq!(rig.client.beat(HeartbeatStatus::Failing(" \n".to_owned())).await, Tested::Passed);
    let pushes = rig.fake.with(|service| service.monitors[TOKEN].pushes.clone());
    assert_eq!(pushes, [Push { status: Status::Down, message: "failing".to_owned() }]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_services_own_error_is_passed_on() {
    let rig = Rig::<Channel>::start().await;
    rig.fake.with(|service| service.failure = Some("SQLITE_BUSY: database is locked".to_owned()));
    let tested = rig.client.beat(HeartbeatStatus::Healthy).await;
    assert!(matches!(&tested, Tested::Failed(why) if why.contains("database is locked")), "{tested:?}");
    rig.fake.with(|service| {
        service.failure = None;
        service.monitors.get_mut(TOKEN).unwrap().activity = Activity::Paused;
    });
    let tested = rig.client.beat(HeartbeatStatus::Healthy).await;
    assert!(matches!(&tested, Tested::Failed(why) if why.contains("paused or deleted")), "{tested:?}");
}
