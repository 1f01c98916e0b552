//! Slack, over an incoming webhook.

use std::time::Duration;

use dogwatch::channels::client::Outcome;
use dogwatch_alerts::AlertEvent;
use dogwatch_services::slack::{Hook, Message, Slack};

use super::bench::{Alerting, Rig, SelfTest, Wired, Wiring, assert_plain, hostile, like_every_channel, message};

/// The channel, with the webhook's whole address as its secret.
pub(crate) struct Channel;

fn webhook(url: &str) -> String {
    format!("{url}/services/{}", Slack::new().path)
}

impl Wired for Channel {
    type Service = Slack;

    fn service() -> Slack {
        Slack::new()
    }

    fn wiring(url: &str) -> Wiring {
        Wiring::new("slack", url).secret("webhook", &webhook(url))
    }

    fn wrong(url: &str) -> Vec<(&'static str, String)> {
        vec![
            ("webhook", webhook(url).replace('X', "Y")),
            ("webhook", format!("{url}/services/T1/B1/unknown")),
            ("webhook", format!("{url}/nowhere")),
        ]
    }
}

impl Alerting for Channel {
    const SELF_TEST: SelfTest = SelfTest::None;
    const WAIT: Option<Duration> = Some(Duration::from_secs(30));

    fn texts(service: &Slack) -> Vec<String> {
        let text = |message: &Message| {
            let blocks: Vec<_> = message.blocks.iter().map(|block| block.text.as_str()).collect();
            format!("{}\n{}", message.text, blocks.join("\n"))
        };
        service.messages.iter().map(text).collect()
    }

    fn assert_harmless(service: &Slack) {
        Self::texts(service).iter().for_each(|text| assert_plain(text));
        let message = &service.messages[0];
        assert!(message.mentions.is_empty(), "{message:?}");
        assert!(message.text.contains("&amp;<!channel> @everyone"), "{message:?}");
        assert!(message.blocks.iter().any(|block| block.text.contains("&amp;<!channel> @everyone")), "{message:?}");
    }
}

like_every_channel!(alike: Channel);

#[tokio::test(flavor = "multi_thread")]
async fn only_configured_people_are_mentioned() {
    let rig = Rig::<Channel>::start().await;
    let client = rig.wiring.clone().text("mention", "here").client();
    client.deliver(&hostile()).await;
    client.deliver(&message(AlertEvent::Acknowledged)).await;
    rig.fake.with(|service| {
        assert_eq!(service.messages[0].mentions, ["here"]);
        assert!(service.messages[1].mentions.is_empty());
    });
    assert!(rig.texts()[1].contains("bob"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_address_is_secret_enough() {
    let rig = Rig::<Channel>::start().await;
    let url = rig.fake.url();
    let wiring = Wiring::new("slack", &url).text("url", &format!("{url}/services/"));
    wiring.secret("path", &Slack::new().path).client().deliver(&message(AlertEvent::Opened)).await;
    assert_eq!(rig.heard(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reason_says_what_became_of_the_webhook() {
    let rig = Rig::<Channel>::start().await;
    for (hook, advice) in [
        (Hook::Removed, "create a new one"),
        (Hook::Archived, "Unarchive the channel"),
        (Hook::Deleted, "for another one"),
        (Hook::Forbidden, "ask its administrator"),
    ] {
        rig.fake.with(|service| service.hook = hook);
        let outcome = rig.client.send(&message(AlertEvent::Opened)).await;
        assert!(matches!(&outcome, Outcome::Refused(why) if why.contains(advice)), "{hook:?}: {outcome:?}");
    }
}
