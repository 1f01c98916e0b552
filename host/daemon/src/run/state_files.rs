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

/// How long to wait before a disk that takes nothing is tried again: each try writes until it is full.
const RETRY: Duration = Duration::from_secs(5);

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

    /// Listens anew if the path no longer leads to the socket. Returns whether it once did.
    fn listen_anew(&mut self) -> std::io::Result<bool> {
        if self.file.is_some() && FileIdentity::at(&self.path) == self.file {
            return Ok(false);
        }
        let before = self.file;
        self.answer(server::listen(&self.path)?);
        Ok(before.is_some())
    }
}

impl StateFiles {
    /// Answers on the control socket, and makes anew what is removed, for as long as the daemon runs.
    pub(super) async fn keep(self, listener: Option<UnixListener>) {
        let path = socket_path(&self.config.state_dir);
        let mut socket = ControlSocket { path, control: self.control.clone(), answering: JoinSet::new(), file: None };
        if let Some(listener) = listener {
            socket.answer(listener);
        }
        let slots = self.config.chains.iter().map(|chain| chain.profile.block_interval);
        let mut looks = tokio::time::interval(slots.min().unwrap_or(LOOK).min(LOOK));
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut removed_at: Option<Time> = None;
        let mut retry_at: Option<Time> = None;
        let mut first_look = true;
        loop {
            looks.tick().await;
            let now = self.desk.clock.now();
            let removed = self.make_anew(now, &mut socket, &mut retry_at).await;
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
    async fn make_anew(&self, now: Time, socket: &mut ControlSocket, retry_at: &mut Option<Time>) -> Vec<&'static str> {
        let mut removed = self.store_anew(now, retry_at).await;
        match socket.listen_anew() {
            Ok(true) => removed.push("the control socket"),
            Ok(false) => {}
            Err(error) => tracing::debug!(site = self.config.site, %error, "the control socket cannot be opened"),
        }
        if !removed.is_empty() {
            Journal::open(&self.config.state_dir).goes_on(now);
        }
        removed
    }

    async fn store_anew(&self, now: Time, retry_at: &mut Option<Time>) -> Vec<&'static str> {
        if retry_at.is_some_and(|at| now < at && at.since(now) <= RETRY) {
            return Vec::new();
        }
        let was_in_place = self.desk.store.is_in_place();
        match self.desk.store.make_anew().await {
            Ok(removed) => {
                *retry_at = None;
                if !was_in_place {
                    self.store_failure.over(now);
                }
                removed
            }
            Err(error) => {
                if was_in_place {
                    tracing::error!(site = self.config.site, %error, "the state directory cannot be written");
                }
                *retry_at = Some(now.plus(RETRY));
                self.store_failure.raise(now, &error.to_string());
                Vec::new()
            }
        }
    }

    async fn report(&self, report: dogwatch_alerts::AlertReport) {
        if let Err(error) = self.desk.report(report).await {
            tracing::error!(site = self.config.site, %error, "an alert could not be stored");
        }
    }
}
