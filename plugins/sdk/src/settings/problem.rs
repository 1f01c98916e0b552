//! What is wrong with settings.

use std::fmt;

/// A problem with a setting or secret, worded for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The name of the setting or secret; empty when the problem concerns all of them.
    pub setting: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.setting.as_str() {
            "" => f.write_str(&self.message),
            setting => write!(f, "{setting}: {}", self.message),
        }
    }
}
