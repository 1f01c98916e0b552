//! The generic webhook, with all its settings.

use std::time::Duration;

use dogwatch::channels::client::Outcome;
use dogwatch_alerts::AlertEvent;
use dogwatch_services::webhook::{Shape, Webhook};

use super::bench::{
    Alerting, HOSTILE, OPENED_AT, Rig, SUMMARY, SelfTest, Wired, Wiring, assert_plain, hostile, like_every_channel,
    message, strings,
};

const TOKEN: &str = "h00k/t0ken+plus=";
const SIGNING_KEY: &str = "s1gn \"with\" th1s";
const APPRISE: &str = r#"{"title":"{{title}}","body":"{{body}}","type":"failure"}"#;

/// The channel, with a token and signatures.
pub(crate) struct Channel;

impl Wired for Channel {
    type Service = Webhook;

    fn service() -> Webhook {
        let (token, signing_key) = (Some(TOKEN.to_owned()), Some(SIGNING_KEY.to_owned()));
        Webhook { token, signing_key, ..Webhook::new() }
    }

    fn wiring(url: &str) -> Wiring {
        let wiring = Wiring::new("webhook", url).text("url", &format!("{url}/hook"));
        wiring.secret("token", TOKEN).secret("signing_key", SIGNING_KEY)
    }

    fn wrong(_: &str) -> Vec<(&'static str, String)> {
        vec![("token", "an0ther-t0ken".to_owned()), ("signing_key", "an0ther-key".to_owned())]
    }
}

impl Alerting for Channel {
    const SELF_TEST: SelfTest = SelfTest::None;
    const KNOWS_REPETITIONS: bool = true;
    const WAIT: Option<Duration> = Some(Duration::from_secs(5));

    fn texts(service: &Webhook) -> Vec<String> {
        service.deliveries.iter().map(|delivery| delivery.body.clone()).collect()
    }

    fn is_over(service: &Webhook) -> bool {
        let events: Vec<_> = service.deliveries.iter().map(|delivery| delivery.json()["event"].clone()).collect();
        events == ["opened", "resolved"]
    }

    /// A program reads it, so the texts arrive unchanged.
    fn assert_harmless(service: &Webhook) {
        let json = service.deliveries[0].json();
        assert_eq!(json["summary"], HOSTILE);
        assert_eq!(json["remedy"], HOSTILE);
    }
}

like_every_channel!(alike: Channel);

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_message_keeps_its_key_and_the_alerts_time() {
    let rig = Rig::<Channel>::start().await;
    for _ in 0..2 {
        rig.client.deliver(&message(AlertEvent::Opened)).await;
    }
    rig.client.deliver(&message(AlertEvent::Updated)).await;
    rig.fake.with(|service| {
        assert_eq!((service.deliveries.len(), service.repeated), (2, 1));
        let first = &service.deliveries[0];
        assert_eq!((first.key.as_str(), first.json()["message_id"].as_str()), ("fsn1-1", Some("fsn1-1")));
        assert_eq!(first.headers["x-dogwatch-timestamp"], (OPENED_AT / 1000).to_string());
        assert_eq!(first.content_type, "application/json");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_makes_what_apprise_accepts() {
    let rig = Rig::<Channel>::start().await;
    rig.fake.with(|service| service.shape = Shape::Apprise);
    let client = rig.wiring.clone().text("template", APPRISE).client();
    client.deliver(&message(AlertEvent::Opened)).await;
    client.deliver(&hostile()).await;
    rig.fake.with(|service| {
        let titles: Vec<_> = service.deliveries.iter().map(|delivery| delivery.json()["title"].clone()).collect();
        assert_eq!(titles[0], format!("PAGE at fsn1: {SUMMARY}"));
        assert!(titles[1].as_str().is_some_and(|title| title.contains("@everyone @here @room <@1>")), "{titles:?}");
        assert_plain(&strings(&service.deliveries[1].json()));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn method_media_type_and_headers_are_the_operators() {
    let rig = Rig::<Channel>::start().await;
    rig.fake.with(|service| service.shape = Shape::Any);
    let wiring = rig.wiring.clone().text("method", "PUT").texts("headers", &["X-Priority: 5"]);
    let wiring = wiring.text("content_type", "application/x-www-form-urlencoded");
    wiring.text("template", "text={{summary}}&event={{event}}").client().deliver(&hostile()).await;
    rig.fake.with(|service| {
        let delivery = &service.deliveries[0];
        assert_eq!((delivery.method.as_str(), delivery.headers["x-priority"].as_str()), ("PUT", "5"));
        assert_eq!(delivery.content_type, "application/x-www-form-urlencoded");
        let fields: Vec<(String, String)> =
            url::form_urlencoded::parse(delivery.body.as_bytes()).into_owned().collect();
        assert_eq!(fields.len(), 2, "{fields:?}");
        assert!(fields[0].1.contains("&amp;<!channel> @everyone"), "{fields:?}");
        assert_eq!(fields[1], ("event".to_owned(), "opened".to_owned()));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_may_be_a_secret() {
    let rig = Rig::<Channel>::start().await;
    rig.fake.with(|service| {
        *service = Webhook::new();
        service.path = "/hook/n0b0dy-kn0ws".to_owned();
    });
    let url = rig.fake.url();
    let wiring = Wiring::new("webhook", &url).secret("url", &format!("{url}/hook/n0b0dy-kn0ws"));
    wiring.client().deliver(&message(AlertEvent::Opened)).await;
    assert_eq!(rig.heard(), 1);
    let outcome =
        wiring.secret("url", &format!("{url}/hook/some0ne")).client().send(&message(AlertEvent::Opened)).await;
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
}
