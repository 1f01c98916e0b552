//! What a signal does to a command that moves the key: nothing is left half done.

use std::io::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dogwatch_client::Failure;
use tokio::signal::unix::{SignalKind, signal};

/// Whether a move of the key is on its way and not proven yet, as the command that ordered it says.
#[derive(Clone, Debug, Default)]
pub(super) struct UnderWay(Arc<AtomicBool>);

impl UnderWay {
    pub(super) fn begins(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn ends(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    pub(super) fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Does the work. A signal ends it at once, but not while a move of the key is under way: then only the second one does, and a
/// terminal that goes away does not.
pub(super) async fn guard<F>(work: impl FnOnce(UnderWay) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let listen = |kind| signal(kind).map_err(Failure::other);
    let mut hangup = listen(SignalKind::hangup())?;
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let under_way = UnderWay::default();
    let mut work = pin!(work(under_way.clone()));
    let mut told = false;
    loop {
        let hung_up = tokio::select! {
            done = &mut work => return done,
            _ = hangup.recv() => true,
            _ = interrupt.recv() => false,
            _ = terminate.recv() => false,
        };
        if !under_way.is_so() {
            return Err(Failure::other("stopped by a signal. No move of the key is under way"));
        }
        if hung_up {
            continue;
        }
        if told {
            return Err(Failure::other(
                "stopped by a signal while a move of the key was under way: the daemon goes on with it, and moves the key back \
                 if the new node misses its first block. Look: dogwatch status",
            ));
        }
        told = true;
        // The terminal may be gone.
        let _ = writeln!(
            std::io::stderr(),
            "A move of the key is under way: this goes on until it is proven or taken back. Interrupt it again to leave that \
             to the daemon."
        );
    }
}
