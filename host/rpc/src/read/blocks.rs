//! Blocks by number.

use std::sync::Arc;

use dogwatch_chain::{Block, BlockNum};
use serde_json::json;

use crate::endpoint::EndpointIndex;
use crate::error::RpcError;
use crate::jsonrpc::RpcCall;
use crate::pool::{Member, Pool};
use crate::read::error::ReadError;
use crate::results::facts;

/// The most blocks fetched at once.
const MOST_BLOCKS: usize = 30;

impl Pool {
    /// The blocks `from` to `to`, both included, at most 30 of them; `None` if the chain is not that long yet.
    ///
    /// Asks the sources in their order, hedged; if there are none, all endpoints, the best first. All blocks come from one
    /// endpoint, which is returned, and each links to the one before.
    ///
    /// # Errors
    ///
    /// If no endpoint answered in time with blocks that link.
    pub async fn blocks(
        &self,
        from: BlockNum,
        to: BlockNum,
        sources: &[EndpointIndex],
    ) -> Result<Option<(EndpointIndex, Vec<Block>)>, ReadError> {
        let numbers: Vec<BlockNum> = (from.0..=to.0).take(MOST_BLOCKS).map(BlockNum).collect();
        if numbers.is_empty() {
            return Ok(None);
        }
        let members: Vec<Arc<Member>> = match sources {
            [] => self.ranked(),
            some => some.iter().filter_map(|source| self.member(*source).ok().cloned()).collect(),
        };
        // An endpoint without the blocks lags behind, which is no fault; another may have them.
        let read = self.first(facts::BLOCK, members, (self.client(), self.read_deadlines()), |member| {
            let (pool, numbers) = (self.clone(), numbers.clone());
            async move {
                let blocks = pool.blocks_of(&member, &numbers).await?;
                if blocks.is_empty() { Err(RpcError::shape(facts::BLOCK, NONE_YET)) } else { Ok(blocks) }
            }
        });
        match read.await {
            Ok(read) => Ok(Some(read)),
            Err(error) if error.deadline.is_none() && error.causes.iter().all(|(_, error)| is_none_yet(error)) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn blocks_of(&self, member: &Member, numbers: &[BlockNum]) -> Result<Vec<Block>, RpcError> {
        let calls: Vec<RpcCall> = numbers.iter().map(|number| RpcCall::new(facts::BLOCK, json!([number]))).collect();
        let answers = member.ask(self.client(), &calls).await?;
        let mut blocks: Vec<Block> = Vec::with_capacity(numbers.len());
        for (number, answer) in numbers.iter().zip(answers) {
            let Some(block) = facts::block(&answer.map_err(RpcError::Node)?, *number, self.profile())? else { break };
            if blocks.last().is_some_and(|below| below.id != block.previous) {
                return Err(RpcError::shape(facts::BLOCK, format!("block {number} does not link to the one before")));
            }
            blocks.push(block);
        }
        Ok(blocks)
    }
}

/// The error of an endpoint that has none of the blocks yet.
const NONE_YET: &str = "the endpoint has none of the blocks yet";

fn is_none_yet(error: &RpcError) -> bool {
    matches!(error, RpcError::WrongShape { what, .. } if what == NONE_YET)
}
