//! Requests to one node, answered from what that node sees.

use std::sync::Arc;

use dogwatch_chain::{AccountName, SignedTransaction, Time, TransactionId};
use serde_json::{Value, json};

use super::devnet::Devnet;
use crate::answers::AnswerContext;
use crate::answers::status::RC_COST;
use crate::error_reply::{ErrorReply, Exception};
use crate::fault::{RpcFault, RpcIndex};
use crate::ledger::Ledger;
use crate::mempool::Mempool;
use crate::rpc::{BroadcastMode, MethodOutcome, parse};
use crate::state::ChainState;

/// The node that a request goes to.
#[derive(Clone, Debug)]
pub(crate) enum CalledNode {
    /// A public RPC node.
    Rpc(RpcIndex),
    /// A block-producing node of a watched witness.
    Producing(AccountName, String),
}

/// A node's answer.
#[derive(Debug)]
pub(crate) enum NodeReply {
    Now(Value),
    /// The answer waits until the transaction is in a block or has expired: see [`Devnet::outcome`].
    Later(PendingBroadcast),
}

/// A broadcast whose answer waits for a block.
#[derive(Clone, Debug)]
pub(crate) struct PendingBroadcast {
    pub(crate) node: CalledNode,
    pub(crate) id: Value,
    pub(crate) trx: TransactionId,
    pub(crate) expiration: Time,
}

impl Devnet {
    /// Answers one request, or a batch of them, as that RPC node would. The server simulates faults of the connection,
    /// such as [`RpcFault::Hang`](crate::RpcFault::Hang). A synchronous broadcast is answered at once, as not yet
    /// included.
    pub fn call(&mut self, rpc: RpcIndex, request: &Value, now: Time) -> Value {
        self.answer(&CalledNode::Rpc(rpc), request, now)
    }

    /// Answers one request, or a batch, as a watched witness's own node would.
    pub fn call_node(&mut self, witness: &AccountName, node: &str, request: &Value, now: Time) -> Value {
        self.answer(&CalledNode::Producing(witness.clone(), node.to_owned()), request, now)
    }

    pub(crate) fn answer(&mut self, called: &CalledNode, request: &Value, now: Time) -> Value {
        match self.reply(called, request, now) {
            NodeReply::Now(value) => value,
            NodeReply::Later(waiting) => {
                let result = json!({
                    "id": waiting.trx, "block_num": self.ledger.head().head.num(), "trx_num": -1, "expired": false,
                });
                json!({ "jsonrpc": "2.0", "result": result, "id": waiting.id })
            }
        }
    }

    pub(crate) fn reply(&mut self, called: &CalledNode, request: &Value, now: Time) -> NodeReply {
        self.advance(now);
        match request {
            Value::Array(batch) if batch.is_empty() => {
                NodeReply::Now(self.refusal(&Value::Null, &ErrorReply::protocol(-32000, "Array is invalid"), now))
            }
            Value::Array(batch) => NodeReply::Now(batch.iter().map(|one| self.answer(called, one, now)).collect()),
            one => match self.one(called, one, now) {
                Ok(reply) => reply,
                Err((id, error)) => NodeReply::Now(self.refusal(&id, &error, now)),
            },
        }
    }

    fn one(&mut self, called: &CalledNode, request: &Value, now: Time) -> Result<NodeReply, (Value, ErrorReply)> {
        if !request.is_object() {
            let place = ("variant.cpp", 530, "get_object");
            let text = "Invalid cast from type to Object";
            return Err((Value::Null, ErrorReply::thrown(Exception::BadCast, text, place, json!({}))));
        }
        let request = parse(request)?;
        let fail = |error| (request.id.clone(), error);
        if request.wants_block() && self.refuses_blocks(called) {
            return Err(fail(ErrorReply::protocol(-32603, "Internal Error")));
        }
        let outcome = self.seen_by(called).ok_or_else(|| fail(no_node())).and_then(|(ledger, mempool, state)| {
            let blocks = ledger.blocks();
            let version = self.version_of(called);
            request.run(AnswerContext { setup: &self.setup, blocks, state, mempool, now, version }).map_err(fail)
        })?;
        match outcome {
            MethodOutcome::Answer(result) => {
                Ok(NodeReply::Now(json!({ "jsonrpc": "2.0", "result": result, "id": request.id })))
            }
            MethodOutcome::Broadcast { trx, mode } => {
                let expiration = trx.transaction.expiration;
                let trx = self.broadcast(called, &Arc::new(*trx), now).map_err(fail)?;
                if mode == BroadcastMode::Synchronous {
                    return Ok(NodeReply::Later(PendingBroadcast {
                        node: called.clone(),
                        id: request.id,
                        trx,
                        expiration,
                    }));
                }
                Ok(NodeReply::Now(json!({ "jsonrpc": "2.0", "result": {}, "id": request.id })))
            }
        }
    }

