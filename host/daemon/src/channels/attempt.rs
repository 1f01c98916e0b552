//! Attempts to deliver one message: what follows each outcome, according to the sender's retry policy.

use std::time::Duration;

use dogwatch_alerts::{Alert, Severity};
use dogwatch_plugins::FollowUp;
use rand::Rng as _;

use crate::channels::client::{ChannelClient, Outcome};
use crate::store::Delivery;

/// The longest wait between two attempts.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A wait that a service asks for is never shorter than this, once the first attempts have shown that it does not mean it.
const SHORTEST_ASKED: Duration = Duration::from_secs(5);

/// The first wait after a refusal that a service calls final; it doubles with each attempt.
const REFUSED_WAIT: Duration = Duration::from_mins(1);

/// The longest wait after such a refusal.
const LONGEST_REFUSED_WAIT: Duration = Duration::from_mins(15);

/// How long to keep offering an urgent message to a service that refuses it: time to fix the token.
const INSIST_FOR: Duration = Duration::from_hours(24);

/// When to try again after a failure that someone has to fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    /// Not at all.
    Never,
    /// After the same wait as any other failure.
    Backoff,
    /// Every minute.
    EveryMinute,
    /// After one minute, then two, four, up to fifteen.
    Doubling,
}

/// What a sender does about failures that do not pass by themselves. All others are retried after a growing wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The channel has no working plugin. The operator may add one.
    without_plugin: Again,
    /// The service refuses the message for good. The operator may fix a token.
    refused: Again,
}

impl RetryPolicy {
    /// The daemon does not start: the process ends in a few seconds, too soon for anyone to fix a channel.
    pub const START_FAILURE: Self = Self { without_plugin: Again::Never, refused: Again::Never };

    /// The store cannot be written: this is the only alert that can go out, so it is retried until it gets through.
    pub const STORE_FAILURE: Self = Self { without_plugin: Again::Backoff, refused: Again::Backoff };

    /// A message in the outbox. An urgent one is offered for a day to a service that refuses it, unless a newer message
    /// about the same alert waits: a token may have been rotated, or a proxy may have answered instead of the service.
    pub fn outbox(alert: &Alert, now: dogwatch_chain::Time, superseded: Superseded) -> Self {
        let urgent = alert.severity >= Severity::Critical && now.since(alert.at) < INSIST_FOR;
        let insists = urgent && superseded == Superseded::No;
        Self { without_plugin: Again::EveryMinute, refused: if insists { Again::Doubling } else { Again::Never } }
    }

    /// What to do after an attempt. `attempts` is the number of attempts before it.
    pub fn next(self, outcome: Outcome, attempts: u32) -> Next {
        let retry = |after: Duration, why: String| Retry {
            after,
            why,
            failure: FailureKind::Passing,
            rests: Rests::Message,
            memory: None,
        };
        let again = |rule: Again, why: String| match rule {
            Again::Never => Next::GiveUp(why),
            Again::Backoff => Next::Retry(retry(backoff(attempts), why)),
            Again::EveryMinute => Next::Retry(retry(LONGEST_WAIT, why)),
            Again::Doubling => Next::Retry(retry(doubling(attempts), why)),
        };
        match outcome {
            Outcome::Delivered(note) => Next::Delivered(note),
            Outcome::Follow(following) => Next::Follow(following),
            Outcome::Remember(memory) => {
                // At once the first time, then with a wait: the service must not send Dogwatch in circles for ever.
                let after = if attempts == 0 { Duration::ZERO } else { backoff(attempts) };
                let why = "the service wants it sent elsewhere".to_owned();
                Next::Retry(Retry { memory: Some(memory), ..retry(after, why) })
            }
            Outcome::Wait(after, why) => {
                // A service, or a channel, that asks to be asked again at once must not be asked a thousand times a second.
                let after = after.max(backoff(attempts).min(SHORTEST_ASKED));
                Next::Retry(Retry { rests: Rests::Channel, ..retry(after, why) })
            }
            Outcome::Failed(why) => Next::Retry(retry(backoff(attempts), why)),
            Outcome::NoPlugin(why) => again(self.without_plugin, why),
            Outcome::Refused(why) => match again(self.refused, why) {
                Next::Retry(retry) => Next::Retry(Retry { failure: FailureKind::Final, ..retry }),
                next => next,
            },
        }
    }
}

