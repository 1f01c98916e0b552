//! The pending transactions of one node, and the state with them applied.

use std::sync::Arc;

use dogwatch_chain::{SignedTransaction, TransactionId};

use crate::error_reply::ErrorReply;
use crate::ledger::Ledger;
use crate::rules::{Seen, admit};
use crate::setup::Setup;
use crate::state::ChainState;

/// One node's pending transactions.
#[derive(Clone, Debug)]
pub(crate) struct Mempool {
    pending: Vec<(TransactionId, Arc<SignedTransaction>)>,
    state: ChainState,
}

impl Mempool {
    /// An empty mempool on that head.
    pub(crate) fn new(head: &ChainState) -> Self {
        Self { pending: Vec::new(), state: head.clone() }
    }

    /// The head's state with the pending transactions applied. Nodes answer reads from it.
    pub(crate) fn state(&self) -> &ChainState {
        &self.state
    }

    pub(crate) fn transactions(&self) -> &[(TransactionId, Arc<SignedTransaction>)] {
        &self.pending
    }

    pub(crate) fn contains(&self, id: &TransactionId) -> bool {
        self.pending.iter().any(|(pending, _)| pending == id)
    }

    /// Adds a transaction, if it is valid on top of those already here.
    pub(crate) fn push(
        &mut self,
        setup: &Setup,
        ledger: &Ledger,
        id: TransactionId,
        signed: Arc<SignedTransaction>,
    ) -> Result<(), ErrorReply> {
        let seen = Seen::before(self.contains(&id) || ledger.blocks().is_known(&id, &self.state));
        admit(setup, ledger.blocks(), &mut self.state, &signed, id, seen)?;
        self.pending.push((id, signed));
        Ok(())
    }

    /// Starts over from a new head. Transactions that are in a block, expired or invalid there are dropped silently.
    pub(crate) fn rebase(&mut self, setup: &Setup, ledger: &Ledger) {
        let pending = std::mem::take(&mut self.pending);
        self.state = ChainState::clone(ledger.head());
        for (id, signed) in pending {
            if self.push(setup, ledger, id, signed).is_err() {
                tracing::debug!(%id, "a transaction is dropped from a mempool");
            }
        }
    }
}
