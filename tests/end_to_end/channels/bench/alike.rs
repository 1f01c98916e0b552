//! Tests that every alert channel has to pass.

use std::time::Duration;

use dogwatch::channels::client::{Outcome, Tested};
use dogwatch_alerts::AlertEvent;
use dogwatch_services::Fault;

use super::{COMMAND, REMEDY, Rig, SUMMARY, Wired, assert_plain, hostile, message, overlong};

/// What a self-test can find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SelfTest {
    /// Whether the service is there and the secrets are right.
    Full,
    /// Only whether the service is there.
    Blind,
    /// Nothing: there is no self-test.
    None,
}

/// A channel for alerts.
pub(crate) trait Alerting: Wired {
    /// What its self-test can find out.
    const SELF_TEST: SelfTest = SelfTest::Full;
    /// Whether its messages show the command to type.
    const SAYS_COMMAND: bool = true;
    /// Whether it delivers reports.
    const TAKES_REPORTS: bool = true;
    /// Whether the service recognises a message that it gets a second time.
    const KNOWS_REPETITIONS: bool = false;
    /// How long the service asks to wait after too many requests, if it says so.
    const WAIT: Option<Duration>;

    /// What can be read at the service, oldest first.
    fn texts(service: &Self::Service) -> Vec<String>;

    /// How many notifications went out.
    fn heard(service: &Self::Service) -> usize {
        Self::texts(service).len()
    }

    /// Whether the alert is over at the service, after its opening and its end.
    fn is_over(service: &Self::Service) -> bool {
        matches!(Self::texts(service).as_slice(), [_, end] if end.contains("RESOLVED"))
    }

    /// Fails the test if the hostile texts act as more than text.
    fn assert_harmless(service: &Self::Service) {
        Self::texts(service).iter().for_each(|text| assert_plain(text));
    }
}

pub(crate) async fn a_page_says_what_happened_and_what_to_do<C: Alerting>() {
    let rig = Rig::<C>::start().await;
    rig.client.deliver(&message(AlertEvent::Opened)).await;
    let texts = rig.texts();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains(SUMMARY) && texts[0].contains(REMEDY), "{texts:?}");
    assert_eq!(texts[0].contains(COMMAND), C::SAYS_COMMAND, "{texts:?}");
}

pub(crate) async fn the_end_is_delivered<C: Alerting>() {
    let rig = Rig::<C>::start().await;
    rig.client.deliver(&message(AlertEvent::Opened)).await;
    rig.client.deliver(&message(AlertEvent::Resolved)).await;
    assert!(rig.fake.with(|service| C::is_over(service)), "{:?}", rig.texts());
}

pub(crate) async fn a_report_wakes_nobody<C: Alerting>() {
    let rig = Rig::<C>::start().await;
    let outcome = rig.client.send(&message(AlertEvent::Report)).await;
    if C::TAKES_REPORTS {
        assert!(matches!(outcome, Outcome::Delivered(_) | Outcome::Follow(_)), "{outcome:?}");
        assert_eq!(rig.heard(), 1);
    } else {
        assert_eq!(outcome, Outcome::Delivered(String::new()));
        assert!(rig.fake.seen().is_empty());
    }
}

pub(crate) async fn temporarily_refused_messages_are_sent_again<C: Alerting>() {
    let (rig, opened) = (Rig::<C>::start().await, message(AlertEvent::Opened));
    let faults = [Fault::Status(500), Fault::Status(503), Fault::Drop, Fault::Reset];
    rig.fake.order(faults.iter().cloned().map(Some));
    for fault in &faults {
        let outcome = rig.client.send(&opened).await;
        assert!(matches!(outcome, Outcome::Failed(_)), "{fault:?}: {outcome:?}");
        assert_eq!(rig.heard(), 0, "{fault:?}");
    }
    rig.client.deliver(&opened).await;
    assert_eq!(rig.heard(), 1);
}

