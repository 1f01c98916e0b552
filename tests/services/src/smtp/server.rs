//! A running mail server.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;

use super::fault::MailFault;
use super::mail::Mail;
use super::options::Options;
use super::session;
use super::state::{MailState, lock};
use crate::server::listen;
use crate::tls::Authority;

/// A running mail server.
#[derive(Debug)]
pub struct Smtp {
    port: u16,
    state: Arc<Mutex<MailState>>,
    _tasks: JoinSet<()>,
}

impl Smtp {
    /// Starts the server on loopback, with a certificate for `localhost`.
    ///
    /// # Errors
    ///
    /// No port of loopback can be bound.
    pub async fn start(options: Options, authority: &Authority) -> std::io::Result<Self> {
        let (mails, commands, faults) = (Vec::new(), Vec::new(), VecDeque::new());
        let state = Arc::new(Mutex::new(MailState { options, mails, commands, faults }));
        let (acceptor, shared) = (authority.acceptor(), Arc::clone(&state));
        let serve = move |stream| {
            let (acceptor, state) = (acceptor.clone(), Arc::clone(&shared));
            async move { session::serve(stream, &acceptor, &state).await }
        };
        let (port, tasks) = listen(serve).await?;
        Ok(Self { port, state, _tasks: tasks })
    }

    /// The port on `localhost`.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `localhost:…`
    pub fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// The accepted mails, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.state).mails.clone()
    }

    /// The commands of each session, in the order in which they began, without passwords.
    pub fn commands(&self) -> Vec<Vec<String>> {
        lock(&self.state).commands.clone()
    }

    /// Queues faults for the next sessions, one each. `None` lets one pass.
    pub fn order(&self, faults: impl IntoIterator<Item = Option<MailFault>>) {
        lock(&self.state).faults.extend(faults);
    }

    /// Changes what the server requires and accepts, from the next session on.
    pub fn change(&self, work: impl FnOnce(&mut Options)) {
        work(&mut lock(&self.state).options);
    }
}
