//! Faults of a mail server, at any step of a session.

use std::time::Duration;

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
