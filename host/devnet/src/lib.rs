//! A simulated Graphene chain that answers like a real node and is just as strict.
//!
//! [`Devnet`] is the chain in virtual time, without I/O: the same configuration and the same calls make the same chain.
//! [`DevnetServer`] puts it on loopback, with an endpoint for each public RPC node, one for each producing node of the
//! watched witnesses, and one for control (`devnet_api`, see [`DevnetCommand`]).
//!
//! ```
//! use dogwatch_chain::{AccountName, Time, Transaction, transaction_to_json};
//! use dogwatch_devnet::{Devnet, DevnetConfig, RpcIndex};
//! use serde_json::json;
//! use std::time::Duration;
//!
//! let mut net = Devnet::new(&DevnetConfig::default(), Time::parse("2026-01-01T00:00:00")?)?;
//! let now = net.advance_slots(10);
//!
//! let alice = AccountName::new("alice")?;
//! let primary = net.node_key(&alice, "primary").ok_or("no such node")?.clone();
//! let standby = net.node_key(&alice, "standby").ok_or("no such node")?.public_key();
//! let (head, until) = (net.head(), now.plus(Duration::from_secs(60)));
//! let switch = Transaction::switch_signing_key(alice.clone(), primary.public_key(), standby, head.id, until)
//!     .sign(net.profile(), &primary)?;
//!
//! let params = json!([transaction_to_json(&switch, net.profile())]);
//! let request = json!({"jsonrpc": "2.0", "id": 1, "method": "condenser_api.broadcast_transaction", "params": params});
//! assert_eq!(net.call(RpcIndex(0), &request, now)["result"], json!({}));
//! net.advance_slots(2);
//! assert_eq!(net.signing_key(&alice), Some(standby));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It differs from a real chain on purpose: slots may be shorter than a second, and times then have milliseconds; a
//! schedule stays in force even if all its witnesses are disabled; nothing costs resource credits; only witnesses have
//! accounts, and the only operations are the two that change a signing key.

// The dynamic global properties are one `json!` with some fifty members.
#![recursion_limit = "256"]

mod answers;
mod config;
mod error_reply;
mod fault;
mod ledger;
mod lineage;
mod mempool;
mod network;
mod rpc;
mod rules;
mod seed;
mod server;
mod setup;
mod state;

pub use config::{
    DevnetConfig, DevnetConfigError, DevnetNodeConfig, DevnetWitnessConfig, Elected, Irreversible, KeySource,
};
pub use fault::{ProducerStatus, RpcFault, RpcIndex};
pub use network::{
    Devnet, DevnetCommand, DevnetCommandError, DevnetSlot, DevnetSlotOutcome, KeyChange, NodeSnapshot, Snapshot,
    WitnessSnapshot,
};
pub use seed::derive_key;
pub use server::{DevnetHandle, DevnetServer, DevnetStartError, RunningDevnet};
