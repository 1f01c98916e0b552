//! Mails as channels compose them.

use super::part::Part;

/// How the connection to a mail server is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte.
    Tls,
    /// TLS by STARTTLS. If the server does not offer it, nothing is sent.
    StartTls,
    /// No TLS.
    Plain,
}

/// User and password for a mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailLogin {
    /// The user.
    pub user: Vec<Part>,
    /// The password.
    pub password: Vec<Part>,
}

/// A mail in plain text. Only `text` may contain line breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The server's host. It must still be on the operator's allow-list.
    pub server: String,
    /// The server's port.
    pub port: u16,
    /// How the connection is secured.
    pub security: MailSecurity,
    /// User and password, if the server wants them.
    pub login: Option<MailLogin>,
    /// The sender's address.
    pub sender: String,
    /// The recipients' addresses.
    pub recipients: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The mail's Message-ID.
    pub message_id: String,
    /// The Message-ID of the mail that began the thread, or empty.
    pub in_reply_to: String,
}
