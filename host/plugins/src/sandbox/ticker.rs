//! The ticks by which calls that overrun their time are stopped. They come only while a call runs: an idle daemon is
//! not woken a hundred times a second.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

/// How often the epoch advances while calls run.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Advances the engine's epoch. Its thread ends with the last clone.
#[derive(Clone, Debug)]
pub(crate) struct EpochTicker {
    running: Arc<AtomicUsize>,
    /// Has room for one wake-up: the thread that is woken looks at `running`.
    waker: SyncSender<()>,
}

/// A call that runs. The epoch ticks until it is dropped.
#[derive(Debug)]
#[cfg_attr(test, derive(Default))]
pub(crate) struct TickGuard(Arc<AtomicUsize>);

impl Drop for TickGuard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl EpochTicker {
    /// Starts the thread that ticks.
    pub(crate) fn start(engine: &Engine) -> Result<Self, io::Error> {
        let running = Arc::new(AtomicUsize::new(0));
        let (waker, woken) = sync_channel(1);
        let (weak, counted) = (engine.weak(), Arc::clone(&running));
        thread::Builder::new().name("plugin-clock".to_owned()).spawn(move || tick(&weak, &counted, &woken))?;
        Ok(Self { running, waker })
    }

    /// Notes that a call begins.
    pub(crate) fn run(&self) -> TickGuard {
        if self.running.fetch_add(1, Ordering::SeqCst) == 0 {
            // If it is full, the thread is about to wake, and will see this call.
            let _ = self.waker.try_send(());
        }
        TickGuard(Arc::clone(&self.running))
    }
}

/// How many ticks last at least this long; the first may come at once.
pub(crate) fn ticks(time: Duration) -> u64 {
    let ticks = time.as_millis().div_ceil(TICK.as_millis());
    u64::try_from(ticks).unwrap_or(u64::MAX / 2).saturating_add(1)
}

/// Ticks while calls run and rests while none does, until the last ticker is gone. Calls in quick succession find it
/// ticking: only a call after a rest has to wake it.
fn tick(engine: &EngineWeak, running: &AtomicUsize, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        loop {
            thread::sleep(TICK);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
            if running.load(Ordering::SeqCst) == 0 {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> (EpochTicker, Receiver<()>) {
        let (waker, woken) = sync_channel(1);
        (EpochTicker { running: Arc::default(), waker }, woken)
    }

    #[test]
    fn wakes_once_for_calls_at_once_and_ends_with_the_last_ticker() {
        let (ticker, woken) = parts();
        let (first, second) = (ticker.run(), ticker.run());
        assert_eq!(ticker.running.load(Ordering::SeqCst), 2);
        assert!(woken.try_recv().is_ok());
        assert!(woken.try_recv().is_err(), "the second call finds it awake");
        drop((first, second));
        assert_eq!(ticker.running.load(Ordering::SeqCst), 0);
        // Two calls before it wakes leave one wake-up behind.
        drop(ticker.run());
        let third = ticker.run();
        assert!(woken.try_recv().is_ok());
        assert!(woken.try_recv().is_err());
        drop((third, ticker));
        assert!(woken.recv().is_err());
    }

    #[test]
    fn ticks_while_a_call_runs_and_ends_with_the_last_ticker() {
        let engine = Engine::default();
        let (ticker, woken) = parts();
        let (weak, counted) = (engine.weak(), Arc::clone(&ticker.running));
        let thread = thread::spawn(move || tick(&weak, &counted, &woken));
        drop(ticker.run());
        let call = ticker.run();
        thread::sleep(TICK);
        drop((call, ticker));
        thread.join().unwrap();
    }

    #[test]
    fn ends_with_the_engine() {
        let engine = Engine::default();
        let (ticker, woken) = parts();
        let _call = ticker.run();
        let (weak, counted) = (engine.weak(), Arc::clone(&ticker.running));
        drop(engine);
        tick(&weak, &counted, &woken);
    }

    #[test]
    fn time_is_rounded_up() {
        assert_eq!(ticks(Duration::from_millis(250)), 26);
        assert_eq!(ticks(Duration::from_millis(1)), 2);
        assert_eq!(ticks(Duration::MAX), u64::MAX / 2 + 1);
    }
}
