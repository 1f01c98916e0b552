//! Telegram: a bot in a chat, which may migrate to another chat.

use std::time::Duration;

use dogwatch::channels::client::{Outcome, Tested};
use dogwatch_alerts::AlertEvent;
use dogwatch_plugins::Value;
use dogwatch_services::telegram::{Chat, Standing, Telegram};

use super::bench::{Alerting, COMMAND, Rig, Wired, Wiring, assert_plain, like_every_channel, message};

const CHAT: i64 = -1_001_234_567_890;
const NEW_CHAT: i64 = -1_009_876_543_210;

/// The channel.
pub(crate) struct Channel;

impl Wired for Channel {
    type Service = Telegram;

    fn service() -> Telegram {
        Telegram::new()
    }

    fn wiring(url: &str) -> Wiring {
        let chat = CHAT.to_string();
        Wiring::new("telegram", url).text("url", url).text("chat", &chat).secret("token", &Telegram::new().token)
    }

    fn wrong(_: &str) -> Vec<(&'static str, String)> {
        vec![("token", format!("110201543:{}", "A".repeat(35))), ("token", "incomplete".to_owned())]
    }
}

impl Alerting for Channel {
    const WAIT: Option<Duration> = Some(Duration::from_secs(7));

    fn texts(service: &Telegram) -> Vec<String> {
        service.messages.iter().map(|message| message.text.clone()).collect()
    }

    fn assert_harmless(service: &Telegram) {
        let message = &service.messages[0];
        assert_plain(&message.text);
        assert!(message.text.contains("<b>*_`~|>#[x](https://evil.example)&amp;<!channel> @everyone"), "{message:?}");
        assert!(message.live.is_empty(), "nothing can be tapped: {message:?}");
        assert!(message.entities.iter().all(|entity| ["b", "code"].contains(&entity.tag.as_str())), "{message:?}");
    }
}

like_every_channel!(alike: Channel);

#[tokio::test(flavor = "multi_thread")]
async fn only_open_alerts_make_a_sound_and_the_command_can_be_copied() {
    let rig = Rig::<Channel>::start().await;
    for event in [AlertEvent::Opened, AlertEvent::Escalated, AlertEvent::Acknowledged, AlertEvent::Resolved] {
        rig.client.deliver(&message(event)).await;
    }
    rig.fake.with(|service| {
        let silent: Vec<_> = service.messages.iter().map(|message| message.silent).collect();
        assert_eq!(silent, [false, false, true, true]);
        let is_command = |entity: &dogwatch_services::telegram::Entity| entity.tag == "code" && entity.text == COMMAND;
        assert!(service.messages[0].entities.iter().any(is_command), "{:?}", service.messages[0]);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migrated_chat_is_followed() {
    let (rig, opened) = (Rig::<Channel>::start().await, message(AlertEvent::Opened));
    rig.fake.with(|service| {
        service.chats.get_mut(&CHAT).unwrap().became = Some(NEW_CHAT);
        service.chats.insert(NEW_CHAT, Chat::new());
    });
    let learned = Outcome::Remember(format!("{CHAT}>{NEW_CHAT}"));
    assert_eq!(rig.client.send(&opened).await, learned);
    for memory in [format!("-5>{NEW_CHAT}"), format!("{CHAT}>nonsense"), "nonsense".to_owned()] {
        assert_eq!(rig.client.send_knowing(&memory, &opened).await, learned, "{memory} is void");
    }
    let memory = format!("{CHAT}>{NEW_CHAT}");
    let outcome = rig.client.send_knowing(&memory, &opened).await;
    assert_eq!(outcome, Outcome::Delivered("1".to_owned()));
    assert_eq!(rig.fake.with(|service| service.messages[0].chat), NEW_CHAT);
    assert_eq!(rig.client.self_test_knowing(&memory).await, Tested::Passed);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_topic_gets_messages() {
    let (rig, opened) = (Rig::<Channel>::start().await, message(AlertEvent::Opened));
    let client = rig.wiring.clone().set("thread", Value::Integer(5)).client();
    let outcome = client.send(&opened).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("topic")), "{outcome:?}");
    rig.fake.with(|service| service.chats.get_mut(&CHAT).unwrap().topics.insert(5));
    client.deliver(&opened).await;
    assert_eq!(rig.fake.with(|service| service.messages[0].thread), Some(5));
    rig.fake.with(|service| service.chats.get_mut(&CHAT).unwrap().closed.insert(5));
    let outcome = client.send(&opened).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("Open that topic")), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reason_says_what_the_bot_may_not_do() {
    let rig = Rig::<Channel>::start().await;
    for (standing, advice) in [
        (Standing::Muted, "Allow the bot to write"),
        (Standing::Stranger, "Add the bot"),
        (Standing::Kicked, "Add the bot"),
        (Standing::Blocked, "Unblock the bot"),
        (Standing::Deactivated, "set another chat"),
    ] {
        rig.fake.with(|service| service.chats.get_mut(&CHAT).unwrap().standing = standing);
        let outcome = rig.client.send(&message(AlertEvent::Opened)).await;
        assert!(matches!(&outcome, Outcome::Refused(why) if why.contains(advice)), "{standing:?}: {outcome:?}");
    }
    let tested = rig.wiring.clone().text("chat", "@cats").client().self_test().await;
    assert!(matches!(&tested, Tested::Failed(why) if why.contains("Is chat right")), "{tested:?}");
    assert_eq!(rig.wiring.clone().text("chat", "@dogs").client().self_test().await, Tested::Passed);
}
