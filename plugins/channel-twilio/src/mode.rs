//! Calls or text messages.

/// How the human hears of an alert.
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