/// Whether a newer message about the same alert waits for the same channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Superseded {
    /// Nothing does.
    No,
    /// Something does.
    Yes,
}

/// What follows an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: the service has the message. Holds what the service calls it.
    Delivered(String),
    /// Ask the service later what became of it.
    Follow(FollowUp),
    /// Try again.
    Retry(Retry),
    /// Nothing: it will not be delivered, for this reason.
    GiveUp(String),
}

/// Another attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How long to wait first.
    pub after: Duration,
    /// Why the last attempt failed.
    pub why: String,
    /// What kind of failure it was.
    pub failure: FailureKind,
    /// What has to wait until then.
    pub rests: Rests,
    /// What to store in the channel's memory.
    pub memory: Option<String>,
}

/// The kind of failure that an attempt ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The failure may pass by itself.
    Passing,
    /// The service calls it final.
    Final,
}

/// What has to wait for the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rests {
    /// Only this message.
    Message,
    /// All messages for this channel: the service asked for a pause.
    Channel,
}

/// Why a message was given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct GivenUp(pub String);

/// Delivers a message that is not in the store, however many attempts it takes. Calls `on_retry` after each failed one.
/// It never cuts an attempt off: once `newer` is ready, it makes no further attempt.
///
/// # Errors
///
/// The reason, if it gives up.
pub async fn deliver(
    client: &ChannelClient,
    alert: Alert,
    policy: RetryPolicy,
    mut on_retry: impl FnMut(&Retry),
    newer: impl Future<Output = ()>,
) -> Result<(), GivenUp> {
    let mut newer = std::pin::pin!(newer);
    let mut delivery = Delivery::past_the_store(alert);
    let mut memory = String::new();
    loop {
        match policy.next(client.deliver(&memory, &delivery).await, delivery.attempts) {
            Next::Delivered(_) | Next::Follow(_) => return Ok(()),
            Next::GiveUp(why) => return Err(GivenUp(why)),
            Next::Retry(retry) => {
                on_retry(&retry);
                if let Some(learned) = retry.memory {
                    memory = learned;
                }
                delivery.attempts = delivery.attempts.saturating_add(1);
                tokio::select! {
                    () = tokio::time::sleep(retry.after) => {}
                    () = &mut newer => return Err(GivenUp("there is something newer to say".to_owned())),
                }
            }
        }
    }
}

/// The wait before the next attempt: it grows each time, with jitter so that several sites do not retry in step.
pub(crate) fn backoff(attempts: u32) -> Duration {
    let step = Duration::from_secs(1).saturating_mul(2u32.saturating_pow(attempts.min(6)));
    step.min(LONGEST_WAIT).mul_f64(rand::rng().random_range(0.5..1.0))
}

fn doubling(attempts: u32) -> Duration {
    REFUSED_WAIT.saturating_mul(2_u32.saturating_pow(attempts)).min(LONGEST_REFUSED_WAIT)
}

#[cfg(test)]
mod tests {
    use dogwatch_alerts::{AlertEvent, AlertKey, Cause, Notice, Scope, Subject};
    use dogwatch_chain::Time;

    use super::*;

    fn alert(severity: Severity, at: Time) -> Alert {
        let notice = Notice {
            key: AlertKey::new(Scope::witness("devnet", "alice"), Cause::Missing),
            severity,
            subject: Subject::Daemon,
            summary: String::new(),
            details: String::new(),
            remedy: String::new(),
            command: String::new(),
        };
        notice.message(AlertEvent::Opened, at)
    }

