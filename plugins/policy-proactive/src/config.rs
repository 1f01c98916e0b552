//! The settings, and how they are read.

use dogwatch_sdk::Reader;

/// The parsed settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How many own slots must be missed in a row while the node looks well.
    pub misses: u32,
    /// How many while its probes are bad.
    pub misses_when_unfit: u32,
    /// For how many rounds a node that failed is the last choice.
    pub window_rounds: u32,
    /// What to do when no node is left.
    pub when_exhausted: WhenExhausted,
}

/// What to do when the present node fails and no other one is fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenExhausted {
    /// Page the operator, and let the witness go on missing blocks.
    Page,
    /// Disable the witness: it stops missing blocks, and the operator enables it again.
    Disable,
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
            window_rounds: read
                .integer("window-rounds", "Rounds for which a node that failed is the last choice.")
                .range(1..=10_000)
                .or(10),
            when_exhausted: if read
                .flag("disable-when-exhausted", "Disable the witness when its node fails and no other is fit.")
                .or(false)
            {
                WhenExhausted::Disable
            } else {
                WhenExhausted::Page
            },
        }
    }
}
