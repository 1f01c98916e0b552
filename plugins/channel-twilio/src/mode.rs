//! Calls or text messages.

/// How an alert reaches the human.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By a call, in which the alert is spoken.
    Voice,
    /// By a text message.
    Sms,
}

impl Mode {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        match text {
            "voice" => Ok(Self::Voice),
            "sms" => Ok(Self::Sms),
            _ => Err(format!("must be \"voice\" or \"sms\", found {text:?}")),
        }
    }
}
