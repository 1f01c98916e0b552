//! Whatever a service does, no outcome, progress or debug text of any channel holds a secret:
//! [`Watched`](super::bench::Watched) searches each of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dogwatch_alerts::AlertEvent;
use dogwatch_services::discord::Discord;
use dogwatch_services::slack::Slack;
use dogwatch_services::twilio::Twilio;
use dogwatch_services::{Fake, Fault};

use super::bench::{AUTHORITY, Rig, Wired, assert_safe, message};
use super::echo::{Echo, What};
use super::{discord, slack, twilio};

async fn echo() -> Fake<Echo> {
    Fake::start(Echo::all()[0], &AUTHORITY).await.unwrap()
}

/// Everything that the service was sent, echoed in every form.
pub(crate) async fn of_what_is_echoed_nothing_is_given_away<C: Wired>() {
    let fake = echo().await;
    let client = C::wiring(&fake.url()).client();
    for way in Echo::all() {
        fake.with(|echo| *echo = way);
        client.try_everything().await;
    }
    assert!(!fake.seen().is_empty());
}

/// Every fault that a connection or a service can have.
pub(crate) async fn of_what_fails_nothing_is_given_away<C: Wired>() {
    let faults = [
        Fault::RateLimit,
        Fault::Status(302),
        Fault::Status(418),
        Fault::Status(503),
        Fault::Drop,
        Fault::DropAfter,
        Fault::Reset,
    ];
    for fault in faults {
        let rig = Rig::<C>::start().await;
        // One for each request that there can be.
        rig.fake.order(vec![Some(fault); 32]);
        rig.client.try_everything().await;
    }
}

/// Wrong secrets, and hosts that are not allowed.
pub(crate) async fn of_what_is_refused_nothing_is_given_away<C: Wired>() {
    let rig = Rig::<C>::start().await;
    for (name, secret) in C::wrong(&rig.fake.url()) {
        rig.wiring.clone().secret(name, &secret).client().try_everything().await;
    }
    let seen = rig.fake.seen().len();
    rig.wiring.clone().confined().client().try_everything().await;
    assert_eq!(rig.fake.seen().len(), seen, "nothing goes to a host that is not named");
}

/// Runs the tests above for a channel.
macro_rules! gives_nothing_away {
    ($channel:ident) => {
        crate::channels::bench::run_tests!(secrets, $channel:
            of_what_is_echoed_nothing_is_given_away,
            of_what_fails_nothing_is_given_away,
            of_what_is_refused_nothing_is_given_away,
        );
    };
}
pub(crate) use gives_nothing_away;

/// What a channel reports about all those echoes.
async fn said<C: Wired>(what: What) -> String {
    let fake = echo().await;
    let client = C::wiring(&fake.url()).client();
    let mut said = Vec::new();
    for way in Echo::all() {
        fake.with(|echo| *echo = Echo { what, ..way });
        said.push(format!("{:?}", client.send(&message(AlertEvent::Opened)).await));
    }
    said.join("\n")
}

/// The path alone gives away a secret that is a URL: many servers answer `Cannot POST /the/path`.
#[tokio::test(flavor = "multi_thread")]
async fn an_echoed_path_does_not_leak_a_webhook() {
    assert_safe(&[Slack::new().path], &said::<slack::Channel>(What::Address).await);
    assert_safe(&[Discord::new().token], &said::<discord::Channel>(What::Address).await);
}

/// The whole login gives away a password that is sent as basic authentication.
#[tokio::test(flavor = "multi_thread")]
async fn an_echoed_login_does_not_leak_a_password() {
    let service = Twilio::new();
    let login = STANDARD.encode(format!("{}:{}", service.account, service.token));
    assert_safe(&[login], &said::<twilio::Sms>(What::Headers).await);
}
