//! Nights in virtual time: a seeded world in which anything fails, the real decision core in it, and what must hold.
//!
//! A [`Night`] is data: the world it begins in, and what goes wrong when. [`draw`] draws one from a seed, [`play`] plays
//! it, [`shrink`] finds the fewest faults that still break a rule, and [`picture`] shows it slot by slot. What decides is
//! the real thing: the engine's tracker, watch and rails, the alert desk, and the bundled policy.
//!
//! ```
//! let night = dogwatch_sim::draw(7);
//! let outcome = dogwatch_sim::play(&night, &dogwatch_sim::Natively)?;
//! assert_eq!(outcome.violation, None);
//! # Ok::<(), dogwatch_sim::NightError>(())
//! ```
#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers of a model; overflow is checked, and a panic fails the night"
)]

mod chain;
mod check;
mod crash;
mod endpoint;
mod fault;
mod night;
mod node;
mod picture;
mod play;
mod quiet;
mod shrink;
mod site;
mod world;

pub use check::{Rule, Violation};
pub use crash::{Beats, CRASHES, Crash, CrashKind, Rescue};
pub use fault::{CATALOGUE, Drawn, FaultKind, draw, draw_with};
pub use night::{ChainRules, Night, NightError, NightFault, SiteSetup};
pub use picture::picture;
pub use play::{Natively, NightOutcome, Policies, play, play_slots, slot_begins};
pub use quiet::{QuietCost, QuietDay};
pub use shrink::shrink;
pub use site::policy::{Decide, PolicyChoice};
