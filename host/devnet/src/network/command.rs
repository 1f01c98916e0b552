//! The commands that a devnet takes from outside.

use dogwatch_chain::{AccountName, NameError};
use serde::{Deserialize, Serialize};

use crate::fault::{RpcFault, RpcIndex};

/// A command to a devnet. As JSON-RPC: `{"method": "devnet_api.crash", "params": {"witness": …, "node": …}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", content = "params", deny_unknown_fields)]
pub enum DevnetCommand {
    /// A producing node goes down: it closes every connection at once.
    #[serde(rename = "devnet_api.crash")]
    Crash {
        /// The witness that owns the node.
        witness: AccountName,
        /// The node's name.
        node: String,
    },
    /// A producing node accepts connections and never answers.
    #[serde(rename = "devnet_api.hang")]
    Hang {
        /// The witness that owns the node.
        witness: AccountName,
        /// The node's name.
        node: String,
    },
    /// A producing node runs again, with the chain's head.
    #[serde(rename = "devnet_api.restart")]
    Restart {
        /// The witness that owns the node.
        witness: AccountName,
        /// The node's name.
        node: String,
    },
    /// A producing node's head gets stuck `blocks` blocks back.
    #[serde(rename = "devnet_api.put_behind")]
    PutBehind {
        /// The witness that owns the node.
        witness: AccountName,
        /// The node's name.
        node: String,
        /// How many blocks back; 255 at most.
        blocks: u32,
    },
    /// A producing node runs another version of its software.
    #[serde(rename = "devnet_api.upgrade")]
    Upgrade {
        /// The witness that owns the node.
        witness: AccountName,
        /// The node's name.
        node: String,
        /// The version that it reports.
        version: String,
    },
    /// A producing node is cut off from the network.
    #[serde(rename = "devnet_api.partition")]
    Partition {
        /// The witness that owns the node.
        witness: AccountName,
        /// The node's name.
        node: String,
    },
    /// All production stops.
    #[serde(rename = "devnet_api.halt")]
    Halt {},
    /// Production starts again.
    #[serde(rename = "devnet_api.resume")]
    Resume {},
    /// A share of the fillers' slots is missed.
    #[serde(rename = "devnet_api.fill_outage")]
    FillOutage {
        /// The share, 0 to 1.
        fraction: f64,
    },
    /// A public RPC node gets a fault, or recovers.
    #[serde(rename = "devnet_api.rpc_fault")]
    RpcFault {
        /// The node's index.
        index: RpcIndex,
        /// The fault, or [`RpcFault::Ok`].
        fault: RpcFault,
    },
    /// Asks for a [`Snapshot`](crate::Snapshot).
    #[serde(rename = "devnet_api.snapshot")]
    Snapshot {},
}

/// Why a command cannot be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevnetCommandError {
    /// The witness has no such node.
    #[error("{witness} has no node {node:?}")]
    Node {
        /// The witness.
        witness: AccountName,
        /// The unknown name.
        node: String,
    },
    /// There is no RPC node with that index.
    #[error("there is no RPC node {}", .0.0)]
    Rpc(RpcIndex),
    /// The text is not an account name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The share is below 0 or above 1.
    #[error("fraction is {0}, but must be 0 to 1")]
    Fraction(f64),
    /// The request is not a command.
    #[error("not a devnet_api request: {0}")]
    Shape(#[from] serde_json::Error),
}
