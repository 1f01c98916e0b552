//! What the pool remembers of an endpoint: recent failures, latencies, throttles and its last head.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch_chain::Head;
use tokio::time::Instant;

use crate::error::RpcError;
use crate::health::latency::Latencies;
use crate::health::streak::{FailureStreak, RestPolicy};

/// For how many methods failures are tracked separately. Clients of a gateway can name any method.
const METHODS: usize = 64;
/// After this time a failed method counts like any other.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

/// An endpoint's recent past.
///
/// Polls, on which decisions rest, are tracked apart from reads: a method that is slow for a client's bot must not make
/// the pool blind on this endpoint.
#[derive(Debug, Default)]
pub(crate) struct HealthRecord {
    polls: FailureStreak,
    reads: FailureStreak,
    methods: BTreeMap<String, FailureStreak>,
    /// Until then reads are throttled: the endpoint asked for a pause in answer to any request.
    reads_throttled: Option<Instant>,
    /// Until then polls are throttled too: it asked for a pause in answer to a poll. A client's burst must not blind the
    /// pool.
    polls_throttled: Option<Instant>,
    latencies: Latencies,
    head: Option<(Head, Instant)>,
}

/// Whether an endpoint may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    Open,
    /// It failed recently, and rests.
    Resting,
    /// It asked for a pause.
    Throttled,
}

impl HealthRecord {
    /// Records a good answer to a read.
    pub(crate) fn succeeded(&mut self, method: &str, latency: Duration) {
        self.served(method);
        self.took(latency);
    }

    /// Records that a request was served. A throttle ends by time only: answers already under way say nothing about it.
    pub(crate) fn served(&mut self, method: &str) {
        self.reads = FailureStreak::default();
        self.methods.remove(method);
    }

    /// Records a good answer to a poll.
    pub(crate) fn polled(&mut self, head: &Head, latency: Duration, now: Instant) {
        self.polls = FailureStreak::default();
        self.took(latency);
        self.head = Some((head.clone(), now));
    }

    /// Records that an answer took this long, or at least this long.
    pub(crate) fn took(&mut self, latency: Duration) {
        self.latencies.add(latency);
    }

    /// Records a failed poll.
    pub(crate) fn poll_failed(&mut self, error: &RpcError, now: Instant, patience: RestPolicy) {
        if let Some(until) = throttle(error, now) {
            // A later, shorter pause does not undo a longer one.
            self.polls_throttled = self.polls_throttled.max(Some(until));
            self.reads_throttled = self.reads_throttled.max(Some(until));
        }
        self.polls.failed(error, now, patience);
    }

    /// Records a failed read. An error about the method alone makes only that method rest, until a second method fails as
    /// well. A method that the node does not offer says nothing about any other.
    pub(crate) fn read_failed(&mut self, method: &str, error: &RpcError, now: Instant, patience: RestPolicy) {
        if let Some(until) = throttle(error, now) {
            self.reads_throttled = self.reads_throttled.max(Some(until));
        }
        if error.is_of_method() {
            self.forget_old_methods(now);
            self.methods.entry(method.to_owned()).or_default().failed(error, now, patience);
            let failing = |streak: &&FailureStreak| !matches!(streak.last_error, Some(RpcError::Node(_)));
            if matches!(error, RpcError::Node(_)) || self.methods.values().filter(failing).count() < 2 {
                return;
            }
        }
        self.reads.failed(error, now, patience);
    }

    /// Forgets methods whose rest is long over, and the earliest failures if there are too many.
    fn forget_old_methods(&mut self, now: Instant) {
        self.methods.retain(|_, streak| {
            streak.rests_until.is_some_and(|until| now.saturating_duration_since(until) < FORGOTTEN_AFTER)
        });
        while self.methods.len() >= METHODS {
            let oldest = self.methods.iter().min_by_key(|(_, streak)| streak.rests_until).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { return };
            self.methods.remove(&oldest);
        }
    }

    /// Whether it may be polled now.
    pub(crate) fn poll_access(&self, now: Instant) -> Access {
        match self.polls_throttled {
            Some(until) if now < until => Access::Throttled,
            _ if self.polls.is_open(now) => Access::Open,
            _ => Access::Resting,
        }
    }

