//! Gotify: messages on phones, and nothing else.

use std::time::Duration;

use dogwatch::channels::client::{Outcome, Tested};
use dogwatch_alerts::AlertEvent;
use dogwatch_services::gotify::{Database, Gotify};

use super::bench::{Alerting, Rig, SelfTest, Wired, Wiring, assert_plain, like_every_channel, message};

const TOKEN: &str = "Agh3.c7U-x_Q5Zz";

/// The channel.
pub(crate) struct Channel;

impl Wired for Channel {
    type Service = Gotify;

    fn service() -> Gotify {
        Gotify::new(TOKEN)
    }

    fn wiring(url: &str) -> Wiring {
        Wiring::new("gotify", url).text("url", &format!("{url}/")).secret("token", TOKEN)
    }

    fn wrong(_: &str) -> Vec<(&'static str, String)> {
        vec![("token", "Cgh3.c7U-x_Q5Zz".to_owned())]
    }
}

impl Alerting for Channel {
    /// Only a real message would show whether the token is right.
    const SELF_TEST: SelfTest = SelfTest::Blind;
    const WAIT: Option<Duration> = Some(Duration::from_secs(1));

    fn texts(service: &Gotify) -> Vec<String> {
        service.messages.iter().map(|message| format!("{}\n{}", message.title, message.message)).collect()
    }

    fn assert_harmless(service: &Gotify) {
        Self::texts(service).iter().for_each(|text| assert_plain(text));
        assert_eq!(service.messages[0].extras["client::display"]["contentType"], "text/plain");
    }
}

like_every_channel!(alike: Channel);

#[tokio::test(flavor = "multi_thread")]
async fn only_open_alerts_ring() {
    let rig = Rig::<Channel>::start().await;
    for event in [AlertEvent::Opened, AlertEvent::Escalated, AlertEvent::Acknowledged, AlertEvent::Resolved] {
        rig.client.deliver(&message(event)).await;
    }
    let priorities = |service: &mut Gotify| service.messages.iter().map(|message| message.priority).collect::<Vec<_>>();
    assert_eq!(rig.fake.with(priorities), [10, 10, 2, 2]);
    assert!(rig.texts()[2].contains("bob"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unhealthy_server_fails_the_self_test() {
    let rig = Rig::<Channel>::start().await;
    rig.fake.with(|service| service.database = Database::Broken);
    let outcome = rig.client.send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Failed(why) if why.contains("database is closed")), "{outcome:?}");
    let tested = rig.client.self_test().await;
    assert!(matches!(&tested, Tested::Failed(why) if why.contains("its database red")), "{tested:?}");
}
