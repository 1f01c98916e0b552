//! One call, answered by whichever endpoint gives a usable result first.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use crate::endpoint::EndpointIndex;
use crate::error::{NodeError, RpcError};
use crate::jsonrpc::{Answer, RpcCall};
use crate::pool::Pool;
use crate::read::error::ReadError;

/// A result that is not what the method returns, and in which way: for example "the result has no block_id".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnusableResult(Cow<'static, str>);

impl UnusableResult {
    /// A result that is unusable for this reason.
    pub fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Self(what.into())
    }
}

impl Pool {
    /// Makes a call to the best endpoint, and to the next if that is slow or fails. `accept` reads the result; an unusable
    /// one counts as that endpoint's failure, and the next is asked.
    ///
    /// A node's error is an answer like any other, unless it means that this node does not offer the method.
    ///
    /// # Errors
    ///
    /// If no endpoint gave a usable answer in time.
    pub async fn read<T>(
        &self,
        call: &RpcCall,
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
