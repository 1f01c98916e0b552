//! Matrix: a room, in which a repeated message shows only once.

use std::time::Duration;

use dogwatch::channels::client::{Outcome, Tested};
use dogwatch_alerts::AlertEvent;
use dogwatch_services::matrix::Matrix;

use super::bench::{Alerting, Rig, Wired, Wiring, assert_plain, like_every_channel, message};

const ROOM: &str = "!dogwatch:example.org";
const ALICE: &str = "@alice:example.org";

/// The channel.
pub(crate) struct Channel;

impl Wired for Channel {
    type Service = Matrix;

    fn service() -> Matrix {
        Matrix::new()
    }

    fn wiring(url: &str) -> Wiring {
        let wiring = Wiring::new("matrix", url).text("url", url).text("room", ROOM).texts("mention", &[ALICE]);
        wiring.secret("token", &Matrix::new().token)
    }

    fn wrong(_: &str) -> Vec<(&'static str, String)> {
        vec![("token", "syt_unknown_token".to_owned())]
    }
}

impl Alerting for Channel {
    const KNOWS_REPETITIONS: bool = true;
    const WAIT: Option<Duration> = Some(Duration::from_secs(2));

    fn texts(service: &Matrix) -> Vec<String> {
        service.events.iter().map(|event| event.shown.clone().unwrap_or_default()).collect()
    }

    fn assert_harmless(service: &Matrix) {
        let event = &service.events[0];
        let shown = event.shown.as_deref().unwrap_or_default();
        assert_eq!(shown, event.body, "nothing in it is markup");
        assert_plain(shown);
        assert!(shown.contains("<b>*_`~|>#[x](https://evil.example)&amp;<!channel> @everyone"), "{event:?}");
        assert!(!shown.contains("@room"), "{event:?}");
        assert_eq!(event.mentions, [ALICE]);
    }
}

like_every_channel!(alike: Channel);

#[tokio::test(flavor = "multi_thread")]
async fn only_open_alerts_notify() {
    let rig = Rig::<Channel>::start().await;
    for event in [AlertEvent::Opened, AlertEvent::Acknowledged, AlertEvent::Resolved] {
        rig.client.deliver(&message(event)).await;
    }
    rig.fake.with(|service| {
        let types: Vec<_> = service.events.iter().map(|event| event.msgtype.as_str()).collect();
        assert_eq!(types, ["m.text", "m.notice", "m.notice"]);
        let mentions: Vec<_> = service.events.iter().map(|event| event.mentions.len()).collect();
        assert_eq!(mentions, [1, 0, 0]);
        let mut transactions: Vec<_> = service.events.iter().map(|event| event.transaction.as_str()).collect();
        transactions.dedup();
        assert_eq!(transactions.len(), 3, "each message has its own");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sender_must_be_in_the_room() {
    let rig = Rig::<Channel>::start().await;
    rig.fake.with(|service| service.joined.clear());
    let outcome = rig.client.send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("M_FORBIDDEN")), "{outcome:?}");
    let tested = rig.client.self_test().await;
    assert!(matches!(&tested, Tested::Failed(why) if why.contains("accept the invitation")), "{tested:?}");
}
