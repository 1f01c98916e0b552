//! Discord, over one of its webhooks.

use std::time::Duration;

use dogwatch::channels::client::{Outcome, Tested};
use dogwatch_alerts::AlertEvent;
use dogwatch_services::discord::Discord;

use super::bench::{Alerting, Rig, Wired, Wiring, assert_plain, hostile, like_every_channel, message};

const ROLE: &str = "165511591545143296";

/// The channel, with the webhook's whole address as its secret.
pub(crate) struct Channel;

fn webhook(url: &str) -> String {
    let service = Discord::new();
    format!("{url}/api/webhooks/{}/{}", service.id, service.token)
}

impl Wired for Channel {
    type Service = Discord;

    fn service() -> Discord {
        Discord::new()
    }

    fn wiring(url: &str) -> Wiring {
        Wiring::new("discord", url).secret("webhook", &webhook(url))
    }

    fn wrong(url: &str) -> Vec<(&'static str, String)> {
        let id = Discord::new().id;
        vec![
            ("webhook", format!("{}x", webhook(url))),
            ("webhook", format!("{url}/api/webhooks/1/{id}")),
            ("webhook", format!("{url}/nowhere")),
        ]
    }
}

impl Alerting for Channel {
    const WAIT: Option<Duration> = Some(Duration::from_millis(376));

    fn texts(service: &Discord) -> Vec<String> {
        let text = |message: &dogwatch_services::discord::Message| {
            let embeds = message.embeds.iter().map(|embed| format!("{}\n{}\n", embed.title, embed.description));
            format!("{}\n{}", message.content, embeds.collect::<String>())
        };
        service.messages.iter().map(text).collect()
    }

    fn assert_harmless(service: &Discord) {
        for text in Self::texts(service) {
            assert_plain(&text);
            assert!(!formats(&text), "{text}");
        }
        assert!(service.messages[0].pinged.is_empty());
    }
}

/// Whether anything in the text would be formatted.
fn formats(text: &str) -> bool {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            // The next character is escaped.
            '\\' => {
                characters.next();
            }
            '*' | '_' | '`' | '~' | '|' | '<' | '@' | '[' => return true,
            _ => {}
        }
    }
    false
}

like_every_channel!(alike: Channel);

#[tokio::test(flavor = "multi_thread")]
async fn only_configured_people_are_pinged() {
    let rig = Rig::<Channel>::start().await;
    let client = rig.wiring.clone().text("mention", &format!("role:{ROLE}")).client();
    client.deliver(&hostile()).await;
    client.deliver(&message(AlertEvent::Resolved)).await;
    rig.fake.with(|service| {
        assert_eq!(service.messages[0].pinged, [ROLE]);
        assert!(service.messages[1].pinged.is_empty());
        let silent: Vec<_> = service.messages.iter().map(|message| message.silent).collect();
        assert_eq!(silent, [false, true]);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn id_and_token_work_as_well_as_the_whole_address() {
    let rig = Rig::<Channel>::start().await;
    let (url, service) = (rig.fake.url(), Discord::new());
    let wiring = Wiring::new("discord", &url).text("url", &format!("{url}/api/v10/")).text("id", &service.id);
    let client = wiring.secret("token", &service.token).client();
    assert_eq!(client.self_test().await, Tested::Passed);
    client.deliver(&message(AlertEvent::Opened)).await;
    assert_eq!(rig.heard(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_thread_is_refused() {
    let (rig, opened) = (Rig::<Channel>::start().await, message(AlertEvent::Opened));
    rig.fake.with(|service| service.forum = true);
    let outcome = rig.client.send(&opened).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("Set thread")), "{outcome:?}");
    let client = rig.wiring.clone().text("thread", "197038439483310086").client();
    let outcome = client.send(&opened).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("Is thread")), "{outcome:?}");
    rig.fake.with(|service| service.threads.insert("197038439483310086".to_owned()));
    client.deliver(&opened).await;
    assert_eq!(rig.fake.with(|service| service.messages[0].thread.clone()).as_deref(), Some("197038439483310086"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_webhook_is_refused_for_good() {
    let rig = Rig::<Channel>::start().await;
    rig.fake.with(|service| service.deleted = true);
    let outcome = rig.client.send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("the webhook is gone")), "{outcome:?}");
    assert!(matches!(rig.client.self_test().await, Tested::Failed(_)));
}
