//! Signals that would end the daemon without a word, and must not.

use tokio::signal::unix::{Signal, SignalKind, signal};

const RELOAD: &str = "the configuration is read at the start only: restart Dogwatch to apply changes";
const IGNORED: &str = "Dogwatch ignores it; TERM and INT stop it";

/// From now on these signals are logged and ignored, for as long as the process lives.
///
/// # Errors
///
/// If the handlers cannot be installed.
pub fn ignore() -> std::io::Result<()> {
    let signals = [
        ("HUP", SignalKind::hangup(), RELOAD),
        ("USR1", SignalKind::user_defined1(), IGNORED),
        ("USR2", SignalKind::user_defined2(), IGNORED),
        ("ALRM", SignalKind::alarm(), IGNORED),
        ("IO", SignalKind::io(), IGNORED),
    ];
    for (name, kind, meaning) in signals {
        tokio::spawn(log(signal(kind)?, name, meaning));
    }
    Ok(())
}

async fn log(mut signals: Signal, name: &'static str, meaning: &'static str) {
    while signals.recv().await.is_some() {
        tracing::warn!(signal = name, "{meaning}");
    }
}