    fn refuses_blocks(&self, called: &CalledNode) -> bool {
        let CalledNode::Rpc(index) = called else { return false };
        self.rpc.get(index.0).is_some_and(|node| node.fault == RpcFault::NoBlocks)
    }

    /// What a node answers from: its chain, its mempool and the state at its head.
    fn version_of(&self, called: &CalledNode) -> Option<&str> {
        let CalledNode::Producing(witness, node) = called else { return None };
        self.nodes.get(&(witness.clone(), node.clone()))?.version.as_deref()
    }

    fn seen_by(&self, called: &CalledNode) -> Option<(&Ledger, Option<&Mempool>, &ChainState)> {
        match called {
            CalledNode::Rpc(index) => {
                let node = self.rpc.get(index.0)?;
                let ledger = node.chain.ledger(&self.ledger, self.minority.as_ref());
                Some((ledger, Some(&node.mempool), node.mempool.state()))
            }
            CalledNode::Producing(witness, node) => {
                let condition = self.nodes.get(&(witness.clone(), node.clone()))?;
                Some((&self.ledger, None, condition.frozen.as_ref().unwrap_or(self.ledger.head())))
            }
        }
    }

    fn broadcast(
        &mut self,
        called: &CalledNode,
        signed: &Arc<SignedTransaction>,
        now: Time,
    ) -> Result<TransactionId, ErrorReply> {
        let id = signed.transaction.id(&self.setup.profile);
        match called {
            CalledNode::Rpc(index) => {
                let node = self.rpc.get_mut(index.0).ok_or_else(no_node)?;
                let ledger = node.chain.ledger(&self.ledger, self.minority.as_ref());
                node.mempool.push(&self.setup, ledger, id, signed.clone())?;
                if node.fault.on_network() {
                    self.gossip(Some(*index), id, signed, now);
                }
            }
            CalledNode::Producing(witness, name) => {
                let condition = self.nodes.get(&(witness.clone(), name.clone())).ok_or_else(no_node)?;
                let state = condition.frozen.as_ref().unwrap_or(self.ledger.head());
                Mempool::new(state).push(&self.setup, &self.ledger, id, signed.clone())?;
                if condition.frozen.is_none() {
                    self.gossip(None, id, signed, now);
                }
            }
        }
        Ok(id)
    }

    /// The answer to a waiting broadcast, once there is one.
    pub(crate) fn outcome(&self, waiting: &PendingBroadcast) -> Option<Value> {
        let (ledger, _, head) = self.seen_by(&waiting.node)?;
        let result = match ledger.blocks().inclusion(&waiting.trx, head) {
            Some(found) => json!({
                "id": waiting.trx, "block_num": found.block, "trx_num": found.index, "rc_cost": RC_COST,
                "expired": false,
            }),
            None if head.time >= waiting.expiration => {
                json!({ "id": waiting.trx, "block_num": head.head.num(), "trx_num": -1, "expired": true })
            }
            None => return None,
        };
        Some(json!({ "jsonrpc": "2.0", "result": result, "id": waiting.id }))
    }

    /// The answer to a body that is not JSON.
    pub(crate) fn unreadable(&self, body: &str, now: Time) -> Value {
        let place = ("json.cpp", 456, "variant_from_stream");
        let error = if body.is_empty() {
            ErrorReply::thrown(Exception::EndOfFile, "stringstream", ("sstream.cpp", 109, "peek"), json!({}))
        } else {
            let text = match body.chars().next() {
                Some(first) if !"{[\"".contains(first) => {
                    format!("Unexpected char '{}' in \"{body}\"", u32::from(first))
                }
                _ => "Unexpected EOF: 11 eof_exception: End Of File\nstringstream\n    {}\n    sstream.cpp:109 peek"
                    .into(),
            };
            ErrorReply::thrown(Exception::Parse, text, place, json!({}))
        };
        self.refusal(&Value::Null, &error, now)
    }

    fn refusal(&self, id: &Value, error: &ErrorReply, now: Time) -> Value {
        json!({ "jsonrpc": "2.0", "error": error.to_json(self.setup.lineage, now), "id": id })
    }
}

/// The error for a node that the configuration does not have.
fn no_node() -> ErrorReply {
    ErrorReply::protocol(-32000, "there is no such node on this devnet")
}
