//! The watched witnesses of a configuration, and their nodes.

use dogwatch_chain::{AccountName, SecretKey};
use serde::Deserialize;

use super::key_source::KeySource;
use crate::seed::derive_key;

/// Whether a watched witness is in every round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Elected {
    /// Its votes elect it into every round.
    #[default]
    EveryRound,
    /// It is a backup witness: it takes turns with the other backups in the last place of each round. There are as many of
    /// those as [`DevnetConfig::spare`](crate::DevnetConfig::spare).
    InTurn,
}

/// A watched witness.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevnetWitnessConfig {
    /// The witness's account.
    pub name: AccountName,
    /// Whether it is in every round.
    #[serde(default)]
    pub elected: Elected,
    /// The account's active key; by default derived from `"<name>/active"`.
    pub active_key: Option<KeySource>,
    /// Its block-producing nodes. The chain starts with the first one's key.
    pub nodes: Vec<DevnetNodeConfig>,
}

/// One block-producing node of a watched witness.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevnetNodeConfig {
    /// The node's name.
    pub name: String,
    /// Its signing key; by default derived from `"<witness>/<node>"`.
    pub signing_key: Option<KeySource>,
    /// Port of the node's RPC endpoint; 0: any free port.
    #[serde(default)]
    pub port: u16,
}

impl DevnetWitnessConfig {
    /// The account's active private key.
    pub fn active_secret(&self) -> SecretKey {
        self.active_key
            .as_ref()
            .map_or_else(|| derive_key(&format!("{}/active", self.name)), |key| key.secret().clone())
    }

    /// A node's private signing key.
    pub fn signing_secret(&self, node: &DevnetNodeConfig) -> SecretKey {
        node.signing_key
            .as_ref()
            .map_or_else(|| derive_key(&format!("{}/{}", self.name, node.name)), |key| key.secret().clone())
    }
}
