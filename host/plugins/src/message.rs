//! What a plugin says when it refuses a call.

use std::fmt;

use crate::limits::SENTENCE;
use crate::text::sanitize;

/// A plugin's own words about a call that it refuses: one line of at most 1000 bytes, without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginMessage(String);

impl PluginMessage {
    /// These words, shortened and without control characters.
    pub fn new(text: &str) -> Self {
        Self(sanitize(text, SENTENCE))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PluginMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_short_line() {
        let message = PluginMessage::new(&"a\nb".repeat(1000));
        assert!(message.as_str().len() <= SENTENCE && message.to_string().starts_with("a ba b"), "{message}");
    }
}
