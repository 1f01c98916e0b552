//! One block of the model chain, and the state after it.

use std::rc::Rc;

use dogwatch_chain::{AccountName, Block, BlockNum, Head, PublicKey, Schedule, Slot, TransactionId, WitnessState};

/// What everybody runs.
pub(crate) const VERSION: &str = "1.28.7";

/// A block's place among all that were ever made, on whatever branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkId(pub(crate) usize);

/// A place in the list of the chain's witness accounts. The watched ones come first.
pub(crate) type Account = usize;

/// Who produces in which slot, by account and by name.
#[derive(Clone, Debug)]
pub(crate) struct RoundSeats {
    pub(crate) current: Vec<Account>,
    pub(crate) future: Option<Vec<Account>>,
    pub(crate) schedule: Schedule,
}

impl RoundSeats {
    /// Whose slot that is, as long as these seats are in force.
    pub(crate) fn producer(&self, slot: u64) -> Option<Account> {
        let len = u64::try_from(self.current.len()).ok()?;
        self.current.get(usize::try_from(slot.checked_rem(len)?).ok()?).copied()
    }
}

/// A change of a watched witness's key, in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyMove {
    /// Which of the watched witnesses.
    pub(crate) witness: usize,
    pub(crate) from: PublicKey,
    pub(crate) to: PublicKey,
    /// The switch that made it; a wallet's change has none.
    pub(crate) switch: Option<TransactionId>,
}

/// What is true of a watched witness after a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Truth {
    pub(crate) key: PublicKey,
    /// The first slot that the key counts in.
    pub(crate) since: u64,
    /// Own slots missed in a row under this key while the chain went on.
    pub(crate) misses: u32,
    /// The first of them.
    pub(crate) first_miss: Option<u64>,
    /// Own slots missed altogether.
    pub(crate) total_missed: u32,
    confirmed: u32,
}

impl Truth {
    pub(crate) const fn new(key: PublicKey) -> Self {
        Self { key, since: 0, misses: 0, first_miss: None, total_missed: 0, confirmed: 0 }
    }

    /// The witness has let that slot pass. In a gap of four slots and more nobody is to blame but the chain, nor while
    /// producers wait for each other.
    pub(super) const fn missed(&mut self, slot: u64, gap: u64, waiting: bool) {
        self.total_missed += 1;
        if gap < 4 && slot >= self.since && !waiting {
            self.misses += 1;
            if self.first_miss.is_none() {
                self.first_miss = Some(slot);
            }
        }
    }

    pub(super) const fn produced(&mut self, num: u32) {
        self.confirmed = num;
        (self.misses, self.first_miss) = (0, None);
    }

    pub(super) const fn moved(&mut self, to: PublicKey, slot: u64) {
        (self.key, self.since) = (to, slot + 1);
        (self.misses, self.first_miss) = (0, None);
    }
}

/// A block, and the state after it.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) block: Block,
    pub(crate) slot: u64,
    pub(crate) account: Account,
    pub(crate) irreversible: u32,
    /// The last 128 slots: a bit each, set where there is a block.
    pub(super) recent: u128,
    pub(crate) seats: Rc<RoundSeats>,
    pub(crate) truths: Vec<Truth>,
    pub(crate) moves: Vec<KeyMove>,
}

impl Link {
    pub(crate) fn num(&self) -> u32 {
        self.block.num().0
    }

    /// How many of the last 128 slots hold a block.
    pub(crate) const fn participation(&self) -> u32 {
        self.recent.count_ones()
    }

    /// What a node says that stands here.
    pub(crate) fn head(&self) -> Head {
        Head {
            id: self.block.id,
            time: self.block.time,
            slot: Slot(self.slot),
            irreversible: BlockNum(self.irreversible),
            participation: u8::try_from(self.participation()).unwrap_or(128),
        }
    }

    /// What a node says of a watched witness that stands here.
    pub(crate) fn state_of(&self, witness: usize, name: &AccountName, signing_key: PublicKey) -> Option<WitnessState> {
        let truth = self.truths.get(witness)?;
        Some(WitnessState {
            owner: name.clone(),
            signing_key,
            total_missed: truth.total_missed,
            last_confirmed_block: BlockNum(truth.confirmed),
            running_version: VERSION.to_owned(),
        })
    }
}
