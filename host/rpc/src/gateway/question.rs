//! Proof of an endpoint's answer before it is relayed.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use tokio::time::Instant;

use crate::error::{NodeError, RpcError};
use crate::gateway::pending::Whole;
use crate::jsonrpc::{RawAnswer, shape_of};
use crate::pool::Member;

/// What an endpoint was asked on behalf of a client.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) method: String,
    pub(super) id: Option<String>,
    pub(super) whole: Whole,
    /// The error of a node that does not offer the method; it is relayed if no other node answers.
    pub(super) refusal: Mutex<Option<Bytes>>,
}

pub(super) fn prove(body: &Bytes, question: &Question, member: &Member) -> Result<(), RpcError> {
    let answer = RawAnswer::read(body)?;
    if !answer.answers(question.id.as_deref()) {
        return Err(RpcError::WrongId);
    }
    match answer.outcome {
        Ok(result) => shape_of(&question.method, result),
        Err(error) => {
            let error = node_error(error, member);
            if error.is_of_this_node() {
                *question.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(body.clone());
                return Err(RpcError::Node(error));
            }
            Ok(())
        }
    }
}

pub(super) fn prove_batch(body: &[u8], expected: &[(String, Option<String>)], member: &Member) -> Result<(), RpcError> {
    let Some(answers) = RawAnswer::read_batch(body)? else {
        member.state().client_batches.refused(Instant::now());
        return Err(RpcError::NotJsonRpc { what: "one answer for a whole batch" });
    };
    if answers.len() != expected.len() {
        return Err(RpcError::NotJsonRpc { what: "the batch lacks an answer" });
    }
    let mut left: Vec<&RawAnswer<'_>> = answers.iter().collect();
    for (method, id) in expected {
        let place = left.iter().position(|answer| answer.answers(id.as_deref())).ok_or(RpcError::WrongId)?;
        match left.remove(place).outcome {
            Ok(result) => shape_of(method, result)?,
            Err(error) => {
                let error = node_error(error, member);
                if error.is_of_this_node() {
                    return Err(RpcError::Node(error));
                }
            }
        }
    }
    Ok(())
}

pub(super) fn node_error(error: &str, member: &Member) -> NodeError {
    NodeError::read(&serde_json::from_str(error).unwrap_or_default(), &member.endpoint)
}
