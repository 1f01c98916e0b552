//! What can go wrong: a catalogue of kinds, as data.

mod catalogue;
mod draw;
pub(crate) mod effect;

use crate::fault::effect::Effect;

pub use catalogue::CATALOGUE;
pub use draw::{Drawn, draw, draw_with};

/// A kind of fault.
#[derive(Clone, Copy, Debug)]
pub struct FaultKind {
    /// Its name, as night files and `--fault` have it.
    pub name: &'static str,
    /// What happens, in one line.
    pub about: &'static str,
    /// What it does to the world, for an amount.
    pub(crate) effect: fn(u32) -> Effect,
    /// The least and the greatest amount that is drawn.
    pub amounts: (u32, u32),
    /// The least and the greatest number of slots that it lasts; none for what is done at once.
    pub(crate) lasts: Option<(u64, u64)>,
}

impl FaultKind {
    /// The kind of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        CATALOGUE.iter().find(|kind| kind.name == name)
    }
}
