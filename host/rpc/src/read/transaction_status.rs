//! The status of a transaction, from nodes that track it.

use dogwatch_chain::{BlockNum, TransactionId};
use futures_util::future::join_all;
use serde_json::json;

use crate::endpoint::EndpointIndex;
use crate::error::RpcError;
use crate::jsonrpc::RpcCall;
use crate::pool::{Member, Pool, ensure_right_chain};
use crate::results::Shape;

const FIND: &str = "transaction_status_api.find_transaction";

/// The status of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionStatus {
    /// The node has never seen it, or has forgotten it.
    Unknown,
    /// Pending, in no block yet.
    Pending,
    /// In a block that is still reversible.
    InBlock(BlockNum),
    /// In an irreversible block.
    Irreversible(BlockNum),
    /// It expired without a block.
    Expired,
    /// Older than what the node tracks.
    TooOld,
}

impl Pool {
    /// Asks every endpoint at once for a transaction's status. Many lack `transaction_status_api` and refuse.
    pub async fn transaction_status(
        &self,
        id: TransactionId,
    ) -> Vec<(EndpointIndex, Result<TransactionStatus, RpcError>)> {
        join_all(
            self.members().iter().map(async |member| {
                (member.index, self.client().bounded(self.transaction_status_of(member, id)).await)
            }),
        )
        .await
    }

    async fn transaction_status_of(&self, member: &Member, id: TransactionId) -> Result<TransactionStatus, RpcError> {
        ensure_right_chain(self.client(), member, self.profile()).await?;
        let call = RpcCall::new(FIND, json!({ "transaction_id": id }));
        let result = self.client().call(&member.endpoint, &call).await?;
        let result = Shape::of(FIND, &result);
        let block = || result.get("block_num")?.number().map(BlockNum);
        let status = result.get("status")?;
        Ok(match status.text()? {
            "unknown" => TransactionStatus::Unknown,
            "within_mempool" => TransactionStatus::Pending,
            "within_reversible_block" => TransactionStatus::InBlock(block()?),
            "within_irreversible_block" => TransactionStatus::Irreversible(block()?),
            "expired_reversible" | "expired_irreversible" => TransactionStatus::Expired,
            "too_old" => TransactionStatus::TooOld,
            _ => return Err(status.wrong("is not a known status")),
        })
    }
}
