//! Why a configuration is refused.

use dogwatch_chain::{AccountName, ProfileError};

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevnetConfigError {
    /// The text is not TOML, or has unknown fields.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// The profile is unknown or its overrides do not fit.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The interval is out of range.
    #[error("block_interval_ms is {0}, but must be 50 to 3000")]
    Interval(u32),
    /// The round is too short for the watched witnesses and one filler.
    #[error("round_length is {round}, but must be {least} to 100 with {watched} watched witnesses")]
    Round {
        /// The configured number of slots.
        round: u32,
        /// The number of watched witnesses.
        watched: usize,
        /// The smallest number of slots.
        least: usize,
    },
    /// The number of RPC nodes is out of range.
    #[error("rpc_nodes is {0}, but must be 1 to 64")]
    RpcNodes(usize),
    /// A witness without nodes.
    #[error("witness {0} has no nodes")]
    NoNodes(AccountName),
    /// Two witnesses or two nodes have the same name.
    #[error("{0} is configured twice")]
    Duplicate(String),
    /// Too many spare witnesses.
    #[error("spare is {0}, but must be at most 100")]
    Spare(u32),
}