    /// Whether it may be polled despite a throttle, at the pace of retries after failures.
    pub(crate) fn may_be_pressed(&self, now: Instant) -> bool {
        self.polls.is_open(now)
    }

    /// Whether this method may be read from it now.
    pub(crate) fn read_access(&self, method: &str, now: Instant) -> Access {
        let method = self.methods.get(method).is_none_or(|method| method.is_open(now));
        match self.reads_throttled {
            Some(until) if now < until => Access::Throttled,
            _ if method && self.reads.is_open(now) && self.polls.is_open(now) => Access::Open,
            _ => Access::Resting,
        }
    }

    /// Records that a poll is sent.
    pub(crate) fn polling(&mut self, now: Instant, patience: RestPolicy) {
        self.polls.take_trial(now, patience);
    }

    /// Records that a read is sent. If it is the first after a rest, others wait for its outcome.
    pub(crate) fn reading(&mut self, method: &str, now: Instant, patience: RestPolicy) {
        self.reads.take_trial(now, patience);
        if let Some(method) = self.methods.get_mut(method) {
            method.take_trial(now, patience);
        }
    }

    pub(crate) fn throttled_for(&self, now: Instant) -> Option<Duration> {
        self.reads_throttled
            .max(self.polls_throttled)
            .map(|until| until.saturating_duration_since(now))
            .filter(|wait| !wait.is_zero())
    }

    /// Whether its health is the same for every method.
    pub(crate) fn is_even(&self) -> bool {
        self.methods.is_empty()
    }

    /// Failures in a row that count for that method.
    pub(crate) fn failures_of(&self, method: &str) -> u32 {
        self.failures().max(self.methods.get(method).map_or(0, |method| method.failures))
    }

    /// Failures in a row, of polls or of reads of more than one method.
    pub(crate) fn failures(&self) -> u32 {
        self.polls.failures.max(self.reads.failures)
    }

    /// Why the last poll failed, or else the last read.
    pub(crate) fn last_error(&self) -> Option<&RpcError> {
        self.polls.last_error.as_ref().or(self.reads.last_error.as_ref())
    }

    /// Why the last read of this method failed, or else the last poll or read.
    pub(crate) fn last_error_of(&self, method: &str) -> Option<&RpcError> {
        self.methods.get(method).and_then(|method| method.last_error.as_ref()).or(self.last_error())
    }

    /// The methods that failed the last time, and how.
    pub(crate) fn failing_methods(&self) -> Vec<(String, RpcError)> {
        let failing = |(name, method): (&String, &FailureStreak)| Some((name.clone(), method.last_error.clone()?));
        self.methods.iter().filter_map(failing).collect()
    }

    /// The head at the last good poll, and when that was.
    pub(crate) fn head(&self) -> Option<(&Head, Instant)> {
        self.head.as_ref().map(|(head, at)| (head, *at))
    }

    /// The height its head must have by now, if it kept advancing since the last poll.
    pub(crate) fn expected_height(&self, now: Instant, interval: Duration) -> Option<u32> {
        let (head, at) = self.head()?;
        let passed = now.saturating_duration_since(at).as_millis();
        let blocks = passed.checked_div(interval.as_millis()).unwrap_or_default();
        Some(head.num().0.saturating_add(u32::try_from(blocks).unwrap_or(u32::MAX)))
    }

    pub(crate) fn latencies(&self) -> &Latencies {
        &self.latencies
    }
}

