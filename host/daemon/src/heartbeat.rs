//! The dead man's switch: services that ring when nothing is heard any more.
//!
//! A heartbeat says that a full cycle went well: a fresh, agreed head was seen, the policies answered, the state is on
//! disk, and no page is stuck in the outbox. Whatever is missing is said instead, with the reason.

use std::time::Duration;

use dogwatch_chain::Time;
use dogwatch_engine::AlertKey;
use dogwatch_plugins::{HeartbeatMessage, HeartbeatStatus};
use tokio::sync::watch;

use crate::courier::{Courier, Tested};
use crate::desk::AlertDesk;
use crate::vitals::Loop;
use crate::words::Trouble;

/// After so many heartbeats in a row that do not get through, the other channels say so.
const FAILURES: u32 = 5;

/// Pages that no channel has delivered in time, with what the channels say.
pub type StuckPages = watch::Receiver<Vec<(AlertKey, String)>>;

/// What a heartbeat would say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// All is well, and this is when it was seen.
    Well(Time),
    /// It is not.
    Failing(String),
}

/// One dead man's switch.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    /// The channel.
    pub courier: Courier,
    /// How often it is told.
    pub every: Duration,
    /// The decision loops.
    pub loops: Vec<Loop>,
    /// Pages that are stuck.
    pub stuck: StuckPages,
    /// Where it is said that it does not get through.
    pub desk: AlertDesk,
}

/// Heartbeats that did not get through.
#[derive(Debug)]
struct Misses {
    in_a_row: u32,
    /// Whether the other channels may have been told.
    told: bool,
}

impl Heartbeat {
    /// Tells it until it is dropped.
    pub async fn run(self) {
        let started_at = self.desk.clock.now();
        // What was said before this start is called off by the first that gets through.
        let mut misses = Misses { in_a_row: 0, told: true };
        self.beat(HeartbeatStatus::Started, &mut misses).await;
        // That it has started is no cycle.
        let mut told = started_at;
        loop {
            tokio::time::sleep(self.every).await;
            let state = state(self.desk.clock.now(), started_at, &self.loops, &self.stuck.borrow());
            match state {
                // Told once already: silence is the signal, and another cycle will come.
                State::Well(at) if told == at => {}
                State::Well(at) => {
                    self.beat(HeartbeatStatus::Healthy, &mut misses).await;
                    told = at;
                }
                State::Failing(why) => self.beat(HeartbeatStatus::Failing(why), &mut misses).await,
            }
        }
    }

    async fn beat(&self, status: HeartbeatStatus, misses: &mut Misses) {
        let heartbeat = HeartbeatMessage { status, site: self.courier.site.clone(), at: self.desk.clock.now() };
        let (site, channel) = (&self.courier.site, &self.courier.name);
        match self.courier.beat(&heartbeat).await {
            Tested::Passed | Tested::Untestable => {
                if std::mem::take(&mut misses.told) {
                    self.say(Trouble::Over).await;
                }
                misses.in_a_row = 0;
            }
            Tested::Failed(why) => {
                misses.in_a_row = misses.in_a_row.saturating_add(1);
                tracing::warn!(site, channel, why, misses.in_a_row, "the heartbeat did not get through");
                if misses.in_a_row == FAILURES {
                    misses.told = true;
                    self.say(Trouble::Is(&why)).await;
                }
            }
        }
    }

    async fn say(&self, trouble: Trouble<'_>) {
        let channel = &self.courier.name;
        if let Err(error) = self.desk.say(self.desk.words().heartbeat(channel, trouble)).await {
            tracing::error!(site = self.courier.site, channel, %error, "an alert could not be stored");
        }
    }
}

/// What is to be said of the loops and the outbox.
pub fn state(now: Time, started_at: Time, loops: &[Loop], stuck: &[(AlertKey, String)]) -> State {
    if let Some((key, why)) = stuck.first() {
        return State::Failing(format!("no channel has delivered the page {key}: {why}"));
    }
    let mut oldest = now;
    for one in loops {
        let cycle = one.cycle.borrow();
        if let Some(trouble) = &cycle.trouble {
            return State::Failing(format!("{}: {trouble}", one.chain));
        }
        let last = cycle.completed.unwrap_or(started_at);
        if now.since(last) > one.patience {
            return State::Failing(format!("{}: no cycle was completed since {last} UTC", one.chain));
        }
        match cycle.completed {
            Some(at) => oldest = oldest.min(at),
            // Nothing yet, and it is too early to complain.
            None => return State::Well(started_at),
        }
    }
    State::Well(oldest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vitals::{Watchdog, vitals};

    #[test]
    fn only_a_completed_cycle_is_good_news() {
        let slot = Duration::from_secs(3);
        let (pulses, loops) = vitals(&[("hive".into(), slot), ("steem".into(), slot)], &Watchdog::new(2));
        let at = |seconds: u32| Time::from_secs(1_000_000 + seconds);
        let says = |now, stuck: &[(AlertKey, String)]| state(at(now), at(0), &loops, stuck);
        assert_eq!(says(10, &[]), State::Well(at(0)), "too early to complain, and nothing to say yet");
        assert!(matches!(says(31, &[]), State::Failing(why) if why.contains("hive: no cycle was completed")));
        pulses[0].completed(at(40), None);
        pulses[1].completed(at(35), None);
        assert_eq!(says(41, &[]), State::Well(at(35)), "as old as the oldest");
        pulses[1].completed(at(42), Some("blind".into()));
        assert_eq!(says(43, &[]), State::Failing("steem: blind".into()));
        pulses[1].completed(at(44), None);
        let stuck = [(AlertKey("hive/alice/missing".into()), "pager: no answer".to_owned())];
        assert!(matches!(says(45, &stuck), State::Failing(why) if why.contains("pager: no answer")));
        assert!(matches!(says(80, &[]), State::Failing(_)), "a loop that stands still");
    }
}
