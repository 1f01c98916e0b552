//! What a project is to be, and in which language.

/// What kind of plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It decides when the key moves.
    Policy,
    /// It delivers alerts.
    Channel,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Policy, Self::Channel];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Channel => "channel",
        }
    }
}

/// A language that plugins are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Compiled by cargo, with the SDK.
    Rust,
    /// Compiled by componentize-py.
    Python,
    /// Compiled by componentize-js.
    JavaScript,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rust, Self::Python, Self::JavaScript];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::JavaScript => "js",
        }
    }
}
