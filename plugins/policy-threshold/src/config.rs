//! The settings, and how they are read.

use dogwatch_sdk::Reader;
use dogwatch_sdk::policy::Succession;

/// The parsed settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How many own slots must be missed in a row.
    pub misses: u32,
    /// Who takes over.
    pub succession: Succession,
}

impl Config {
    pub(crate) fn read(read: &mut Reader<'_>) -> Self {
        Self {
            misses: read.integer("misses", "Own slots missed in a row that make it switch.").range(1..=50).or(2),
            succession: Succession::read(read),
        }
    }
}
