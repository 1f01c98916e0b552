//! Work on all cores.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::TrialError;

/// Does that for each of so many numbers.
pub(crate) fn on_all_cores(count: u64, play: impl Fn(u64) -> Result<(), TrialError> + Sync) -> Result<(), TrialError> {
    let next = AtomicU64::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let worker = || loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(());
        }
        play(number)?;
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or(Err(TrialError::Panicked)))
    })
}
