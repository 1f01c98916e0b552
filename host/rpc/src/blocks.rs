//! Blocks by number.

use dogwatch_chain::{Block, BlockNum};
use serde_json::json;

use crate::chain_check;
use crate::envelope::Call;
use crate::error::RpcError;
use crate::facts;
use crate::member::{EndpointIndex, Member};
use crate::pool::Pool;

/// More blocks are not fetched in one go.
const MOST_BLOCKS: usize = 30;

impl Pool {
    /// The blocks `from` to `to`, both included, at most 30 of them; fewer where the chain is not that long yet.
    ///
    /// Asks `prefer` first, then the others from the best to the worst, until one has a list in which each block
    /// follows from the one before. All of it comes from one endpoint. When all fail, the error is that of the first.
    pub async fn blocks(
        &self,
        from: BlockNum,
        to: BlockNum,
        prefer: Option<EndpointIndex>,
    ) -> Result<Vec<Block>, RpcError> {
        let numbers: Vec<BlockNum> = (from.0..=to.0).take(MOST_BLOCKS).map(BlockNum).collect();
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let mut members = self.ranked();
        members.sort_by_key(|member| Some(member.index) != prefer);
        let mut outcome = None;
        for member in members {
            match self.client().bounded(self.blocks_of(member, &numbers)).await {
                Ok(blocks) if !blocks.is_empty() => return Ok(blocks),
                // It lags behind; another may have them.
                Ok(none) => outcome = Some(Ok(none)),
                Err(error) => {
                    tracing::debug!(endpoint = %member.name, %error, %from, "no blocks");
                    outcome = outcome.or(Some(Err(error)));
                }
            }
        }
        outcome.unwrap_or(Ok(Vec::new()))
    }

    async fn blocks_of(&self, member: &Member, numbers: &[BlockNum]) -> Result<Vec<Block>, RpcError> {
        chain_check::ensure(self.client(), member, self.profile()).await?;
        let calls: Vec<Call> = numbers.iter().map(|number| Call::new(facts::BLOCK, json!([number]))).collect();
        let answers = member.ask(self.client(), &calls).await?;
        let mut blocks: Vec<Block> = Vec::with_capacity(numbers.len());
        for (number, answer) in numbers.iter().zip(answers) {
            let Some(block) = facts::block(&answer.map_err(RpcError::Node)?, *number, self.profile())? else { break };
            if blocks.last().is_some_and(|below| below.id != block.previous) {
                return Err(RpcError::shape(
                    facts::BLOCK,
                    format!("block {number} does not follow from the one before"),
                ));
            }
            blocks.push(block);
        }
        Ok(blocks)
    }
}
