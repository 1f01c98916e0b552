//! Keeps what the daemon has in its state directory: cleaners and slips of the hand remove files of a running daemon.

use std::path::PathBuf;
use std::time::Duration;

use dogwatch_chain::Time;
use dogwatch_client::socket_path;
use tokio::net::UnixListener;
use tokio::task::JoinSet;

use crate::alerts::desk::AlertDesk;
use crate::config::Config;
use crate::control::server::{self, Control};
use crate::fallback::journal::Journal;
use crate::fallback::store_failure::StoreFailureAlert;
use crate::store::FileIdentity;

/// How often to look: at least once a slot.
const LOOK: Duration = Duration::from_secs(1);

/// Once nothing was removed for so long, the alert is over.
const QUIET: Duration = Duration::from_mins(10);

/// Everything that is looked after.
pub(super) struct StateFiles {
    pub(super) config: Config,
    pub(super) desk: AlertDesk,
    pub(super) store_failure: StoreFailureAlert,
    pub(super) control: Control,
}

/// The control socket: who answers on it, and which file it is.
struct ControlSocket {
    path: PathBuf,
    control: Control,
    answering: JoinSet<()>,
    file: Option<FileIdentity>,
}

impl ControlSocket {
    /// Answers on a listener that was opened at the path.
    fn answer(&mut self, listener: UnixListener) {
        self.answering.abort_all();
        self.file = FileIdentity::at(&self.path);
        self.answering.spawn(server::serve(listener, self.control.clone()));
    }

    /// Listens anew if the path no longer leads to the socket. Returns whether it did.
    fn listen_anew(&mut self) -> std::io::Result<bool> {
        if self.file.is_some() && FileIdentity::at(&self.path) == self.file {
            return Ok(false);
        }
        self.answer(server::listen(&self.path)?);
        Ok(true)
    }
}

impl StateFiles {
    /// Answers on the control socket, and makes anew what is removed, for as long as the daemon runs.
    pub(super) async fn keep(self, listener: UnixListener) {
        let path = socket_path(&self.config.state_dir);
        let mut socket = ControlSocket { path, control: self.control.clone(), answering: JoinSet::new(), file: None };
        socket.answer(listener);
        let slots = self.config.chains.iter().map(|chain| chain.profile.block_interval);
        let mut looks = tokio::time::interval(slots.min().unwrap_or(LOOK).min(LOOK));
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut removed_at: Option<Time> = None;
        let mut first_look = true;
        loop {
            looks.tick().await;
            let now = self.desk.clock.now();
            let removed = self.make_anew(now, &mut socket).await;
            if !removed.is_empty() {
                removed_at = Some(now);
                self.report(self.desk.texts().state_removed(&removed)).await;
            }
            let quiet = removed_at.map_or(first_look, |at| now.since(at) >= QUIET || now < at);
            if quiet {
                self.report(self.desk.texts().state_kept()).await;
                removed_at = None;
            }
            first_look = false;
        }
    }

    /// Makes anew what is missing, and returns what that was.
    async fn make_anew(&self, now: Time, socket: &mut ControlSocket) -> Vec<&'static str> {
        let site = &self.config.site;
        let mut removed = match self.desk.store.make_anew().await {
            Ok(removed) => removed,
            Err(error) => {
                tracing::error!(site, %error, "what was removed from the state directory cannot be made anew");
                self.store_failure.raise(now, &error.to_string());
                return Vec::new();
            }
        };
        match socket.listen_anew() {
            Ok(true) => removed.push("the control socket"),
            Ok(false) => {}
            Err(error) => tracing::error!(site, %error, "the control socket cannot be opened"),
        }
        if !removed.is_empty() {
            self.store_failure.over(now);
            Journal::open(&self.config.state_dir).goes_on(now);
        }
        removed
    }

    async fn report(&self, report: dogwatch_alerts::AlertReport) {
        if let Err(error) = self.desk.report(report).await {
            tracing::error!(site = self.config.site, %error, "an alert could not be stored");
        }
    }
}
