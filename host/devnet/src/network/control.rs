//! Carries out the commands that a devnet takes from outside.

use dogwatch_chain::AccountName;
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::command::{DevnetCommand, DevnetCommandError};
use super::devnet::Devnet;
use super::nodes::{FollowedChain, ProducerCondition, fork_key};
use crate::fault::{ProducerStatus, RpcFault, RpcIndex};
use crate::mempool::Mempool;

impl Devnet {
    /// Carries out a command. Only a snapshot has an answer.
    ///
    /// # Errors
    ///
    /// There is no such node, or the share is out of range.
    pub fn apply(&mut self, command: DevnetCommand) -> Result<Value, DevnetCommandError> {
        match command {
            DevnetCommand::Crash { witness, node } => self.set_node(witness, node, ProducerStatus::Crashed, 0)?,
            DevnetCommand::Hang { witness, node } => self.set_node(witness, node, ProducerStatus::Hung, 0)?,
            DevnetCommand::Restart { witness, node } => self.set_node(witness, node, ProducerStatus::Running, 0)?,
            DevnetCommand::PutBehind { witness, node, blocks } => {
                self.set_node(witness, node, ProducerStatus::Behind, blocks)?
            }
            DevnetCommand::Upgrade { witness, node, version } => self.node(witness, node)?.version = Some(version),
            DevnetCommand::Partition { witness, node } => {
                self.set_node(witness, node, ProducerStatus::Partitioned, 0)?
            }
            DevnetCommand::Halt {} => self.halted = true,
            DevnetCommand::Resume {} => self.halted = false,
            DevnetCommand::FillOutage { fraction } if (0.0..=1.0).contains(&fraction) => self.outage = fraction,
            DevnetCommand::FillOutage { fraction } => return Err(DevnetCommandError::Fraction(fraction)),
            DevnetCommand::RpcFault { index, fault } => self.set_rpc(index, fault)?,
            DevnetCommand::Snapshot {} => return Ok(serde_json::to_value(self.snapshot())?),
        }
        Ok(json!({}))
    }

    /// Answers one JSON-RPC request on the control endpoint.
    pub fn control(&mut self, request: &Value) -> Value {
        let id = request.get("id").cloned().unwrap_or_default();
        let command = json!({
            "method": request.get("method"),
            "params": request.get("params").filter(|params| !params.is_null()).cloned().unwrap_or_else(|| json!({})),
        });
        let answer = DevnetCommand::deserialize(command)
            .map_err(DevnetCommandError::from)
            .and_then(|command| self.apply(command));
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
        status: ProducerStatus,
        blocks: u32,
    ) -> Result<(), DevnetCommandError> {
        let frozen =
            matches!(status, ProducerStatus::Behind | ProducerStatus::Partitioned).then(|| self.ledger.ago(blocks));
        let condition = self.node(witness, node)?;
        condition.status = status;
        condition.frozen = frozen;
        Ok(())
    }

    fn node(&mut self, witness: AccountName, node: String) -> Result<&mut ProducerCondition, DevnetCommandError> {
        let unknown = DevnetCommandError::Node { witness: witness.clone(), node: node.clone() };
        self.nodes.get_mut(&(witness, node)).ok_or(unknown)
    }

    fn set_rpc(&mut self, index: RpcIndex, fault: RpcFault) -> Result<(), DevnetCommandError> {
        let watched: Vec<AccountName> = self.setup.watched.keys().cloned().collect();
        let node = self.rpc.get_mut(index.0).ok_or(DevnetCommandError::Rpc(index))?;
        let was_on_network = node.fault.on_network();
        node.fault = fault;
        match fault {
            RpcFault::Stale { blocks } => {
                node.chain = FollowedChain::Frozen;
                node.mempool = Mempool::new(&self.ledger.ago(blocks));
            }
            RpcFault::Fork => {
                let salt = u64::try_from(index.0).unwrap_or(0).saturating_add(1);
                let fork = self.ledger.fork(salt, &watched, fork_key().public_key());
                node.mempool = Mempool::new(fork.head());
                node.chain = FollowedChain::Fork(Box::new(fork));
            }
            RpcFault::Minority => {
                let branch = self.minority.get_or_insert_with(|| self.ledger.branch_of_few());
                node.mempool = Mempool::new(branch.head());
                node.chain = FollowedChain::Minority;
            }
            RpcFault::Down => {
                node.chain = FollowedChain::Live;
                node.mempool = Mempool::new(self.ledger.head());
            }
            _ => {
                node.chain = FollowedChain::Live;
                if !was_on_network {
                    node.mempool = Mempool::new(self.ledger.head());
                }
            }
        }
        if self.rpc.iter().all(|node| node.fault != RpcFault::Minority) {
            self.minority = None;
        }
        Ok(())
    }
}
