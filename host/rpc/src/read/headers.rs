//! Headers, for when no endpoint delivers blocks.

use std::sync::Arc;

use dogwatch_chain::{Block, BlockId, BlockNum, Head};
use serde_json::json;

use crate::endpoint::EndpointIndex;
use crate::error::RpcError;
use crate::jsonrpc::RpcCall;
use crate::pool::{Member, Pool};
use crate::read::error::ReadError;
use crate::results::facts::{self, BlockHeader};

/// The most headers fetched at once.
const MOST_HEADERS: usize = 31;

impl Pool {
    /// The blocks from `from` to the head, as far as their headers tell: without key and transactions. A header does not
    /// hold its own id: the next one does, and the newest one's is the head's. So of more than 30 the last is left out.
    ///
    /// The sources are asked in their order, hedged. All headers come from one endpoint, which is returned.
    ///
    /// # Errors
    ///
    /// If no endpoint answered in time with headers that link.
    pub async fn headers(
        &self,
        from: BlockNum,
        head: &Head,
        sources: &[EndpointIndex],
    ) -> Result<(EndpointIndex, Vec<Block>), ReadError> {
        let numbers: Vec<BlockNum> = (from.0..=head.num().0).take(MOST_HEADERS).map(BlockNum).collect();
        let members: Vec<Arc<Member>> =
            sources.iter().filter_map(|source| self.member(*source).ok().cloned()).collect();
        self.first(facts::HEADER, members, (self.client(), self.read_deadlines()), |member| {
            let (pool, numbers) = (self.clone(), numbers.clone());
            async move { pool.headers_of(&member, &numbers, head).await }
        })
        .await
    }

    async fn headers_of(&self, member: &Member, numbers: &[BlockNum], head: &Head) -> Result<Vec<Block>, RpcError> {
        let calls: Vec<RpcCall> = numbers.iter().map(|number| RpcCall::new(facts::HEADER, json!([number]))).collect();
        let answers = member.ask(self.client(), &calls).await?;
        let mut headers: Vec<BlockHeader> = Vec::with_capacity(numbers.len());
        for (number, answer) in numbers.iter().zip(answers) {
            let Some(header) = facts::header(&answer.map_err(RpcError::Node)?, *number)? else { break };
            headers.push(header);
        }
        let above = headers.iter().skip(1).map(|header| Some(header.previous)).chain([None]);
        let blocks: Vec<Block> = headers
            .iter()
            .zip(above)
            .zip(numbers)
            .filter_map(|((header, above), number)| named(header, above, *number, head))
            .collect();
        if blocks.is_empty() {
            return Err(RpcError::shape(facts::HEADER, "the endpoint has none of the headers up to the head"));
        }
        Ok(blocks)
    }
}

/// Gives a header its id: the one that the header above refers to, or the head's.
fn named(header: &BlockHeader, above: Option<BlockId>, number: BlockNum, head: &Head) -> Option<Block> {
    // A block of another branch at the head's height may have another producer, but then it has another time.
    let of_head = || (number == head.num() && header.time == head.time).then_some(head.id);
    Some(Block {
        id: above.or_else(of_head)?,
        previous: header.previous,
        time: header.time,
        witness: header.witness.clone(),
        signing_key: None,
        transactions: Vec::new(),
        key_changes: Vec::new(),
    })
}
