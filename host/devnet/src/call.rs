//! Requests to one node, answered from what that node sees.

use std::sync::Arc;

use dogwatch_chain::{AccountName, SignedTransaction, Time, TransactionId};
use serde_json::{Value, json};

use crate::answers::Sight;
use crate::answers::status::RC_COST;
use crate::devnet::{Devnet, View};
use crate::dispatch::{self, Wish};
use crate::error::{NodeError, Thrown};
use crate::fault::RpcIndex;
use crate::pool::Pool;
use crate::state::State;

/// Whom a request went to.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Rpc(RpcIndex),
    Node(AccountName, String),
}

/// A node's answer.
#[derive(Debug)]
pub(crate) enum Reply {
    Now(Value),
    /// Once the transaction is in a block or has expired: [`Devnet::outcome`].
    Later(Waiting),
}

/// A broadcast whose answer waits for a block.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) asked: Asked,
    pub(crate) id: Value,
    pub(crate) trx: TransactionId,
    pub(crate) expiration: Time,
}

impl Devnet {
    /// Answers one request, or a batch of them, as that RPC node would. A fault that shows in the connection, such as
    /// [`RpcFault::Hang`](crate::RpcFault::Hang), is for the server to show; a synchronous broadcast is answered at
    /// once, as not yet included.
    pub fn call(&mut self, rpc: RpcIndex, request: &Value, now: Time) -> Value {
        self.answer(&Asked::Rpc(rpc), request, now)
    }

    /// Answers one request, or a batch, as a watched witness's own node would.
    pub fn call_node(&mut self, witness: &AccountName, node: &str, request: &Value, now: Time) -> Value {
        self.answer(&Asked::Node(witness.clone(), node.to_owned()), request, now)
    }

    pub(crate) fn answer(&mut self, asked: &Asked, request: &Value, now: Time) -> Value {
        match self.reply(asked, request, now) {
            Reply::Now(value) => value,
            Reply::Later(waiting) => {
                let result = json!({
                    "id": waiting.trx, "block_num": self.ledger.head().head.num(), "trx_num": -1, "expired": false,
                });
                json!({ "jsonrpc": "2.0", "result": result, "id": waiting.id })
            }
        }
    }

    pub(crate) fn reply(&mut self, asked: &Asked, request: &Value, now: Time) -> Reply {
        self.advance(now);
        match request {
            Value::Array(batch) if batch.is_empty() => {
                Reply::Now(self.refusal(&Value::Null, &NodeError::protocol(-32000, "Array is invalid"), now))
            }
            Value::Array(batch) => Reply::Now(batch.iter().map(|one| self.answer(asked, one, now)).collect()),
            one => match self.one(asked, one, now) {
                Ok(reply) => reply,
                Err((id, error)) => Reply::Now(self.refusal(&id, &error, now)),
            },
        }
    }

    fn one(&mut self, asked: &Asked, request: &Value, now: Time) -> Result<Reply, (Value, NodeError)> {
        if !request.is_object() {
            let place = ("variant.cpp", 530, "get_object");
            let text = "Invalid cast from type to Object";
            return Err((Value::Null, NodeError::thrown(Thrown::BadCast, text, place, json!({}))));
        }
        let request = dispatch::parse(request)?;
        let fail = |error| (request.id.clone(), error);
        let wish = self.seen_by(asked).ok_or_else(|| fail(no_node())).and_then(|(view, pool, frozen)| {
            let state = frozen.or(pool.map(Pool::state)).unwrap_or(self.ledger.head());
            let ledger = match view {
                Some(View::Fork(fork)) => fork,
                _ => &self.ledger,
            };
            request.fulfil(Sight { setup: &self.setup, ledger, state, pool, now }).map_err(fail)
        })?;
        match wish {
            Wish::Read(result) => Ok(Reply::Now(json!({ "jsonrpc": "2.0", "result": result, "id": request.id }))),
            Wish::Broadcast { trx, wait } => {
                let expiration = trx.transaction.expiration;
                let trx = self.broadcast(asked, &Arc::new(*trx), now).map_err(fail)?;
                if wait {
                    return Ok(Reply::Later(Waiting { asked: asked.clone(), id: request.id, trx, expiration }));
                }
                Ok(Reply::Now(json!({ "jsonrpc": "2.0", "result": {}, "id": request.id })))
            }
        }
    }

    /// View, pool and frozen state of the one who is asked.
    fn seen_by(&self, asked: &Asked) -> Option<(Option<&View>, Option<&Pool>, Option<&State>)> {
        match asked {
            Asked::Rpc(index) => self.rpc.get(index.0).map(|node| (Some(&node.view), Some(&node.pool), None)),
            Asked::Node(witness, node) => {
                let life = self.nodes.get(&(witness.clone(), node.clone()))?;
                Some((None, None, life.frozen.as_deref()))
            }
        }
    }

    fn broadcast(
        &mut self,
        asked: &Asked,
        signed: &Arc<SignedTransaction>,
        now: Time,
    ) -> Result<TransactionId, NodeError> {
        let id = signed.transaction.id(&self.setup.profile);
        match asked {
            Asked::Rpc(index) => {
                let node = self.rpc.get_mut(index.0).ok_or_else(no_node)?;
                let ledger = match &node.view {
                    View::Fork(fork) => fork,
                    View::Live | View::Frozen => &self.ledger,
                };
                node.pool.push(&self.setup, ledger, id, signed.clone())?;
                if node.fault.on_network() {
                    self.gossip(Some(*index), id, signed, now);
                }
            }
            Asked::Node(witness, name) => {
                let life = self.nodes.get(&(witness.clone(), name.clone())).ok_or_else(no_node)?;
                let state = life.frozen.as_ref().unwrap_or(self.ledger.head());
                Pool::new(state).push(&self.setup, &self.ledger, id, signed.clone())?;
                if life.frozen.is_none() {
                    self.gossip(None, id, signed, now);
                }
            }
        }
        Ok(id)
    }

    /// The answer to a broadcast that waited, once there is one.
    pub(crate) fn outcome(&self, waiting: &Waiting) -> Option<Value> {
        let (view, pool, frozen) = self.seen_by(&waiting.asked)?;
        let head = frozen.or(pool.map(Pool::state)).unwrap_or(self.ledger.head());
        let ledger = match view {
            Some(View::Fork(fork)) => fork,
            _ => &self.ledger,
        };
        let result = match ledger.inclusion(&waiting.trx, head) {
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
            NodeError::thrown(Thrown::EndOfFile, "stringstream", ("sstream.cpp", 109, "peek"), json!({}))
        } else {
            let text = match body.chars().next() {
                Some(first) if !"{[\"".contains(first) => {
                    format!("Unexpected char '{}' in \"{body}\"", u32::from(first))
                }
                _ => "Unexpected EOF: 11 eof_exception: End Of File\nstringstream\n    {}\n    sstream.cpp:109 peek"
                    .into(),
            };
            NodeError::thrown(Thrown::Parse, text, place, json!({}))
        };
        self.refusal(&Value::Null, &error, now)
    }

    fn refusal(&self, id: &Value, error: &NodeError, now: Time) -> Value {
        json!({ "jsonrpc": "2.0", "error": error.to_json(self.setup.lineage, now), "id": id })
    }
}

fn no_node() -> NodeError {
    NodeError::protocol(-32000, "there is no such node on this devnet")
}
