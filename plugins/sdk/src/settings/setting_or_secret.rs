//! Texts that are a setting or a secret.

use crate::channel_types::{Encoding, Part};

/// A text that the operator writes as a setting, or keeps as a secret of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingOrSecret {
    /// It is this setting.
    Setting(String),
    /// It is the secret with that name.
    Secret(&'static str),
}

impl SettingOrSecret {
    /// The text as a part of a request: a setting as it was written, a secret in this encoding.
    #[must_use]
    pub fn part(&self, encoding: Encoding) -> Part {
        match self {
            Self::Setting(text) => Part::from(text.as_str()),
            Self::Secret(name) => Part::encoded_secret(*name, encoding),
        }
    }
}
