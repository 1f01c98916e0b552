//! A mail server that takes mails from a client: strict about the protocol and about what a mail is, and able to refuse,
//! drop and hang at any step to order.

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
    /// By STARTTLS, without which nothing is taken.
    StartTls,
    /// Not at all; STARTTLS is not even offered.
    Plain,
}

/// What the server wants and takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How connections are protected.
    pub security: Security,
    /// The user and password without whom nothing is taken, if somebody has to log in.
    pub login: Option<(String, String)>,
    /// The mailboxes that there are; empty for any.
    pub mailboxes: BTreeSet<String>,
    /// The addresses that may send; empty for any.
    pub senders: BTreeSet<String>,
    /// The largest mail, in bytes.
    pub size: usize,
}

impl Options {
    /// Open to everybody, for mails of up to a mebibyte.
    pub fn new(security: Security) -> Self {
        let (mailboxes, senders) = (BTreeSet::new(), BTreeSet::new());
        Self { security, login: None, mailboxes, senders, size: 1024 * 1024 }
    }
}

/// A step of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The server's first line.
    Greeting,
    /// `EHLO`.
    Hello,
    /// `STARTTLS`.
    StartTls,
    /// `AUTH`, when the password is there.
    Login,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`.
    Data,
    /// The mail itself, when its last line is there.
    Message,
}

/// What becomes of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The server replies with that code and text instead. After 421 it hangs up.
    Reply(u16, String),
    /// The connection ends without a reply; a mail is not kept.
    Drop,
    /// What was asked is done, and the connection ends without a reply: a mail is kept.
    DropAfter,
    /// The reply comes, late.
    Delay(Duration),
    /// No reply comes.
    Hang,
}

/// A fault of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFault {
    /// At which step; at its first occurrence.
    pub step: Step,
    /// What becomes of it.
    pub trouble: Trouble,
}

impl MailFault {
    /// A fault.
    pub const fn new(step: Step, trouble: Trouble) -> Self {
        Self { step, trouble }
    }

    /// A reply instead of the usual one.
    pub fn reply(step: Step, code: u16, text: &str) -> Self {
        Self::new(step, Trouble::Reply(code, text.to_owned()))
    }
}

/// What is known of the sessions.
#[derive(Debug)]
struct State {
    options: Options,
    mails: Vec<Mail>,
    commands: Vec<Vec<String>>,
    faults: VecDeque<Option<MailFault>>,
}

/// A mail server that runs.
#[derive(Debug)]
pub struct Smtp {
    port: u16,
    state: Arc<Mutex<State>>,
    _tasks: JoinSet<()>,
}

impl Smtp {
    /// Starts it on loopback, with a certificate for `localhost`.
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

    /// The port, at `localhost`.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `localhost:…`
    pub fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// The mails that were taken, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.state).mails.clone()
    }

    /// What each session was told, in the order of their begin; passwords are left out.
    pub fn commands(&self) -> Vec<Vec<String>> {
        lock(&self.state).commands.clone()
    }

    /// Orders faults for the next sessions, one each; `None` lets one pass.
    pub fn order(&self, faults: impl IntoIterator<Item = Option<MailFault>>) {
        lock(&self.state).faults.extend(faults);
    }

    /// Changes what the server wants and takes, from the next session on.
    pub fn change(&self, work: impl FnOnce(&mut Options)) {
        work(&mut lock(&self.state).options);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
