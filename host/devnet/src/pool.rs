//! The transactions that one node holds, and the state as it would be with them.

use std::sync::Arc;

use dogwatch_chain::{SignedTransaction, TransactionId};

use crate::check;
use crate::error::NodeError;
use crate::ledger::Ledger;
use crate::setup::Setup;
use crate::state::State;

/// One node's pending transactions.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pending: Vec<(TransactionId, Arc<SignedTransaction>)>,
    state: State,
}

impl Pool {
    /// An empty pool on that head.
    pub(crate) fn new(head: &State) -> Self {
        Self { pending: Vec::new(), state: head.clone() }
    }

    /// The head's state with what is pending applied: what nodes answer reads from.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn transactions(&self) -> &[(TransactionId, Arc<SignedTransaction>)] {
        &self.pending
    }

    pub(crate) fn contains(&self, id: &TransactionId) -> bool {
        self.pending.iter().any(|(pending, _)| pending == id)
    }

    /// Takes a transaction, if it holds on top of those already here.
    pub(crate) fn push(
        &mut self,
        setup: &Setup,
        ledger: &Ledger,
        id: TransactionId,
        signed: Arc<SignedTransaction>,
    ) -> Result<(), NodeError> {
        let known = self.contains(&id) || ledger.known(&id, &self.state);
        check::admit(setup, ledger, &mut self.state, &signed, id, known)?;
        self.pending.push((id, signed));
        Ok(())
    }

    /// Starts over from a new head: what is in a block, expired or refused there is dropped. Nobody is told.
    pub(crate) fn rebase(&mut self, setup: &Setup, ledger: &Ledger) {
        let pending = std::mem::take(&mut self.pending);
        self.state = State::clone(ledger.head());
        for (id, signed) in pending {
            if self.push(setup, ledger, id, signed).is_err() {
                tracing::debug!(%id, "dropped from a pool");
            }
        }
    }
}
