//! The configuration: `dogwatch.toml`, checked as a whole before anything starts.
//!
//! Each section has one file, with its struct, its defaults and its reader.

mod alerts;
mod authority;
mod beat_file;
mod beats;
mod chain;
mod channel;
mod cross;
mod damping;
mod duration;
mod endpoint;
mod failback;
mod file;
mod file_rules;
mod gateway;
mod grant;
mod listen;
mod load;
mod metrics;
mod mode;
mod node;
pub mod paths;
mod pin;
mod problem;
mod profile;
mod rails;
mod reader;
mod route;
mod secret;
mod severity;
mod shared_node;
mod signers;
pub mod unproven;
mod witness;

pub use alerts::AlertConfig;
pub use beat_file::{BeatConfig, Disk};
pub use chain::ChainConfig;
pub use channel::ChannelConfig;
pub(crate) use duration::parse_duration;
pub use file::FileError;
pub use file_rules::{PluginRules, plugin_rules_of};
pub use gateway::{CertificateFiles, GatewayConfig};
pub(crate) use grant::refuse_policy;
pub use grant::{Grant, Grants, narrow};
pub use load::{Config, Salvaged};
pub use node::NodeSettings;
pub use paths::PathError;
pub use problem::{Level, Problem, Problems};
pub use secret::{Secret, SecretError, SecretSource, read_private};
pub use witness::{FallbackPolicy, WitnessConfig};
