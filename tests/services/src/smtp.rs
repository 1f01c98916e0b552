//! A mail server that accepts mail from clients. It is strict about protocol and format, and can refuse, drop and hang
//! at any step on demand.

mod mail;
mod session;
mod stream;

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::Authority;
use crate::server::listen;

pub use mail::Mail;

/// How connections are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// By STARTTLS, which is required.
    StartTls,
    /// Not at all. STARTTLS is not offered.
    Plain,
}

/// What the server requires and accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How connections are protected.
    pub security: Security,
    /// The user and password that clients must log in with, if they must.
    pub login: Option<(String, String)>,
    /// The existing mailboxes; empty for any.
    pub mailboxes: BTreeSet<String>,
    /// The addresses that may send; empty for any address.
    pub senders: BTreeSet<String>,
    /// The largest mail, in bytes.
    pub size: usize,
}

impl Options {
    /// Open to anyone, for mails of up to a mebibyte.
    pub fn new(security: Security) -> Self {
        let (mailboxes, senders) = (BTreeSet::new(), BTreeSet::new());
        Self { security, login: None, mailboxes, senders, size: 1024 * 1024 }
    }
}

/// A step of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The server's greeting.
    Greeting,
    /// `EHLO`.
    Hello,
    /// `STARTTLS`.
    StartTls,
    /// `AUTH`, once the password has been received.
    Login,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`.
    Data,
    /// The mail itself, once its last line has been received.
    Message,
}

/// A fault that a step meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The server replies with this code and text instead. After 421 it hangs up.
    Reply(u16, String),
    /// The connection closes without a reply. The mail is not kept.
    Drop,
    /// The step is done, and the connection closes without a reply. The mail is kept.
    DropAfter,
    /// The reply comes late.
    Delay(Duration),
    /// No reply ever comes.
    Hang,
}

/// A fault of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFault {
    /// The step, at its first occurrence.
    pub step: Step,
    /// What happens at it.
    pub trouble: Trouble,
}

impl MailFault {
    /// A fault at a step.
    pub const fn new(step: Step, trouble: Trouble) -> Self {
        Self { step, trouble }
    }

    /// Another reply at a step.
    pub fn reply(step: Step, code: u16, text: &str) -> Self {
        Self::new(step, Trouble::Reply(code, text.to_owned()))
    }
}

/// What all sessions share.
#[derive(Debug)]
struct State {
    options: Options,
    mails: Vec<Mail>,
    commands: Vec<Vec<String>>,
    faults: VecDeque<Option<MailFault>>,
}

/// A running mail server.
#[derive(Debug)]
pub struct Smtp {
    port: u16,
    state: Arc<Mutex<State>>,
    _tasks: JoinSet<()>,
}

impl Smtp {
    /// Starts the server on loopback, with a certificate for `localhost`.
    pub async fn start(options: Options, authority: &Authority) -> std::io::Result<Self> {
        let (mails, commands, faults) = (Vec::new(), Vec::new(), VecDeque::new());
        let state = Arc::new(Mutex::new(State { options, mails, commands, faults }));
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

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
