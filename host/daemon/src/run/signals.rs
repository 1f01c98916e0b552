//! Signals that would end the daemon without a word, and must not.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

const RELOAD: &str = "Dogwatch looks at the plugin directory now; the configuration is read at the start only: restart Dogwatch to apply \
                      changes to it";
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

/// Rings at each SIGHUP from now on.
pub fn each_hangup(site: &str) -> Arc<Notify> {
    let bell = Arc::new(Notify::new());
    match signal(SignalKind::hangup()) {
        Ok(mut signals) => {
            let rung = Arc::clone(&bell);
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    rung.notify_one();
                }
            });
        }
        // The directory is looked at every few seconds anyway.
        Err(error) => tracing::warn!(site, %error, "SIGHUP does not make Dogwatch look at the plugin directory"),
    }
    bell
}

async fn log(mut signals: Signal, name: &'static str, meaning: &'static str) {
    while signals.recv().await.is_some() {
        tracing::warn!(signal = name, "{meaning}");
    }
}
