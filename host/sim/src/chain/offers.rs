//! Key changes that producers know of and no block holds yet.

use dogwatch_chain::{BlockId, PublicKey, Time, TransactionId};
use dogwatch_engine::SwitchPlan;

/// A key change that waits for a block.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    /// Which of the watched witnesses.
    pub(crate) witness: usize,
    pub(crate) to: PublicKey,
    /// What a switch needs to be valid. A wallet signs with the owner's own key, and needs nothing.
    pub(crate) condition: Option<SwitchTerms>,
    /// The first slot whose producer knows it.
    pub(crate) ready: u64,
}

/// What must be true for a switch to enter a block.
#[derive(Clone, Debug)]
pub(crate) struct SwitchTerms {
    pub(crate) id: TransactionId,
    pub(crate) from: PublicKey,
    pub(crate) expiration: Time,
    pub(crate) reference: BlockId,
}

impl Offer {
    pub(crate) fn of_plan(witness: usize, plan: &SwitchPlan, id: TransactionId, ready: u64) -> Self {
        let condition = SwitchTerms { id, from: plan.from_key, expiration: plan.expiration, reference: plan.reference };
        Self { witness, to: plan.to_key, condition: Some(condition), ready }
    }

    pub(crate) fn id(&self) -> Option<TransactionId> {
        self.condition.as_ref().map(|condition| condition.id)
    }
}
