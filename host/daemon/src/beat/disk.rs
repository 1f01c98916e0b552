//! The free space of the node's disk. It is looked at on a thread of its own: a disk that hangs, as one over a network does, keeps
//! no beat waiting.

use std::time::Duration;

use tokio::sync::watch;

use crate::beat::BeatError;
use crate::config::Disk;

/// Looks that often, for as long as anybody wants to know how little is left, if it is too little.
pub(super) fn watch(disk: Disk, every: Duration) -> watch::Receiver<Option<u64>> {
    look_again(every, move || low(&disk))
}

fn look_again(
    every: Duration,
    mut look: impl FnMut() -> Result<Option<u64>, BeatError> + Send + 'static,
) -> watch::Receiver<Option<u64>> {
    let (sender, receiver) = watch::channel(None);
    let mut works = true;
    let job = move || {
        while !sender.is_closed() {
            let seen = look();
            if let Err(error) = &seen
                && works
            {
                tracing::warn!(%error, "the disk is not watched until that works");
            }
            works = seen.is_ok();
            sender.send_replace(seen.unwrap_or(None));
            std::thread::sleep(every);
        }
    };
    // What else there is to tell does not depend on it. Nobody waits for the thread, which may never come back.
    if let Err(error) = std::thread::Builder::new().name("disk".to_owned()).spawn(job) {
        tracing::warn!(%error, "the disk is not watched: no thread could be started");
    }
    receiver
}

/// The free space of a disk, if it is too little.
pub(super) fn low(disk: &Disk) -> Result<Option<u64>, BeatError> {
    let failed = |error: rustix::io::Errno| BeatError::Disk { path: disk.path.clone(), error: error.into() };
    let space = rustix::fs::statvfs(&disk.path).map_err(failed)?;
    Ok(Some(space.f_bavail.saturating_mul(space.f_frsize)).filter(|free| *free < disk.least))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_disk_that_hangs_keeps_nobody_waiting() {
        let (answer, answers) = mpsc::channel();
        let mut space = look_again(Duration::ZERO, move || Ok(answers.recv().unwrap_or(None)));
        assert_eq!(*space.borrow_and_update(), None, "nothing is known yet");
        answer.send(Some(7)).unwrap();
        space.changed().await.unwrap();
        assert_eq!(*space.borrow_and_update(), Some(7));
    }
}