pub(crate) async fn a_lost_answer_costs_at_most_one_repetition<C: Alerting>() {
    let (rig, opened) = (Rig::<C>::start().await, message(AlertEvent::Opened));
    rig.fake.order([Some(Fault::DropAfter)]);
    let outcome = rig.client.send(&opened).await;
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    assert_eq!(rig.heard(), 1);
    rig.client.deliver(&opened).await;
    assert_eq!(rig.heard(), if C::KNOWS_REPETITIONS { 1 } else { 2 });
}

pub(crate) async fn a_rate_limit_is_waited_out<C: Alerting>() {
    let (rig, opened) = (Rig::<C>::start().await, message(AlertEvent::Opened));
    rig.fake.order([Some(Fault::RateLimit)]);
    let outcome = rig.client.send(&opened).await;
    match C::WAIT {
        Some(wait) => assert!(matches!(&outcome, Outcome::Wait(asked, _) if *asked == wait), "{outcome:?}"),
        None => assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}"),
    }
    rig.client.deliver(&opened).await;
    assert_eq!(rig.heard(), 1);
}

pub(crate) async fn a_wrong_secret_is_refused_for_good<C: Alerting>() {
    let rig = Rig::<C>::start().await;
    for (name, secret) in C::wrong(&rig.fake.url()) {
        let client = rig.wiring.clone().secret(name, &secret).client();
        let outcome = client.send(&message(AlertEvent::Opened)).await;
        assert!(matches!(outcome, Outcome::Refused(_)), "{name}: {outcome:?}");
    }
    assert_eq!(rig.heard(), 0);
}

pub(crate) async fn a_redirect_is_not_followed<C: Alerting>() {
    let rig = Rig::<C>::start().await;
    rig.fake.order([Some(Fault::Status(302))]);
    let outcome = rig.client.send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("redirect")), "{outcome:?}");
    assert_eq!(rig.fake.seen().len(), 1);
}

pub(crate) async fn hostile_texts_stay_texts<C: Alerting>() {
    let rig = Rig::<C>::start().await;
    rig.client.deliver(&hostile()).await;
    assert_eq!(rig.heard(), 1);
    rig.fake.with(|service| C::assert_harmless(service));
}

pub(crate) async fn texts_of_any_length_are_accepted<C: Alerting>() {
    let rig = Rig::<C>::start().await;
    rig.client.deliver(&overlong()).await;
    assert_eq!(rig.heard(), 1);
}

pub(crate) async fn the_self_test_notifies_nobody<C: Alerting>() {
    let rig = Rig::<C>::start().await;
    let passed = if C::SELF_TEST == SelfTest::None { Tested::Untestable } else { Tested::Passed };
    assert_eq!(rig.client.self_test().await, passed);
    for (name, secret) in C::wrong(&rig.fake.url()) {
        let tested = rig.wiring.clone().secret(name, &secret).client().self_test().await;
        match C::SELF_TEST {
            SelfTest::Full => assert!(matches!(tested, Tested::Failed(_)), "{name}: {tested:?}"),
            SelfTest::Blind | SelfTest::None => assert_eq!(tested, passed, "{name}"),
        }
    }
    assert_eq!(rig.heard(), 0);
}

/// A module of that name with the tests for every alert channel.
macro_rules! like_every_channel {
    ($module:ident: $channel:ident) => {
        mod $module {
            use super::$channel;

            crate::channels::bench::run_tests!(alike, $channel:
                a_page_says_what_happened_and_what_to_do,
                the_end_is_delivered,
                a_report_wakes_nobody,
                temporarily_refused_messages_are_sent_again,
                a_lost_answer_costs_at_most_one_repetition,
                a_rate_limit_is_waited_out,
                a_wrong_secret_is_refused_for_good,
                a_redirect_is_not_followed,
                hostile_texts_stay_texts,
                texts_of_any_length_are_accepted,
                the_self_test_notifies_nobody,
            );
            crate::channels::secrets::gives_nothing_away!($channel);
        }
    };
}
pub(crate) use like_every_channel;

/// Runs the tests of a module of the bench for a channel.
macro_rules! run_tests {
    ($bench:ident, $channel:ident: $($test:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                crate::channels::bench::$bench::$test::<$channel>().await;
            }
        )+
    };
}
pub(crate) use run_tests;
