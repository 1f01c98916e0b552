//! The clock by which calls are stopped. It ticks only while one runs: an idle daemon is not woken a hundred times a
//! second.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

/// How often running calls are looked at.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Ends with the last clone.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    running: Arc<AtomicUsize>,
    /// Has room for one: whoever is woken looks at `running`.
    waker: SyncSender<()>,
}

/// A call that runs. The clock ticks until it is dropped.
#[derive(Debug)]
pub(crate) struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Clock {
    /// Starts the thread that ticks.
    pub(crate) fn start(engine: &Engine) -> Result<Self, io::Error> {
        let running = Arc::new(AtomicUsize::new(0));
        let (waker, woken) = sync_channel(1);
        let (weak, counted) = (engine.weak(), Arc::clone(&running));
        thread::Builder::new().name("plugin-clock".to_owned()).spawn(move || tick(&weak, &counted, &woken))?;
        Ok(Self { running, waker })
    }

    /// A call begins.
    pub(crate) fn run(&self) -> Running {
        if self.running.fetch_add(1, Ordering::SeqCst) == 0 {
            // Full: it is about to wake, and will see this call.
            let _ = self.waker.try_send(());
        }
        Running(Arc::clone(&self.running))
    }
}

/// At least so much time; a tick may come at once.
pub(crate) fn ticks(time: Duration) -> u64 {
    let ticks = time.as_millis().div_ceil(TICK.as_millis());
    u64::try_from(ticks).unwrap_or(u64::MAX / 2).saturating_add(1)
}

/// Ticks while calls run, and rests while none does, until the last clock is gone. Calls that follow one another
/// closely find it ticking: only a call after a rest has to wake it.
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

    fn parts() -> (Clock, Receiver<()>) {
        let (waker, woken) = sync_channel(1);
        (Clock { running: Arc::default(), waker }, woken)
    }

    #[test]
    fn wakes_once_for_calls_at_once_and_ends_with_the_last_clock() {
        let (clock, woken) = parts();
        let (first, second) = (clock.run(), clock.run());
        assert_eq!(clock.running.load(Ordering::SeqCst), 2);
        assert!(woken.try_recv().is_ok());
        assert!(woken.try_recv().is_err(), "the second call finds it awake");
        drop((first, second));
        assert_eq!(clock.running.load(Ordering::SeqCst), 0);
        // Two calls before it wakes leave one wake-up behind.
        drop(clock.run());
        let third = clock.run();
        assert!(woken.try_recv().is_ok());
        assert!(woken.try_recv().is_err());
        drop((third, clock));
        assert!(woken.recv().is_err());
    }

    #[test]
    fn ticks_while_a_call_runs_and_ends_with_the_last_clock() {
        let engine = Engine::default();
        let (clock, woken) = parts();
        let (weak, counted) = (engine.weak(), Arc::clone(&clock.running));
        let thread = thread::spawn(move || tick(&weak, &counted, &woken));
        drop(clock.run());
        let call = clock.run();
        thread::sleep(TICK);
        drop((call, clock));
        thread.join().unwrap();
    }

    #[test]
    fn ends_with_the_engine() {
        let engine = Engine::default();
        let (clock, woken) = parts();
        let _call = clock.run();
        let (weak, counted) = (engine.weak(), Arc::clone(&clock.running));
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
