//! One call, answered by whichever endpoint gives a usable result first.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use crate::endpoint::EndpointIndex;
use crate::error::{NodeError, RpcError};
use crate::jsonrpc::{Answer, RpcCall};
use crate::pool::Pool;
use crate::read::error::ReadError;

/// A result that is not what the method returns. Says in which way, like "has no block_id".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnusableResult(Cow<'static, str>);

impl UnusableResult {
    /// A result with this fault.
    pub fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Self(what.into())
    }
}

impl Pool {
    /// Reads something: from the best endpoint, and while that is slow or fails from the next. `accept` says whether a
    /// result is what the method returns; one that is not is that endpoint's failure, and the next is asked.
    ///
    /// A node's refusal is an answer like another, unless it says that this node does not offer the method.
    pub async fn read<T>(
        &self,
        call: &Call,
        accept: impl Fn(&Value) -> Result<T, UnusableResult>,
    ) -> Result<(EndpointIndex, Result<T, NodeError>), ReadError> {
        let members = self.ranked_for(call.method);
        let (call, accept) = (Arc::new(call.clone()), &accept);
        let method = call.method;
        self.first(method, members, (self.client(), self.read_deadlines()), |member| {
            let (pool, call) = (self.clone(), Arc::clone(&call));
            async move {
                let answer: Answer = pool.client().ask(&member.endpoint, &call).await?;
                match answer {
                    Err(refused) if refused.is_of_this_node() => Err(RpcError::Node(refused)),
                    Err(refused) => Ok(Err(refused)),
                    Ok(result) => accept(&result).map(Ok).map_err(|unusable| RpcError::shape(call.method, unusable.0)),
                }
            }
        })
        .await
    }
}
