//! What a mail server requires and accepts.

use std::collections::BTreeSet;

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
