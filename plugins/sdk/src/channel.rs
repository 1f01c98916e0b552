//! Channels: how an alert reaches a human.

pub use crate::bindings::channel_v0_1::dogwatch::channel::types::{
    Alert, Encoding, Event, Header, Judgement, Method, Part, Request, Response, ResponseHeader, Secret, Severity,
};
use crate::settings::{Reader, Settings};

/// An alert channel.
///
/// It does nothing itself: it says which requests deliver an alert, and judges the answers. The host checks the
/// requests, puts the secrets in and sends them.
pub trait Channel {
    /// Its name.
    const NAME: &'static str;
    /// Its version: `env!("CARGO_PKG_VERSION")`.
    const VERSION: &'static str;
    /// What it does, in one sentence.
    const ABOUT: &'static str;
    /// The settings and secrets, as the channel wants them.
    type Config;

    /// Reads the settings and asks which secrets there are. The documentation and the defaults come from here too.
    fn configure(read: &mut Reader<'_>) -> Self::Config;

    /// The requests that deliver an alert, in the order in which they are sent. None: nothing has to be said.
    fn compose(config: &Self::Config, alert: &Alert) -> Result<Vec<Request>, String>;

    /// Judges the answer to the request with that index. Unless told otherwise, by the HTTP status.
    fn judge(settings: &Settings, alert: &Alert, index: u32, response: &Response) -> Judgement {
        let _ = (settings, alert, index);
        crate::http::judge(response)
    }
}

impl Part {
    /// A secret, as it is.
    pub fn secret(name: impl Into<String>) -> Self {
        Self::encoded_secret(name, Encoding::Plain)
    }

    /// A secret, written so that it fits its surroundings.
    pub fn encoded_secret(name: impl Into<String>, encoding: Encoding) -> Self {
        Self::Secret(Secret { name: name.into(), encoding })
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Header {
    /// A header whose value holds no secret.
    pub fn plain(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: vec![Part::Text(value.into())] }
    }
}

impl Event {
    /// The event's name, as messages carry it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Updated => "updated",
            Self::Resolved => "resolved",
        }
    }
}

impl Severity {
    /// The severity's name, as messages carry it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Page => "page",
        }
    }
}
