//! Moves the key before a block is lost, where a node is proven dead; otherwise as soon as the evidence suffices.
//!
//! - The node's process has ended, or stands still as its own machine says: now.
//! - It missed a slot, and its probes are bad: after the first miss.
//! - It missed slots, and its probes are good: after the second one.
//!
//! While the chain itself is in trouble, or cannot be seen, it holds: no switch helps then, and the host would refuse one.
//! The policy needs no memory: everything is in the situation.

mod config;
mod rule;

use dogwatch_sdk::policy::{Decision, Situation};
use dogwatch_sdk::{Policy, Reader};

pub use config::Config;

/// The proactive policy.
#[derive(Debug)]
pub struct Proactive;

impl Policy for Proactive {
    const NAME: &'static str = "proactive";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Switches when the node is proven dead, before it misses; otherwise on misses.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        Config::read(read)
    }

    fn decide(config: &Config, situation: &Situation, memory: &[u8]) -> Result<Decision, String> {
        Ok(rule::decide(config, situation, memory))
    }
}

dogwatch_sdk::export_policy!(Proactive);
