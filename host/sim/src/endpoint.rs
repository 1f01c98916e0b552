//! Endpoints: proxies that show the chain, well or badly.

use std::collections::VecDeque;

use dogwatch_chain::{Block, BlockId, BlockNum, PublicKey};
use dogwatch_engine::{EndpointReading, ReadFailure, Reading};
use rand::Rng as _;
use rand::rngs::SmallRng;

use crate::chain::branch::Side;
use crate::chain::link::{Link, LinkId};
use crate::chain::offers::Offer;
use crate::chain::{ModelChain, key_of};
use crate::site::process::FRESH;

/// What is wrong with an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndpointFault {
    /// It refuses connections.
    Down,
    /// Up for so many slots, then down for as many.
    Flaps(u64),
    /// It stands still at the block it had when this began.
    Frozen,
    /// So many blocks behind.
    Lags(u32),
    /// It answers from a cache that is filled anew every so many slots.
    Cached(u64),
    /// On a branch of its own. Those with the same number are on the same.
    Forked(u8),
    /// It says that it is so many blocks ahead.
    Ahead(u32),
    /// It shows a key that nobody has.
    WrongKey,
    /// It shows the key from so many slots ago.
    StaleKey(u32),
    /// It knows no such witness.
    NoWitness,
    /// It names the wrong producers.
    LyingSchedule,
    /// Its schedule is the one of the next round, too early.
    TornSchedule,
    /// So many percent of its answers are lost or come too late.
    Loses(u32),
    /// Its answers come in the wrong order.
    Reorders,
    /// It delivers heads and no blocks.
    NoBlocks,
    /// It delivers heads and the headers of blocks, and no blocks.
    NoBodies,
    /// It takes transactions and does not pass them on.
    Swallows,
    /// It refuses every transaction.
    Refuses,
    /// On the other side of a split net.
    OtherSide,
}

/// What became of a transaction that an endpoint was handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Accepted,
    KeyMismatch,
    Trouble(&'static str),
}

/// An endpoint.
#[derive(Clone, Debug)]
pub(crate) struct ModelEndpoint {
    pub(crate) name: String,
    pub(crate) operator: String,
    /// By the fault's number in the night: what is wrong with it, and since when. The newest counts.
    faults: Vec<(usize, EndpointFault, (u64, LinkId))>,
    answers: VecDeque<Reading>,
}

impl ModelEndpoint {
    pub(crate) fn new(index: usize, operator: usize) -> Self {
        Self {
            name: format!("endpoint-{index}"),
            operator: format!("operator-{operator}"),
            faults: Vec::new(),
            answers: VecDeque::new(),
        }
    }

    /// Something goes wrong with it.
    pub(crate) fn strike(&mut self, number: usize, fault: EndpointFault, chain: &ModelChain, slot: u64) {
        self.faults.push((number, fault, (slot, chain.branch(Side::Main).tip())));
    }

    /// That is mended.
    pub(crate) fn mend(&mut self, number: usize) {
        self.faults.retain(|(struck, ..)| *struck != number);
    }

    /// What is wrong with it now.
    pub(crate) fn fault(&self) -> Option<EndpointFault> {
        self.faults.last().map(|(_, fault, _)| *fault)
    }

    fn since(&self) -> (u64, LinkId) {
        self.faults.last().map_or((0, LinkId(0)), |(_, _, since)| *since)
    }

    fn side(&self) -> Side {
        match self.fault() {
            Some(EndpointFault::OtherSide) => Side::Other,
            _ => Side::Main,
        }
    }

    /// What it is to whoever counts the witness's votes of confidence: right in everything, silent, or wrong in something.
    pub(crate) fn worth(&self, chain: &ModelChain) -> Worth {
        match self.fault() {
            None => Worth::Right,
            Some(EndpointFault::OtherSide) if !chain.is_split() => Worth::Right,
            Some(EndpointFault::Down) => Worth::Silent,
            Some(_) => Worth::Wrong,
        }
    }

    fn is_down(&self, slot: u64) -> bool {
        match self.fault() {
            Some(EndpointFault::Down) => true,
            Some(EndpointFault::Flaps(period)) => ((slot - self.since().0) / period.max(1)).is_multiple_of(2),
            _ => false,
        }
    }

    /// Whether it is on a branch that nobody else has.
    pub(crate) fn is_alone(&self) -> bool {
        matches!(self.fault(), Some(EndpointFault::Forked(_)))
    }

    /// Whether it shows the head of its branch, or one that is some slots old.
    pub(crate) fn shows_a_fresh_head(&self, chain: &ModelChain, slot: u64) -> bool {
        !self.is_down(slot) && self.stands_at(chain, slot).slot + u64::from(FRESH) >= slot
    }

