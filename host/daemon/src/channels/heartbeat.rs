//! Dead man's switches: services that raise the alarm when heartbeats stop.
//!
//! A heartbeat says that a full cycle went well: Dogwatch saw a fresh, agreed head, the policies answered, the state is
//! on disk, and every page was delivered. If something is missing, the heartbeat reports a failure and the reason.

use std::time::Duration;

use dogwatch_alerts::AlertKey;
use dogwatch_plugins::{HeartbeatMessage, HeartbeatStatus};
use dogwatch_rpc::Uptime;

use crate::alerts::condition::StandingAlert;
use crate::alerts::desk::AlertDesk;
use crate::alerts::texts::{AlertTexts, Condition};
use crate::alerts::undelivered::UndeliveredPages;
use crate::channels::client::{ChannelClient, Tested};
use crate::liveness::LoopMonitor;

/// After this many failed heartbeats in a row, an alert goes to the other channels.
const FAILURES: u32 = 5;

/// The state of the decision loops' cycles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CycleState {
    /// Every loop completed a cycle recently; the oldest of them then.
    Good(Uptime),
    /// A loop did not, or a page is undelivered, for this reason.
    Failing(String),
}

/// One dead man's switch.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    /// The channel.
    pub client: ChannelClient,
    /// How often it gets a heartbeat.
    pub every: Duration,
    /// The decision loops.
    pub loops: Vec<LoopMonitor>,
    /// Pages that no channel has delivered.
    pub undelivered: UndeliveredPages,
    /// The alert desk, for heartbeats that do not get through.
    pub desk: AlertDesk,
}

impl Heartbeat {
    /// Sends heartbeats until it is dropped.
    pub async fn run(self) {
        let started_at = self.desk.clock.uptime();
        let mut failures = Failures { in_a_row: 0, alert: StandingAlert::new(self.desk.clone()) };
        self.send(HeartbeatStatus::Started, &mut failures).await;
        // The start does not count as a cycle.
        let mut sent = started_at;
        loop {
            tokio::time::sleep(self.every).await;
            let state = state(self.desk.clock.uptime(), started_at, &self.loops, &self.undelivered.borrow());
            match state {
                // This cycle was already reported. Stay silent until the next one: silence is the signal.
                CycleState::Good(at) if sent == at => {}
                CycleState::Good(at) => {
                    self.send(HeartbeatStatus::Healthy, &mut failures).await;
                    sent = at;
                }
                CycleState::Failing(why) => self.send(HeartbeatStatus::Failing(why), &mut failures).await,
            }
        }
    }

    async fn send(&self, status: HeartbeatStatus, failures: &mut Failures) {
        let message = HeartbeatMessage { status, site: self.client.site.clone(), at: self.desk.clock.now() };
        let (site, channel) = (&self.client.site, &self.client.name);
        let text = |texts: &AlertTexts<'_>, condition: Condition<'_>| texts.heartbeat(channel, condition);
        match self.client.heartbeat(&message).await {
            Tested::Passed | Tested::Untestable => {
                failures.in_a_row = 0;
                failures.alert.now(Condition::Holds, text).await;
            }
            Tested::Failed(why) => {
                failures.in_a_row = failures.in_a_row.saturating_add(1);
                tracing::warn!(site, channel, why, failures.in_a_row, "the heartbeat did not get through");
                if failures.in_a_row >= FAILURES {
                    failures.alert.now(Condition::Fails(&why), text).await;
                }
            }
        }
    }
}

/// Failed heartbeats, and the alert about them.
#[derive(Debug)]
struct Failures {
    in_a_row: u32,
    alert: StandingAlert,
}

/// Sums up the loops and the outbox.
pub fn state(now: Uptime, started_at: Uptime, loops: &[LoopMonitor], undelivered: &[(AlertKey, String)]) -> CycleState {
    if let Some((key, why)) = undelivered.first() {
        return CycleState::Failing(format!("no channel has delivered the page {key}: {why}"));
    }
    let mut oldest = now;
    for one in loops {
        let cycle = one.cycle.borrow();
        if let Some(trouble) = &cycle.trouble {
            return CycleState::Failing(format!("{}: {trouble}", one.chain));
        }
        let last = cycle.completed.unwrap_or(started_at);
        let ago = now.since(last);
        if ago > one.patience {
            return CycleState::Failing(format!("{}: no cycle has been completed for {} s", one.chain, ago.as_secs()));
        }
        match cycle.completed {
            Some(at) => oldest = oldest.min(at),
            // No cycle yet, but it is too early to report a failure.
            None => return CycleState::Good(started_at),
        }
    }
    CycleState::Good(oldest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liveness::{Watchdog, monitors};

    #[test]
    fn only_a_completed_cycle_is_good_news() {
        let slot = Duration::from_secs(3);
        let (reporters, loops) = monitors(&[("hive".into(), slot), ("steem".into(), slot)], &Watchdog::new(2));
        let at = |seconds: u64| Uptime::new(Duration::from_secs(1_000_000 + seconds));
        let says = |now, undelivered: &[(AlertKey, String)]| state(at(now), at(0), &loops, undelivered);
        assert_eq!(says(10, &[]), CycleState::Good(at(0)), "too early to report a failure");
        assert!(matches!(says(31, &[]), CycleState::Failing(why) if why.contains("hive: no cycle has been completed")));
        reporters[0].completed(at(40), None);
        reporters[1].completed(at(35), None);
        assert_eq!(says(41, &[]), CycleState::Good(at(35)), "as old as the oldest");
        reporters[1].completed(at(42), Some("blind".into()));
        assert_eq!(says(43, &[]), CycleState::Failing("steem: blind".into()));
        reporters[1].completed(at(44), None);
        let undelivered = [(
            AlertKey::new(dogwatch_alerts::Scope::witness("hive", "alice"), dogwatch_alerts::Cause::Missing),
            "pager: no answer".to_owned(),
        )];
        assert!(matches!(says(45, &undelivered), CycleState::Failing(why) if why.contains("pager: no answer")));
        assert!(matches!(says(80, &[]), CycleState::Failing(_)), "a loop that hangs");
    }

    #[tokio::test(start_paused = true)]
    async fn five_heartbeats_that_fail_are_an_alert() {
        let (desk, _directory) = crate::testing::desk();
        let start = desk.clock.now();
        let (_reporters, loops) = monitors(&[("hive".into(), Duration::from_secs(3))], &Watchdog::new(1));
        let heartbeat = Heartbeat {
            client: crate::testing::broken_channel("hc"),
            every: Duration::from_mins(1),
            loops,
            undelivered: tokio::sync::watch::channel(Vec::new()).1,
            desk: desk.clone(),
        };
        let running = tokio::spawn(heartbeat.run());
        tokio::time::sleep(Duration::from_secs(1)).await;
        for minute in 0..6_u64 {
            let open = desk.open().await.unwrap();
            assert_eq!(open.len(), usize::from(minute >= 4), "after {minute} min: {open:?}");
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
        running.abort();
        let open = desk.open().await.unwrap();
        let opened_after = open[0].alert.opened_at.since(start);
        assert_eq!((open[0].alert.key.cause, opened_after.as_secs()), (dogwatch_alerts::Cause::Heartbeat, 240));
    }
}
