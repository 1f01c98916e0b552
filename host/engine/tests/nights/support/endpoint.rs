//! Public endpoints, each with its own view of the chain.

use dogwatch_chain::{Block, BlockId, BlockNum, PublicKey, Time};
use dogwatch_engine::{EndpointReading, ReadFailure, Reading, ServerDate, SwitchPlan};

use super::chain::Chain;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Well,
    Dead,
    /// Stands still at the block it had when this began.
    Frozen,
    /// So many blocks behind.
    Lagging(usize),
    /// On a branch of its own; the number tells branches apart.
    Forked(u8),
    /// Says it is so many blocks ahead.
    Ahead(u8),
    /// Right in all but the witness's key.
    WrongKey,
    /// Says there is no such witness.
    NoWitness,
    /// Reads well, takes transactions and does not pass them on.
    Swallows,
    /// Reads well, and refuses every transaction.
    Refuses,
    /// On the branch of the minority.
    Minority,
    /// Shows the round with its first witness as its last.
    WrongSchedule,
}

#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) name: String,
    pub(crate) view: View,
    /// Whether its answers have a `Date`.
    pub(crate) dated: bool,
    frozen_at: usize,
}

pub(crate) enum Taken {
    Accepted,
    Mismatch,
    Trouble(&'static str),
}

impl Endpoint {
    pub(crate) fn new(n: usize) -> Self {
        Self { name: format!("endpoint-{n}"), view: View::Well, dated: true, frozen_at: 0 }
    }

    pub(crate) fn turn(&mut self, view: View, chain: &Chain) {
        self.view = view;
        self.frozen_at = chain.links.len();
    }

    fn height(&self, chain: &Chain) -> usize {
        let top = chain.links.len();
        match self.view {
            View::Frozen => self.frozen_at.min(top),
            View::Lagging(n) => top.saturating_sub(n).max(1),
            _ => top,
        }
    }

    fn bent(&self, id: BlockId) -> BlockId {
        let mut bytes = *id.as_bytes();
        match self.view {
            View::Forked(branch) => bytes[7] ^= branch | 0x80,
            View::Ahead(n) => {
                bytes[..4].copy_from_slice(&(id.num().0 + u32::from(n)).to_be_bytes());
                bytes[9] ^= 0xff;
            }
            _ => {}
        }
        BlockId::from_bytes(bytes)
    }

    /// Its answer, which arrives when the clock over there shows `now` and the one here shows `received`.
    pub(crate) fn read(&self, chain: &Chain, now: Time, received: Time) -> EndpointReading {
        let alive = self.view != View::Dead;
        let result = if alive { Ok(self.reading(chain)) } else { Err(ReadFailure::new("connection refused")) };
        let date = ServerDate { date: Time::from_millis(now.as_millis() / 1000 * 1000), asked: received, received };
        let date = (alive && self.dated).then_some(date);
        EndpointReading { endpoint: self.name.clone(), operator: self.name.clone(), date, result }
    }

    fn reading(&self, chain: &Chain) -> Reading {
        let link = &chain.links[self.height(chain) - 1];
        let mut head = chain.head_at(link);
        head.id = self.bent(head.id);
        if let View::Ahead(n) = self.view {
            head.time = head.time.plus(chain.profile.slots(u32::from(n)));
            head.slot = head.slot.plus(u64::from(n));
        }
        let key = match self.view {
            View::WrongKey => super::chain::key(199),
            View::Frozen | View::Lagging(_) => link.key,
            _ => chain.pending_key(),
        };
        let witness = (self.view != View::NoWitness).then(|| chain.witness_at(link, key));
        let mut schedule = chain.schedule_at(link);
        if self.view == View::WrongSchedule {
            schedule.current.rotate_left(1);
            schedule.future.iter_mut().for_each(|future| future.rotate_left(1));
        }
        Reading { head, schedule, witnesses: vec![witness] }
    }

    pub(crate) fn blocks(&self, chain: &Chain, from: BlockNum, to: BlockNum) -> Vec<Block> {
        if self.view == View::Dead {
            return Vec::new();
        }
        let blocks = chain.links[..self.height(chain)].iter().map(|link| link.block.clone());
        let wanted = blocks.filter(|block| (from..=to).contains(&block.num()));
        let forked = matches!(self.view, View::Forked(_));
        wanted
            .map(|block| {
                if !forked {
                    return block;
                }
                Block { id: self.bent(block.id), previous: self.bent(block.previous), ..block }
            })
            .collect()
    }

    pub(crate) fn offer(&self, chain: &mut Chain, plan: &SwitchPlan, ready: u64) -> Taken {
        match self.view {
            View::Dead => Taken::Trouble("connection refused"),
            View::Refuses => Taken::Trouble("missing required other authority"),
            View::Swallows | View::Frozen | View::Forked(_) | View::Ahead(_) | View::Minority => Taken::Accepted,
            View::Well | View::Lagging(_) | View::WrongKey | View::NoWitness | View::WrongSchedule => {
                match chain.offer(plan, ready) {
                    Ok(()) => Taken::Accepted,
                    Err(()) => Taken::Mismatch,
                }
            }
        }
    }
}

/// The key that no node of the configuration has, as the operator sets it by hand.
pub(crate) fn foreign() -> PublicKey {
    super::chain::key(200)
}
