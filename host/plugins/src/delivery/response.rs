//! What a service answers, and what the channel makes of it.

use std::time::Duration;

/// A service's response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelResponse {
    /// The HTTP status, or the SMTP reply code.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body; the channel sees its first 64 KiB.
    pub body: Vec<u8>,
}

/// What a response means for the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// A human has it, or the service says that it will reach one.
    Delivered,
    /// The service accepted it; the text is a receipt.
    Accepted(String),
    /// The service accepted it, and can be asked later what became of it.
    Follow(FollowUp),
    /// It failed as it was sent, and may work with this text in the channel's memory.
    Remember(String),
    /// The service asks to wait this long and try again.
    RetryAfter(Duration),
    /// It failed and may work later, with the reason.
    Transient(String),
    /// It failed and will fail again until the operator changes something, with the reason.
    Permanent(String),
}

/// A message about which the service can be asked later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowUp {
    /// The service's name for the message.
    pub receipt: String,
    /// How long to wait before asking for the first time.
    pub after: Duration,
    /// Whether the message counts as delivered already.
    pub reached: Reached,
}

/// Whether a message that is followed up counts as delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Yes; only its acknowledgement is outstanding.
    Yes,
    /// Not yet; this is what the service is asked.
    NotYet,
}

/// What became of a message that is followed up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Unknown so far: ask again after this long.
    Waiting(Duration),
    /// A human acknowledged it; the text names them, or is empty.
    Acknowledged(String),
    /// It reached a human, or has run its course.
    Over,
    /// It reached nobody and should be sent again, with the reason.
    Unreached(String),
    /// It reached nobody and will not until the operator changes something, with the reason.
    Permanent(String),
}
