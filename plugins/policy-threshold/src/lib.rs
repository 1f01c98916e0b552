//! The classic rule of witness failover: after a number of missed blocks in a row, move the key to the next fit node.
//!
//! Only what happened under the present key counts: own slots whose block is missing although the chain went on, since
//! the key changed or last signed a block. The policy needs no memory: everything is in the situation.

mod config;
mod rule;

use dogwatch_sdk::policy::{Decision, Situation};
use dogwatch_sdk::{Policy, Reader};

pub use config::Config;

/// The threshold policy.
#[derive(Debug)]
pub struct Threshold;

impl Policy for Threshold {
    const NAME: &'static str = "threshold";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Switches to the next fit node after a number of missed blocks in a row.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        Config::read(read)
    }

    fn decide(config: &Config, situation: &Situation, memory: &[u8]) -> Result<Decision, String> {
        Ok(rule::decide(config, situation, memory))
    }
}

dogwatch_sdk::export_policy!(Threshold);
