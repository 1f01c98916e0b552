//! Faults, and how they are ordered from outside.

use dogwatch_chain::AccountName;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::devnet::{Devnet, View, liar};
use crate::fault::{NodeStatus, RpcFault, RpcIndex};
use crate::pool::Pool;

/// An order to a devnet. As JSON-RPC: `{"method": "devnet_api.crash", "params": {"witness": …, "node": …}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", content = "params", deny_unknown_fields)]
pub enum Command {
    /// A producing node goes down: connections are closed at once.
    #[serde(rename = "devnet_api.crash")]
    Crash {
        /// Whose node.
        witness: AccountName,
        /// Which node.
        node: String,
    },
    /// A producing node takes connections and answers nothing.
    #[serde(rename = "devnet_api.hang")]
    Hang {
        /// Whose node.
        witness: AccountName,
        /// Which node.
        node: String,
    },
    /// A producing node runs again, with the chain's head.
    #[serde(rename = "devnet_api.restart")]
    Restart {
        /// Whose node.
        witness: AccountName,
        /// Which node.
        node: String,
    },
    /// A producing node stands still at a head of so many blocks ago.
    #[serde(rename = "devnet_api.put_behind")]
    PutBehind {
        /// Whose node.
        witness: AccountName,
        /// Which node.
        node: String,
        /// How far back.
        blocks: u32,
    },
    /// A producing node is cut off from the network.
    #[serde(rename = "devnet_api.partition")]
    Partition {
        /// Whose node.
        witness: AccountName,
        /// Which node.
        node: String,
    },
    /// Nobody produces any more.
    #[serde(rename = "devnet_api.halt")]
    Halt {},
    /// Everybody produces again.
    #[serde(rename = "devnet_api.resume")]
    Resume {},
    /// That share of the fillers' slots is missed.
    #[serde(rename = "devnet_api.fill_outage")]
    FillOutage {
        /// 0 to 1.
        fraction: f64,
    },
    /// Something is wrong with a public RPC node, or is right again.
    #[serde(rename = "devnet_api.rpc_fault")]
    RpcFault {
        /// Which node.
        index: RpcIndex,
        /// What.
        fault: RpcFault,
    },
    /// Asks for everything worth knowing.
    #[serde(rename = "devnet_api.snapshot")]
    Snapshot {},
}

/// An order that cannot be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// No such node.
    #[error("{witness} has no node {node:?}")]
    Node {
        /// Whose.
        witness: AccountName,
        /// Which.
        node: String,
    },
    /// No such RPC node.
    #[error("there is no RPC node {}", .0.0)]
    Rpc(RpcIndex),
    /// No account name.
    #[error(transparent)]
    Name(#[from] dogwatch_chain::NameError),
    /// A share below 0 or above 1.
    #[error("a fraction is 0 to 1, not {0}")]
    Fraction(f64),
    /// Not an order.
    #[error("not a devnet_api request: {0}")]
    Shape(#[from] serde_json::Error),
}

impl Devnet {
    /// Carries out an order; only a snapshot has an answer.
    pub fn apply(&mut self, command: Command) -> Result<Value, ControlError> {
        match command {
            Command::Crash { witness, node } => self.set_node(witness, node, NodeStatus::Crashed, 0)?,
            Command::Hang { witness, node } => self.set_node(witness, node, NodeStatus::Hung, 0)?,
            Command::Restart { witness, node } => self.set_node(witness, node, NodeStatus::Running, 0)?,
            Command::PutBehind { witness, node, blocks } => self.set_node(witness, node, NodeStatus::Behind, blocks)?,
            Command::Partition { witness, node } => self.set_node(witness, node, NodeStatus::Partitioned, 0)?,
            Command::Halt {} => self.halted = true,
            Command::Resume {} => self.halted = false,
            Command::FillOutage { fraction } if (0.0..=1.0).contains(&fraction) => self.outage = fraction,
            Command::FillOutage { fraction } => return Err(ControlError::Fraction(fraction)),
            Command::RpcFault { index, fault } => self.set_rpc(index, fault)?,
            Command::Snapshot {} => return Ok(serde_json::to_value(self.snapshot())?),
        }
        Ok(json!({}))
    }

    /// Answers one JSON-RPC request on the control endpoint.
    pub fn control(&mut self, request: &Value) -> Value {
        let id = request.get("id").cloned().unwrap_or_default();
        let order = json!({
            "method": request.get("method"),
            "params": request.get("params").filter(|params| !params.is_null()).cloned().unwrap_or_else(|| json!({})),
        });
        let answer = Command::deserialize(order).map_err(ControlError::from).and_then(|command| self.apply(command));
        match answer {
            Ok(result) => json!({ "jsonrpc": "2.0", "result": result, "id": id }),
            Err(error) => {
                json!({ "jsonrpc": "2.0", "error": { "code": -32602, "message": error.to_string() }, "id": id })
            }
        }
    }

    fn set_node(
        &mut self,
        witness: AccountName,
        node: String,
        status: NodeStatus,
        blocks: u32,
    ) -> Result<(), ControlError> {
        let frozen = matches!(status, NodeStatus::Behind | NodeStatus::Partitioned).then(|| self.ledger.ago(blocks));
        match self.nodes.get_mut(&(witness.clone(), node.clone())) {
            Some(life) => {
                life.status = status;
                life.frozen = frozen;
                Ok(())
            }
            None => Err(ControlError::Node { witness, node }),
        }
    }

    fn set_rpc(&mut self, index: RpcIndex, fault: RpcFault) -> Result<(), ControlError> {
        let watched: Vec<AccountName> = self.setup.watched.keys().cloned().collect();
        let node = self.rpc.get_mut(index.0).ok_or(ControlError::Rpc(index))?;
        let was_on_network = node.fault.on_network();
        node.fault = fault;
        match fault {
            RpcFault::Stale { blocks } => {
                node.view = View::Frozen;
                node.pool = Pool::new(&self.ledger.ago(blocks));
            }
            RpcFault::Fork => {
                let salt = u64::try_from(index.0).unwrap_or(0).saturating_add(1);
                let fork = self.ledger.fork(salt, &watched, liar().public_key());
                node.pool = Pool::new(fork.head());
                node.view = View::Fork(Box::new(fork));
            }
            RpcFault::Down => {
                node.view = View::Live;
                node.pool = Pool::new(self.ledger.head());
            }
            _ => {
                node.view = View::Live;
                if !was_on_network {
                    node.pool = Pool::new(self.ledger.head());
                }
            }
        }
        Ok(())
    }
}
