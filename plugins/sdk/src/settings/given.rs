//! Values that are a setting or a secret.

use crate::channel::{Encoding, Part};

/// A text that the operator gives as a setting, or as a secret of the same name where nobody may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// It is this setting.
    Setting(String),
    /// It is the secret with that name.
    Secret(&'static str),
}

impl Given {
    /// The text as a part of a request: a setting as it was written, a secret in that encoding.
    #[must_use]
    pub fn part(&self, encoding: Encoding) -> Part {
        match self {
            Self::Setting(text) => Part::from(text.as_str()),
            Self::Secret(name) => Part::encoded_secret(*name, encoding),
        }
    }
}
