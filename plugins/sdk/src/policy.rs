//! Policies: when the signing key moves, and to which node.

mod record;
mod succession;

pub use crate::bindings::policy_v0_2::dogwatch::policy::types::{
    Action, Agreement, Alert, ChainView, Decision, Evidence, Grade, Health, Holder, Mode, NextSlot, Node, Origin,
    Outcome, OwnSlot, PastSwitch, Severity, Situation, Source, SwitchOutcome, Verdict,
};
use crate::settings::reader::Reader;
pub use succession::{Succession, WhenExhausted};

/// A failover policy.
///
/// A pure function: the same settings, situation and memory give the same decision, so whole nights can be replayed.
pub trait Policy {
    /// The name that it reports.
    const NAME: &'static str;
    /// Its version: `env!("CARGO_PKG_VERSION")`.
    const VERSION: &'static str;
    /// What it does, in one sentence.
    const ABOUT: &'static str;
    /// The settings, as the policy uses them.
    type Config;

    /// Reads the settings. Their documentation and defaults come from here too.
    fn configure(read: &mut Reader<'_>) -> Self::Config;

    /// Decides what to do. `memory` comes from the last decision; it is empty at first.
    ///
    /// # Errors
    ///
    /// The policy cannot decide: the text says why. The host stays and raises an alert.
    fn decide(config: &Self::Config, situation: &Situation, memory: &[u8]) -> Result<Decision, String>;

    /// Turns what an older file of this policy kept into the memory that this one begins with. The memory itself must tell which
    /// version it is: its first byte, say. Without this a new file begins with an empty memory.
    ///
    /// # Errors
    ///
    /// The memory is of no use: the text goes to the log, and the file begins with an empty one.
    fn migrate(memory: &[u8]) -> Result<Vec<u8>, String> {
        let _ = memory;
        Ok(Vec::new())
    }
}

impl Decision {
    /// Stays, for this reason, and keeps the memory.
    pub fn stay(reason: impl Into<String>, memory: &[u8]) -> Self {
        Self {
            action: Action::Stay,
            reason: reason.into(),
            alerts: Vec::new(),
            ask_again: None,
            memory: memory.to_vec(),
        }
    }
}
