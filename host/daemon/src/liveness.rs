//! Liveness: the decision loops report each cycle; heartbeats and systemd's watchdog go by that.
//!
//! A watchdog or a dead man's switch fed by a timer proves that a timer runs. These are fed by the decision loops alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dogwatch_chain::Time;
use tokio::sync::watch;

/// What one loop did last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cycle {
    /// When a cycle was last completed: endpoints read, witnesses looked at, policies asked, state on disk.
    pub completed: Option<Time>,
    /// What keeps it from doing its work, if anything does.
    pub trouble: Option<String>,
}

/// A decision loop's side: where it reports.
#[derive(Clone, Debug)]
pub struct CycleReporter {
    index: usize,
    cycle: watch::Sender<Cycle>,
    watchdog: Watchdog,
}

impl CycleReporter {
    /// The loop has come round: it is not stuck.
    pub fn alive(&self) {
        self.watchdog.alive(self.index);
    }

    /// A cycle is complete.
    pub fn completed(&self, now: Time, trouble: Option<String>) {
        self.cycle.send_replace(Cycle { completed: Some(now), trouble });
    }
}

/// A chain's loop, as others see it.
#[derive(Clone, Debug)]
pub struct LoopMonitor {
    /// Which chain.
    pub chain: String,
    /// How old a completed cycle may be.
    pub patience: std::time::Duration,
    /// What it did last.
    pub cycle: watch::Receiver<Cycle>,
}

/// A reporter and a monitor for the loop of each chain, given with its slot time.
pub fn monitors(chains: &[(String, std::time::Duration)], watchdog: &Watchdog) -> (Vec<CycleReporter>, Vec<LoopMonitor>) {
    let each = chains.iter().enumerate().map(|(index, (chain, slot))| {
        let (sender, cycle) = watch::channel(Cycle::default());
        let pulse = CycleReporter { index, cycle: sender, watchdog: watchdog.clone() };
        (pulse, LoopMonitor { chain: chain.clone(), patience: slot.saturating_mul(PATIENCE_SLOTS), cycle })
    });
    each.unzip()
}

/// A cycle comes with every block, and with every wait for one that is too long.
const PATIENCE_SLOTS: u32 = 10;

/// systemd's watchdog, fed once all loops have come round since the last time.
#[derive(Clone, Debug)]
pub struct Watchdog {
    seen: Arc<Vec<AtomicBool>>,
}

impl Watchdog {
    /// For so many loops.
    pub fn new(loops: usize) -> Self {
        Self { seen: Arc::new((0..loops).map(|_| AtomicBool::new(false)).collect()) }
    }

    fn alive(&self, index: usize) {
        if let Some(flag) = self.seen.get(index) {
            flag.store(true, Ordering::Relaxed);
        }
        if self.round() {
            tell(&[sd_notify::NotifyState::Watchdog]);
        }
    }

    /// Whether all have come round; if so, the next round begins.
    fn round(&self) -> bool {
        let all = !self.seen.is_empty() && self.seen.iter().all(|flag| flag.load(Ordering::Relaxed));
        if all {
            self.seen.iter().for_each(|flag| flag.store(false, Ordering::Relaxed));
        }
        all
    }
}

/// Tells systemd, if it started this daemon.
pub fn tell(states: &[sd_notify::NotifyState<'_>]) {
    // Without systemd nobody listens, and nothing is lost.
    let _ = sd_notify::notify(states);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watchdog_is_fed_when_every_loop_has_come_round() {
        let watchdog = Watchdog::new(2);
        watchdog.alive(0);
        assert!(!watchdog.round(), "one of two");
        watchdog.seen[1].store(true, Ordering::Relaxed);
        assert!(watchdog.round());
        assert!(!watchdog.round(), "and from the beginning");
        assert!(!Watchdog::new(0).round());
    }
}