/// Until when an endpoint asks not to be asked, if the error says so.
fn throttle(error: &RpcError, now: Instant) -> Option<Instant> {
    match error {
        RpcError::Http { retry_after: Some(wait), .. } => now.checked_add(*wait),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALM: RestPolicy =
        RestPolicy { interval: Duration::from_secs(3), jitter_percent: 0, seed: 1, trial: Duration::from_secs(4) };

    fn error() -> RpcError {
        RpcError::Http { status: 503, retry_after: None }
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_rest_one_request_goes_first() {
        let (mut health, start) = (HealthRecord::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        health.read_failed("m", &error(), at(0), CALM);
        assert_eq!(health.read_access("m", at(2)), Access::Resting);
        assert_eq!(health.read_access("m", at(3)), Access::Open);
        health.reading("m", at(3), CALM);
        assert_eq!(health.read_access("m", at(3)), Access::Resting, "others wait for it");
        assert_eq!(health.read_access("m", at(7)), Access::Open, "but not for ever");
        health.succeeded("m", Duration::from_millis(1));
        assert_eq!(health.read_access("m", at(3)), Access::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn one_bad_method_makes_no_bad_endpoint() {
        let (mut health, now) = (HealthRecord::default(), Instant::now());
        let shape = RpcError::shape("a", "is not a list");
        let both = |health: &HealthRecord| (health.read_access("a", now), health.read_access("b", now));
        health.read_failed("a", &shape, now, CALM);
        assert_eq!(both(&health), (Access::Resting, Access::Open));
        assert_eq!((health.failures(), health.failures_of("a"), health.failing_methods().len()), (0, 1, 1));
        health.succeeded("b", Duration::from_millis(1));
        assert_eq!(both(&health), (Access::Resting, Access::Open), "the other's success does not restore it");
        health.read_failed("b", &shape, now, CALM);
        assert_eq!(health.read_access("c", now), Access::Resting, "two of them do");
        assert_eq!(health.poll_access(now), Access::Open, "it still decides");
        health.succeeded("c", Duration::from_millis(1));
        assert_eq!((health.read_access("c", now), health.read_access("a", now)), (Access::Open, Access::Resting));
    }

    #[tokio::test(start_paused = true)]
    async fn who_fails_polls_is_not_read_from() {
        let (mut health, now) = (HealthRecord::default(), Instant::now());
        health.poll_failed(&error(), now, CALM);
        assert_eq!((health.poll_access(now), health.read_access("m", now)), (Access::Resting, Access::Resting));
        health.succeeded("m", Duration::from_millis(1));
        assert_eq!(health.poll_access(now), Access::Resting, "a read proves nothing of what decides");
    }

    #[tokio::test(start_paused = true)]
    async fn who_wants_to_be_left_alone_is() {
        let (mut health, now) = (HealthRecord::default(), Instant::now());
        let busy = RpcError::Http { status: 429, retry_after: Some(Duration::from_secs(60)) };
        let at = |seconds| now + Duration::from_secs(seconds);
        health.read_failed("m", &busy, now, CALM);
        health.succeeded("m", Duration::from_millis(1));
        assert_eq!(health.read_access("other", at(59)), Access::Throttled, "an answer under way changes nothing");
        assert_eq!(health.poll_access(at(59)), Access::Open, "a client's burst blinds nobody");
        assert_eq!(health.throttled_for(at(59)), Some(Duration::from_secs(1)));
        assert_eq!(health.read_access("m", at(60)), Access::Open);
        health.poll_failed(&busy, now, CALM);
        assert_eq!(
            (health.poll_access(at(59)), health.read_access("m", at(59))),
            (Access::Throttled, Access::Throttled)
        );
        assert!(!health.may_be_pressed(at(2)) && health.may_be_pressed(at(3)));
    }

    #[tokio::test(start_paused = true)]
    async fn invented_methods_make_no_bad_endpoint_and_take_no_room() {
        let (mut health, now) = (HealthRecord::default(), Instant::now());
        let refusal = crate::error::NodeRefusal::Other;
        let node = crate::error::NodeError { code: -32601, message: String::new(), name: None, refusal };
        for n in 0..1000 {
            health.read_failed(&format!("invented_{n}"), &RpcError::Node(node.clone()), now, CALM);
        }
        assert_eq!(
            (health.read_access("real", now), health.failures(), health.methods.len()),
            (Access::Open, 0, METHODS)
        );
        health.read_failed("real", &RpcError::shape("real", "is wrong"), now, CALM);
        assert_eq!(
            (health.read_access("real", now), health.read_access("other", now)),
            (Access::Resting, Access::Open)
        );
        health.read_failed("new", &RpcError::Node(node), now + Duration::from_secs(600), CALM);
        assert_eq!(health.methods.len(), 1, "the old ones are forgotten");
    }
}
