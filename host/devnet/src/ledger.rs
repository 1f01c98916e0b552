//! One chain: its blocks, its last states, and how a block is added.

use std::collections::VecDeque;
use std::sync::Arc;

use dogwatch_chain::{
    AccountName, BlockId, BlockNum, PublicKey, SecretKey, SignedTransaction, Slot, Time, TransactionId,
};
use sha2::{Digest as _, Sha256};

use crate::config::Irreversible;
use crate::rules::{AppliedKeyChange, Seen, admit};
use crate::setup::Setup;
use crate::state::{ChainState, StoredBlock, StoredBlocks, shuffle};

/// Whether enough witnesses build on a chain to make its blocks irreversible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Builders {
    Most,
    Few,
}

/// How many states are kept, for nodes that fall behind.
const STATES: usize = 256;

/// One chain of blocks: the main one, that of a minority, or the fork of a lying node.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    blocks: StoredBlocks,
    /// The last states, with the head's at the back. Never empty.
    states: VecDeque<Arc<ChainState>>,
    head: Arc<ChainState>,
    /// Makes the block ids of a fork differ from those of the main chain.
    salt: u64,
    builders: Builders,
}

/// What the next block is made of.
#[derive(Debug)]
pub(crate) struct BlockTemplate<'a> {
    pub(crate) slot: Slot,
    pub(crate) time: Time,
    pub(crate) witness: &'a AccountName,
    pub(crate) key: &'a SecretKey,
    pub(crate) transactions: Vec<(TransactionId, Arc<SignedTransaction>)>,
}

impl Ledger {
    pub(crate) fn new(genesis: ChainState) -> Self {
        let head = Arc::new(genesis);
        Self {
            blocks: StoredBlocks::default(),
            states: VecDeque::from([head.clone()]),
            head,
            salt: 0,
            builders: Builders::Most,
        }
    }

    /// A fork that starts here: other block ids, and another signing key for the watched witnesses.
    pub(crate) fn fork(&self, salt: u64, watched: &[AccountName], key: PublicKey) -> Self {
        let mut fork = Self { salt, ..self.clone() };
        let mut head = ChainState::clone(&fork.head);
        for name in watched {
            if let Some(witness) = head.witnesses.get_mut(name) {
                witness.signing_key = key;
            }
        }
        fork.set_head(head);
        fork
    }

    /// A branch that starts here, of a few witnesses.
    pub(crate) fn branch_of_few(&self) -> Self {
        Self { builders: Builders::Few, ..self.clone() }
    }

    pub(crate) fn blocks(&self) -> &StoredBlocks {
        &self.blocks
    }

    pub(crate) fn head(&self) -> &Arc<ChainState> {
        &self.head
    }

    /// The state `blocks` blocks ago, or the oldest one kept.
    pub(crate) fn ago(&self, blocks: u32) -> Arc<ChainState> {
        let back = usize::try_from(blocks).unwrap_or(usize::MAX);
        let at = self.states.len().saturating_sub(1).saturating_sub(back);
        self.states.get(at).unwrap_or(&self.head).clone()
    }

    /// Adds a block with those of the transactions that are still valid, and returns the signing keys it changed.
    pub(crate) fn produce(&mut self, setup: &Setup, mut template: BlockTemplate<'_>) -> Vec<AppliedKeyChange> {
        let before = self.head.clone();
        let num = before.head.num().next();
        let mut state = ChainState::clone(&before);
        let mut changes = Vec::new();
        let mut transactions = Vec::new();
        for (id, signed) in std::mem::take(&mut template.transactions) {
            // A producer leaves out transactions that have expired by its block's time.
            if signed.transaction.expiration < template.time {
                continue;
            }
            // The mempool was checked against this very head, but other transactions may now come first.
            let seen = Seen::before(self.blocks.is_known(&id, &before));
            if let Ok(changed) = admit(setup, &self.blocks, &mut state, &signed, id, seen) {
                changes.extend(changed);
                transactions.push((id, signed));
            }
        }
        state.count_missed(template.slot, template.witness);
        let merkle = merkle(&transactions);
        let id = self.block_id(num, &template, merkle);
        let signing_key = template.key.public_key();
        let digest: [u8; 32] = Sha256::digest(id.as_bytes()).into();
        let signature = template.key.sign(digest).map(|signature| signature.to_hex()).unwrap_or_default();
        self.blocks.push(StoredBlock {
            id,
            previous: before.head,
            time: template.time,
            witness: template.witness.clone(),
            signing_key,
            signature,
            merkle,
            transactions,
        });
        if let Some(witness) = state.witnesses.get_mut(template.witness) {
            witness.last_slot = template.slot;
            witness.last_block = num;
        }
        state.head = id;
        state.time = template.time;
        state.slot = template.slot;
        state.producer = Some(template.witness.clone());
        let settled = match (self.builders, setup.irreversible) {
            (Builders::Few, _) => state.irreversible,
            (Builders::Most, Irreversible::OneBlock) => num,
            (Builders::Most, Irreversible::Lag) => num.back(setup.profile.round_length.saturating_mul(2).div_euclid(3)),
        };
        state.irreversible = state.irreversible.max(settled);
        shuffle(setup, &mut state, num);
        self.set_head(state);
        changes
    }

    fn set_head(&mut self, state: ChainState) {
        self.head = Arc::new(state);
        if self.states.len() >= STATES {
            self.states.pop_front();
        }
        self.states.push_back(self.head.clone());
    }

    fn block_id(&self, num: BlockNum, template: &BlockTemplate<'_>, merkle: [u8; 20]) -> BlockId {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(self.head.head.as_bytes())
            .chain_update(template.slot.0.to_le_bytes())
            .chain_update(template.time.as_millis().to_le_bytes())
            .chain_update(template.witness.as_str())
            .chain_update(merkle)
            .chain_update(self.salt.to_le_bytes())
            .finalize()
            .into();
        let mut id = [0; 20];
        for (to, from) in id.iter_mut().zip(num.0.to_be_bytes().into_iter().chain(digest)) {
            *to = from;
        }
        BlockId::from_bytes(id)
    }
}

/// A digest of the transactions' ids; zeros if there are none, as in a real block.
fn merkle(transactions: &[(TransactionId, Arc<SignedTransaction>)]) -> [u8; 20] {
    let mut root = [0; 20];
    if !transactions.is_empty() {
        let mut hasher = Sha256::new();
        for (id, _) in transactions {
            hasher.update(id.to_string());
        }
        let digest: [u8; 32] = hasher.finalize().into();
        for (to, from) in root.iter_mut().zip(digest) {
            *to = from;
        }
    }
    root
}
