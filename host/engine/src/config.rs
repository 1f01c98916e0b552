//! The configuration of one witness's watch.

use std::time::Duration;

use dogwatch_chain::{AccountName, Profile, PublicKey};

use crate::health::Damping;
use crate::situation::Mode;

/// The configuration of one witness's watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchConfig {
    /// Where this daemon runs.
    pub site: String,
    /// The chain.
    pub profile: Profile,
    /// The witness.
    pub witness: AccountName,
    /// Its place among the tracker's witnesses.
    pub tracker_index: usize,
    /// Whether Dogwatch may act.
    pub mode: Mode,
    /// The nodes, in the operator's order of preference.
    pub nodes: Vec<NodeConfig>,
    /// The rails.
    pub rails: Rails,
    /// Probes that change a node's health.
    pub damping: Damping,
    /// Time that a switch has to get into a block.
    pub expiration: Duration,
    /// Whether the key goes back by itself.
    pub failback: Failback,
}

/// Whether the key goes back by itself to a node that failed and is well again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failback {
    /// An operator moves it.
    Manual,
    /// It goes back once the node has been fit, and another one has stood in, for this long.
    After(Duration),
}

/// A node of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeConfig {
    /// The operator's name for it.
    pub name: String,
    /// The signing key it produces with.
    pub key: PublicKey,
    /// Whether its private key is loaded.
    pub signing: Signing,
    /// Whether it is probed.
    pub probing: Probing,
    /// Whether its own machine tells of it.
    pub beats: Beats,
    /// Whether it may be switched to without a probe.
    pub unprobed: Unprobed,
    /// Whether other witnesses have it too.
    pub sharing: Sharing,
}

/// Whether other witnesses have a node too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// It is this witness's alone, as far as is known.
    Own,
    /// It has a section of its own in the configuration: alerts about it are one for all of its witnesses.
    Shared,
}

/// Whether a node is probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probing {
    /// It has a probe.
    Probed,
    /// It has none: nothing is known of its health.
    Never,
}

/// Whether a node's own machine tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beats {
    /// It does.
    Expected,
    /// It does not.
    Never,
}

/// Whether a node's private key is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// It is.
    Available,
    /// It is not: Dogwatch cannot switch away from this node.
    Missing,
}

/// Whether a node may be switched to without a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unprobed {
    /// It may not.
    Refused,
    /// The operator allowed it for this node.
    Allowed,
}

/// The limits of one witness's rails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rails {
    /// Switches allowed within `budget_window`.
    pub budget: u32,
    /// The window of the budget.
    pub budget_window: Duration,
    /// Time from one switch to the next: the new node must get its chance to produce.
    pub cool_down: Duration,
    /// No broadcast when the own slot is this near: producers pick their key from pending state, so a switch in
    /// flight during the own slot costs that block (steemit/steem#28, bitshares-core#125).
    pub own_slot_guard: Duration,
    /// Below this many of the last 128 slots filled, the chain itself is in trouble.
    pub min_participation: u8,
    /// A candidate's last good probe must be younger than this.
    pub candidate_fresh: Duration,
    /// Whether the witness may be disabled.
    pub disable: Disable,
}

/// Whether the null key is an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disable {
    /// Never: coming back needs the account's active key.
    Never,
    /// The operator allowed it for this witness.
    Allowed,
}
