//! Liveness: the decision loops report each cycle, for heartbeats and systemd's watchdog.
//!
//! A watchdog or a dead man's switch fed by a timer only proves that a timer runs. These are fed by the decision loops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dogwatch_rpc::Uptime;
use tokio::sync::watch;

/// What one loop did last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cycle {
    /// When a cycle was last completed: endpoints read, witnesses checked, policies asked, state on disk.
    pub completed: Option<Uptime>,
    /// What keeps the loop from doing its work, if anything does.
    pub trouble: Option<String>,
}

/// A decision loop's end: it reports here.
#[derive(Clone, Debug)]
pub struct CycleReporter {
    index: usize,
    cycle: watch::Sender<Cycle>,
    watchdog: Watchdog,
}

impl CycleReporter {
    /// Reports that the loop is alive.
    pub fn alive(&self) {
        self.watchdog.alive(self.index);
    }

    /// Reports a complete cycle.
    pub fn completed(&self, now: Uptime, trouble: Option<String>) {
        self.cycle.send_replace(Cycle { completed: Some(now), trouble });
    }
}

/// A chain's loop, as others see it.
#[derive(Clone, Debug)]
pub struct LoopMonitor {
    /// The chain's name.
    pub chain: String,
    /// How old the last completed cycle may be.
    pub patience: std::time::Duration,
    /// What it did last.
    pub cycle: watch::Receiver<Cycle>,
}

/// A reporter and a monitor for the loop of each chain, given with its slot time.
pub fn monitors(
    chains: &[(String, std::time::Duration)],
    watchdog: &Watchdog,
) -> (Vec<CycleReporter>, Vec<LoopMonitor>) {
    let each = chains.iter().enumerate().map(|(index, (chain, slot))| {
        let (sender, cycle) = watch::channel(Cycle::default());
        let pulse = CycleReporter { index, cycle: sender, watchdog: watchdog.clone() };
        (pulse, LoopMonitor { chain: chain.clone(), patience: slot.saturating_mul(PATIENCE_SLOTS), cycle })
    });
    each.unzip()
}

/// How many slots a cycle may take: there is one per block, or per wait for a block that is late.
const PATIENCE_SLOTS: u32 = 10;

/// systemd's watchdog, fed once every loop has reported since the last time.
#[derive(Clone, Debug)]
pub struct Watchdog {
    seen: Arc<Vec<AtomicBool>>,
}

impl Watchdog {
    /// A watchdog for this many loops.
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

    /// Whether every loop has reported. If so, the next round begins.
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
    // Without systemd nobody listens; the error does not matter.
    let _ = sd_notify::notify(states);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watchdog_is_fed_when_every_loop_has_reported() {
        let watchdog = Watchdog::new(2);
        watchdog.alive(0);
        assert!(!watchdog.round(), "one of two");
        watchdog.seen[1].store(true, Ordering::Relaxed);
        assert!(watchdog.round());
        assert!(!watchdog.round(), "the next round has begun");
        assert!(!Watchdog::new(0).round());
    }
}
