//! Blocks, and the states they lead to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use dogwatch_chain::{
    AccountName, BlockId, BlockNum, FutureSchedule, PublicKey, SecretKey, SignedTransaction, Slot, Time, TransactionId,
};
use sha2::{Digest as _, Sha256};

use crate::check;
use crate::config::Irreversible;
use crate::schedule::draw_round;
use crate::setup::Setup;
use crate::state::{Rounds, State};

/// A block as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) id: BlockId,
    pub(crate) previous: BlockId,
    pub(crate) time: Time,
    pub(crate) witness: AccountName,
    pub(crate) signing_key: PublicKey,
    pub(crate) signature: String,
    pub(crate) merkle: [u8; 20],
    pub(crate) transactions: Vec<(TransactionId, Arc<SignedTransaction>)>,
}

/// Where a transaction is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inclusion {
    pub(crate) block: BlockNum,
    pub(crate) index: usize,
    pub(crate) expiration: Time,
}

/// One chain of blocks: the main one, or the fork of a node that lies.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    /// Block `n` is at `n - 1`.
    blocks: Vec<Arc<Block>>,
    /// The last states, the head's at the back. Never empty.
    states: VecDeque<Arc<State>>,
    head: Arc<State>,
    included: BTreeMap<TransactionId, Inclusion>,
    salt: u64,
}

/// How many states are kept for nodes that fall behind.
const STATES: usize = 256;

/// Who makes a block, when and of what.
#[derive(Debug)]
pub(crate) struct Making<'a> {
    pub(crate) slot: Slot,
    pub(crate) time: Time,
    pub(crate) witness: &'a AccountName,
    pub(crate) key: &'a SecretKey,
    pub(crate) transactions: Vec<(TransactionId, Arc<SignedTransaction>)>,
}

impl Ledger {
    pub(crate) fn new(genesis: State) -> Self {
        let head = Arc::new(genesis);
        Self { blocks: Vec::new(), states: VecDeque::from([head.clone()]), head, included: BTreeMap::new(), salt: 0 }
    }

    /// A fork from here on: other ids, and another key for the watched witnesses.
    pub(crate) fn fork(&self, salt: u64, watched: &[AccountName], key: PublicKey) -> Self {
        let mut fork = Self { salt, ..self.clone() };
        let mut head = State::clone(&fork.head);
        for name in watched {
            if let Some(witness) = head.witnesses.get_mut(name) {
                witness.signing_key = key;
            }
        }
        fork.set_head(head);
        fork
    }

    pub(crate) fn head(&self) -> &Arc<State> {
        &self.head
    }

    /// The state of so many blocks ago, as far back as states are kept.
    pub(crate) fn ago(&self, blocks: u32) -> Arc<State> {
        let back = usize::try_from(blocks).unwrap_or(usize::MAX);
        let at = self.states.len().saturating_sub(1).saturating_sub(back);
        self.states.get(at).unwrap_or(&self.head).clone()
    }

    pub(crate) fn block(&self, num: BlockNum) -> Option<&Arc<Block>> {
        self.blocks.get(usize::try_from(num.0.checked_sub(1)?).ok()?)
    }

    /// Where a transaction is, as a node at that head sees it.
    pub(crate) fn inclusion(&self, id: &TransactionId, head: &State) -> Option<Inclusion> {
        self.included.get(id).copied().filter(|inclusion| inclusion.block <= head.head.num())
    }

    /// The id of the newest block up to that head whose number ends in these bits; zeros when there is none yet.
    pub(crate) fn reference(&self, ref_block_num: u16, head: &State) -> BlockId {
        let top = head.head.num().0;
        let distance = u32::from((top as u16).wrapping_sub(ref_block_num));
        top.checked_sub(distance).and_then(|num| self.block(BlockNum(num))).map(|block| block.id).unwrap_or_default()
    }

    /// Adds a block with those of the transactions that still hold, and says which signing keys it changed.
    pub(crate) fn produce(&mut self, setup: &Setup, mut making: Making<'_>) -> Vec<check::KeyChange> {
        let before = self.head.clone();
        let num = before.head.num().next();
        let mut state = State::clone(&before);
        let mut changes = Vec::new();
        let mut transactions = Vec::new();
        for (id, signed) in std::mem::take(&mut making.transactions) {
            // A producer leaves out what has expired by the time of its block.
            if signed.transaction.expiration < making.time {
                continue;
            }
            // The pool was checked against this very head; a transaction that fails here is left out all the same.
            if let Ok(changed) = check::admit(setup, self, &mut state, &signed, id, self.known(&id, &before)) {
                changes.extend(changed);
                transactions.push((id, signed));
            }
        }
        state.count_missed(making.slot, making.witness);
        let merkle = merkle(&transactions);
        let id = self.block_id(num, &making, merkle);
        let signing_key = making.key.public_key();
        let digest: [u8; 32] = Sha256::digest(id.as_bytes()).into();
        let signature = making.key.sign(digest).map(|signature| signature.to_hex()).unwrap_or_default();
        for (index, (trx, signed)) in transactions.iter().enumerate() {
            let inclusion = Inclusion { block: num, index, expiration: signed.transaction.expiration };
            self.included.insert(*trx, inclusion);
        }
        self.blocks.push(Arc::new(Block {
            id,
            previous: before.head,
            time: making.time,
            witness: making.witness.clone(),
            signing_key,
            signature,
            merkle,
            transactions,
        }));
        if let Some(witness) = state.witnesses.get_mut(making.witness) {
            witness.last_slot = making.slot;
            witness.last_block = num;
        }
        state.head = id;
        state.time = making.time;
        state.slot = making.slot;
        state.producer = Some(making.witness.clone());
        let settled = match setup.irreversible {
            Irreversible::OneBlock => num,
            Irreversible::Lag => num.back(setup.profile.round_length.saturating_mul(2).div_euclid(3)),
        };
        state.irreversible = state.irreversible.max(settled);
        shuffle(setup, &mut state, num);
        self.set_head(state);
        changes
    }

    /// Whether a transaction is in a block and could still be sent again.
    pub(crate) fn known(&self, id: &TransactionId, head: &State) -> bool {
        self.inclusion(id, head).is_some_and(|inclusion| inclusion.expiration >= head.time)
    }

    fn set_head(&mut self, state: State) {
        self.head = Arc::new(state);
        if self.states.len() >= STATES {
            self.states.pop_front();
        }
        self.states.push_back(self.head.clone());
    }

    fn block_id(&self, num: BlockNum, making: &Making<'_>, merkle: [u8; 20]) -> BlockId {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(self.head.head.as_bytes())
            .chain_update(making.slot.0.to_le_bytes())
            .chain_update(making.time.as_millis().to_le_bytes())
            .chain_update(making.witness.as_str())
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

fn shuffle(setup: &Setup, state: &mut State, num: BlockNum) {
    let length = setup.profile.round_length;
    if num.0.checked_rem(length) != Some(0) {
        return;
    }
    let drawn = draw_round(&state.witnesses, length, setup.seed, u64::from(num.0));
    let old = &state.rounds;
    // With every witness disabled a chain stops for good; a devnet keeps its last schedule.
    let drawn = if drawn.is_empty() { old.current.clone() } else { drawn };
    let (current, future) = match (setup.profile.future_schedule, &old.future) {
        (FutureSchedule::Published, Some(next)) => (next.clone(), Some(drawn)),
        _ => (drawn, None),
    };
    state.rounds = Arc::new(Rounds { current, future, next_shuffle: BlockNum(num.0.saturating_add(length)) });
}

/// Zeros for no transactions, as in a real block; otherwise a digest of their ids.
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
