//! The settings, and how they are read.

use dogwatch_sdk::Reader;
use dogwatch_sdk::policy::Succession;

/// The parsed settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How many own slots must be missed in a row while the node looks well.
    pub misses: u32,
    /// How many while its probes are bad.
    pub misses_when_unfit: u32,
    /// How many slots before the next own slot a switch that is no proven need is made.
    pub slots_ahead: u32,
    /// Who takes over.
    pub succession: Succession,
}

impl Config {
    pub(crate) fn read(read: &mut Reader<'_>) -> Self {
        Self {
            misses: read
                .integer("misses", "Own slots missed in a row that make it switch while the node's probes are good.")
                .range(1..=50)
                .or(2),
            misses_when_unfit: read
                .integer("misses-when-unfit", "The same while the node's probes are bad.")
                .range(1..=50)
                .or(1),
            slots_ahead: read
                .integer(
                    "slots-ahead",
                    "Without proof it waits while the next own slot is further off than so many slots.",
                )
                .range(3..=1000)
                .or(10),
            succession: Succession::read(read),
        }
    }
}
