//! The message that a channel is to deliver, and what the channel has to work with.

use dogwatch_alerts::Alert;

use crate::settings::Settings;

/// What a channel has to work with when it composes requests.
#[derive(Clone, Copy, Debug)]
pub struct ChannelContext<'a> {
    /// Its settings.
    pub settings: &'a Settings,
    /// The names of the configured secrets.
    pub secrets: &'a [String],
    /// The text of its last [`Judgement::Remember`](crate::Judgement::Remember), or empty.
    pub memory: &'a str,
}

/// What a message carries besides the alert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageMetadata {
    /// Identifies this message; a message that is sent again keeps its id.
    pub message_id: String,
    /// The site at which this daemon runs.
    pub site: String,
}

/// An alert as one message.
#[derive(Clone, Copy, Debug)]
pub struct AlertMessage<'a> {
    /// The alert.
    pub alert: &'a Alert,
    /// The rest of the message.
    pub metadata: &'a MessageMetadata,
}