    /// The block that it stands at.
    fn stands_at<'a>(&self, chain: &'a ModelChain, slot: u64) -> &'a Link {
        let tip = chain.head(self.side());
        let height = match self.fault() {
            Some(EndpointFault::Frozen) => return chain.link(self.since().1),
            Some(EndpointFault::Lags(blocks)) => tip.num().saturating_sub(blocks).max(1),
            Some(EndpointFault::Cached(slots)) => {
                let age = u32::try_from((slot - self.since().0) % slots.max(1)).unwrap_or(u32::MAX);
                tip.num().saturating_sub(age).max(1)
            }
            _ => tip.num(),
        };
        chain.at(self.side(), height.min(tip.num()))
    }

    fn bent(&self, id: BlockId) -> BlockId {
        let mut bytes = *id.as_bytes();
        match self.fault() {
            Some(EndpointFault::Forked(branch)) => bytes[17] ^= branch | 0x80,
            Some(EndpointFault::Ahead(blocks)) => {
                let num = id.num().0.saturating_add(blocks).to_be_bytes();
                for (to, from) in bytes.iter_mut().zip(num) {
                    *to = from;
                }
                bytes[18] ^= 0xff;
            }
            _ => {}
        }
        BlockId::from_bytes(bytes)
    }

    /// Its answer to a poll in that slot.
    pub(crate) fn read(&mut self, chain: &ModelChain, slot: u64, rng: &mut SmallRng) -> EndpointReading {
        let (endpoint, operator) = (self.name.clone(), self.operator.clone());
        EndpointReading { endpoint, operator, date: None, result: self.answer(chain, slot, rng) }
    }

    fn answer(&mut self, chain: &ModelChain, slot: u64, rng: &mut SmallRng) -> Result<Reading, ReadFailure> {
        if self.is_down(slot) {
            return Err(ReadFailure::new("connection refused"));
        }
        match self.fault() {
            Some(EndpointFault::Loses(percent)) if rng.random_range(0..100) < percent => {
                return Err(ReadFailure::new("no answer within 2 s"));
            }
            Some(EndpointFault::Reorders) => {
                self.answers.push_back(self.reading(chain, slot));
                let newest = self.answers.len() - 1;
                let reading = self.answers.remove(rng.random_range(0..=newest));
                self.answers.truncate(2);
                return reading.ok_or_else(|| ReadFailure::new("no answer"));
            }
            _ => {}
        }
        Ok(self.reading(chain, slot))
    }

    fn reading(&self, chain: &ModelChain, slot: u64) -> Reading {
        let link = self.stands_at(chain, slot);
        let mut head = link.head();
        head.id = self.bent(head.id);
        if let Some(EndpointFault::Ahead(blocks)) = self.fault() {
            head.time = head.time.plus(chain.profile.slots(blocks));
            head.slot = head.slot.plus(u64::from(blocks));
        }
        let mut schedule = link.seats.schedule.clone();
        match self.fault() {
            Some(EndpointFault::LyingSchedule) => schedule.current.reverse(),
            Some(EndpointFault::TornSchedule) => {
                if let Some(future) = schedule.future.take() {
                    schedule.current = future;
                }
            }
            _ => {}
        }
        let names = chain.elections.names.iter().enumerate().take(link.truths.len());
        let witnesses = names.map(|(witness, name)| {
            let key = self.shown_key(chain, link, witness)?;
            link.state_of(witness, name, key)
        });
        Reading { head, schedule, witnesses: witnesses.collect() }
    }

    /// The key that it shows: with what is pending applied, where it stands at the head.
    fn shown_key(&self, chain: &ModelChain, link: &Link, witness: usize) -> Option<PublicKey> {
        match self.fault() {
            Some(EndpointFault::NoWitness) => None,
            Some(EndpointFault::WrongKey) => Some(key_of(199, 0)),
            Some(EndpointFault::StaleKey(blocks)) => {
                let then = chain.at(self.side(), link.num().saturating_sub(blocks).max(1));
                then.truths.get(witness).map(|truth| truth.key)
            }
            Some(EndpointFault::Frozen | EndpointFault::Lags(_) | EndpointFault::Cached(_)) => {
                link.truths.get(witness).map(|truth| truth.key)
            }
            _ => chain.pending_key(self.side(), witness),
        }
    }

    /// The blocks that it delivers.
    pub(crate) fn blocks(&self, chain: &ModelChain, slot: u64, from: BlockNum, to: BlockNum) -> Vec<Block> {
        if self.is_down(slot) || self.fault() == Some(EndpointFault::NoBlocks) {
            return Vec::new();
        }
        let top = self.stands_at(chain, slot).num();
        let forked = self.is_alone();
        let blocks = (from.0.max(1)..=to.0.min(top)).map(|num| chain.at(self.side(), num).block.clone());
        let bent = |block: Block| match forked {
            true => Block { id: self.bent(block.id), previous: self.bent(block.previous), ..block },
            false => block,
        };
        // Only the header says who produced; whose key signed it, and what it holds, only the block says.
        let read = |block: Block| match self.fault() {
            Some(EndpointFault::NoBodies) => {
                Block { signing_key: None, transactions: Vec::new(), key_changes: Vec::new(), ..block }
            }
            _ => block,
        };
        blocks.map(bent).map(read).collect()
    }

    /// Offers it a key change.
    pub(crate) fn offer(&self, chain: &mut ModelChain, slot: u64, offer: Offer) -> Taken {
        if self.is_down(slot) {
            return Taken::Trouble("connection refused");
        }
        match self.fault() {
            Some(EndpointFault::Refuses) => Taken::Trouble("missing required other authority"),
            Some(
                EndpointFault::Swallows | EndpointFault::Frozen | EndpointFault::Forked(_) | EndpointFault::Ahead(_),
            ) => Taken::Accepted,
            _ => match chain.offer(self.side(), offer) {
                Ok(()) => Taken::Accepted,
                Err(_) => Taken::KeyMismatch,
            },
        }
    }
}

/// What an endpoint is worth to a watcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    /// It is right in everything.
    Right,
    /// It says nothing.
    Silent,
    /// It is wrong in something.
    Wrong,
}