    fn refused() -> Outcome {
        Outcome::Refused("no".to_owned())
    }

    fn wait(next: Next) -> Option<Duration> {
        match next {
            Next::Retry(retry) => Some(retry.after),
            _ => None,
        }
    }

    #[test]
    fn urgent_messages_are_offered_for_a_day() {
        let at = Time::from_secs(1_000_000);
        for severity in [Severity::Critical, Severity::Page] {
            let minutes = |attempts, now| {
                let policy = RetryPolicy::outbox(&alert(severity, at), now, Superseded::No);
                wait(policy.next(refused(), attempts)).map(|wait| wait.as_secs() / 60)
            };
            let waits: Vec<_> = [0, 1, 2, 3, 4, 5, u32::MAX].map(|attempts| minutes(attempts, at)).into();
            assert_eq!(waits, [1, 2, 4, 8, 15, 15, 15].map(Some));
            let day = Duration::from_hours(24);
            assert_eq!(minutes(99, at.plus(day.saturating_sub(Duration::from_secs(1)))), Some(15));
            assert_eq!(minutes(99, at.plus(day)), None);
            let superseded = RetryPolicy::outbox(&alert(severity, at), at, Superseded::Yes);
            assert_eq!(superseded.next(refused(), 0), Next::GiveUp("no".to_owned()));
        }
        for severity in [Severity::Info, Severity::Warning] {
            let policy = RetryPolicy::outbox(&alert(severity, at), at, Superseded::No);
            assert_eq!(policy.next(refused(), 0), Next::GiveUp("no".to_owned()));
        }
    }

    #[test]
    fn nobody_is_asked_again_at_once_for_ever() {
        let at = Time::from_secs(1_000_000);
        let policy = RetryPolicy::outbox(&alert(Severity::Page, at), at, Superseded::No);
        let waits =
            [0, 1, 3, 99].map(|attempts| wait(policy.next(Outcome::Wait(Duration::ZERO, String::new()), attempts)));
        let (half, five) = (Duration::from_millis(500), Duration::from_secs(5));
        assert!(waits.iter().all(|wait| wait.is_some_and(|wait| (half..=five).contains(&wait))), "{waits:?}");
        assert_eq!(waits.last(), Some(&Some(five)));
    }

    /// Which sender retries which failures.
    #[test]
    fn each_sender_has_its_policy() {
        let at = Time::from_secs(1_000_000);
        let outbox = RetryPolicy::outbox(&alert(Severity::Info, at), at, Superseded::No);
        let no_plugin = || Outcome::NoPlugin("none".to_owned());
        let tries = |policy: RetryPolicy, outcome: Outcome| wait(policy.next(outcome, 0)).is_some();
        assert_eq!([refused(), no_plugin()].map(|outcome| tries(outbox, outcome)), [false, true]);
        assert_eq!([refused(), no_plugin()].map(|o| tries(RetryPolicy::STORE_FAILURE, o)), [true, true]);
        assert_eq!([refused(), no_plugin()].map(|o| tries(RetryPolicy::START_FAILURE, o)), [false, false]);
        for policy in [outbox, RetryPolicy::STORE_FAILURE, RetryPolicy::START_FAILURE] {
            assert!(tries(policy, Outcome::Failed("later".to_owned())));
            let told = Duration::from_secs(42);
            let rest = policy.next(Outcome::Wait(told, "busy".to_owned()), 3);
            assert!(matches!(rest, Next::Retry(Retry { after, rests: Rests::Channel, .. }) if after == told));
            let moved = |attempts| wait(policy.next(Outcome::Remember("there".to_owned()), attempts));
            assert_eq!(moved(0), Some(Duration::ZERO), "at once");
            assert!(moved(1).is_some_and(|wait| !wait.is_zero()), "then with a wait");
        }
    }
}
