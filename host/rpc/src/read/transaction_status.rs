//! Where a transaction is, for nodes that keep track.

use dogwatch_chain::{BlockNum, TransactionId};
use futures_util::future::join_all;
use serde_json::json;

use crate::endpoint::EndpointIndex;
use crate::error::RpcError;
use crate::jsonrpc::RpcCall;
use crate::pool::{Member, Pool, ensure_right_chain};
use crate::results::Shape;

const FIND: &str = "transaction_status_api.find_transaction";

/// Where a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionStatus {
    /// The node never saw it, or forgot it.
    Unknown,
    /// Pending.
    Pending,
    /// In a block that may yet be undone.
    InBlock(BlockNum),
    /// In a block for good.
    Irreversible(BlockNum),
    /// It expired without a block.
    Expired,
    /// Older than the node looks back.
    TooOld,
}

impl Pool {
    /// Asks every endpoint at once where a transaction is. Many lack `transaction_status_api` and refuse.
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
            _ => return Err(status.wrong("is none that is known")),
        })
    }
}
