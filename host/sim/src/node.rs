//! The operator's own nodes: each holds a key of every watched witness, and may produce with it.

use dogwatch_chain::{BlockId, ChainId, PublicKey};
use dogwatch_engine::{NodeProcess, Probe, ProbeFailure, ProbeFault};

use crate::chain::branch::Side;
use crate::chain::link::{LinkId, VERSION};
use crate::chain::{ModelChain, key_of};

/// What is wrong with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeFault {
    /// Nothing listens, nothing produces.
    Crashed,
    /// Its machine has lost its power or its network: nobody hears of it any more.
    Dark,
    /// It answers with the block at which it hung.
    Hung,
    /// It syncs, so many blocks behind.
    Behind(u32),
    /// It is on a branch of its own.
    Forked,
    /// Its probe is fine, and it does not produce: it has another key loaded.
    Mute,
    /// It is up for so many slots, then down for as many.
    CrashLoop(u64),
    /// It makes every second block too late, and answers every third probe too late.
    SlowDisk,
    /// It produces, and has no API.
    PortTaken,
    /// It was frozen: it does not answer for so many slots, and then serves the old head for two more.
    Thawed(u64),
    /// It stops at the block at which others turned to a new version.
    OldVersion,
    /// It answers every other probe only.
    FlakyProbe,
    /// It says that it is on another chain.
    WrongChain,
    /// Its probe is fine, and it lets its next slots pass.
    Skips,
    /// It is on the other side of a split net.
    OtherSide,
}

/// A node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    index: u8,
    /// By the fault's number in the night: what is wrong with it, and since when. The newest counts.
    faults: Vec<(usize, NodeFault, Since)>,
    /// Since when it has shown what it shows now, because a newer fault was mended.
    shown_since: u64,
}

/// When something began.
#[derive(Clone, Copy, Debug)]
struct Since {
    slot: u64,
    stands_at: LinkId,
}

impl Node {
    pub(crate) fn new(index: u8) -> Self {
        let names = ["primary", "second", "third", "fourth"];
        let name = names.get(usize::from(index)).map_or_else(|| format!("node-{index}"), |name| (*name).to_owned());
        Self { name, index, faults: Vec::new(), shown_since: 0 }
    }

    /// The key that it holds for that witness.
    pub(crate) fn key(&self, witness: usize) -> PublicKey {
        key_of(self.index + 1, u8::try_from(witness).unwrap_or(u8::MAX))
    }

    /// Something goes wrong with it.
    pub(crate) fn strike(&mut self, number: usize, fault: NodeFault, chain: &ModelChain, slot: u64) {
        self.faults.push((number, fault, Since { slot, stands_at: chain.branch(Side::Main).tip() }));
    }

    /// That is mended.
    pub(crate) fn mend(&mut self, number: usize, slot: u64) {
        let shown = self.fault();
        self.faults.retain(|(struck, ..)| *struck != number);
        if self.fault() != shown {
            self.shown_since = slot;
        }
    }

    /// What is wrong with it now.
    pub(crate) fn fault(&self) -> Option<NodeFault> {
        self.faults.last().map(|(_, fault, _)| *fault)
    }

    fn since(&self) -> Since {
        self.faults.last().map_or(Since { slot: 0, stands_at: LinkId(0) }, |(_, _, since)| *since)
    }

    /// The side of a split net that it is on.
    pub(crate) fn side(&self) -> Side {
        match self.fault() {
            Some(NodeFault::OtherSide) => Side::Other,
            _ => Side::Main,
        }
    }

    /// Whether it would make its block in that slot.
    pub(crate) fn produces(&self, slot: u64) -> bool {
        let passed = slot.saturating_sub(self.since().slot);
        match self.fault() {
            None | Some(NodeFault::PortTaken | NodeFault::FlakyProbe | NodeFault::OtherSide) => true,
            Some(NodeFault::CrashLoop(period)) => (passed / period.max(1)) % 2 == 1,
            Some(NodeFault::SlowDisk) => slot.is_multiple_of(2),
            Some(NodeFault::Thawed(frozen)) => passed > frozen + 2,
            Some(_) => false,
        }
    }

    /// Whether it is well: it produces, and its probes are good.
    pub(crate) fn is_well(&self, chain: &ModelChain, slot: u64) -> bool {
        match self.fault() {
            None => true,
            Some(NodeFault::OtherSide) => !chain.is_split(),
            Some(NodeFault::Thawed(frozen)) => slot.saturating_sub(self.since().slot) > frozen + 12,
            Some(_) => false,
        }
    }

    /// Whether nothing has been wrong with it for so many slots.
    pub(crate) fn has_been_well(&self, slots: u64, slot: u64) -> bool {
        self.fault().is_none() && self.shown_since + slots <= slot
    }

    /// Whether a single probe shows that it is unfit. A head must be old before it tells that its node hangs.
    pub(crate) fn says_it_is_unfit(&self) -> bool {
        use NodeFault::{Crashed, Dark, PortTaken, WrongChain};
        matches!(self.fault(), Some(Crashed | Dark | PortTaken | WrongChain))
    }

    /// Since when its probes have been bad, if they have.
    pub(crate) fn unfit_since(&self) -> Option<u64> {
        use NodeFault::{Behind, Crashed, Dark, Forked, Hung, OldVersion, PortTaken, WrongChain};
        let unfit = match self.fault() {
            Some(Behind(blocks)) => blocks > 6,
            Some(Crashed | Dark | Forked | Hung | OldVersion | PortTaken | WrongChain) => true,
            _ => false,
        };
        // The newest fault hides the ones below it.
        unfit.then_some(self.since().slot.max(self.shown_since))
    }

    /// Whether nothing listens on its port in that slot.
    pub(crate) fn refuses(&self, slot: u64) -> bool {
        let passed = slot.saturating_sub(self.since().slot);
        match self.fault() {
            Some(NodeFault::Crashed | NodeFault::PortTaken) => true,
            Some(NodeFault::CrashLoop(period)) => (passed / period.max(1)).is_multiple_of(2),
            _ => false,
        }
    }

    /// Whether its process has ended, at most a moment ago.
    pub(crate) fn has_ended(&self, slot: u64) -> bool {
        use NodeFault::{CrashLoop, Crashed, PortTaken};
        // It does not come back because its machine goes, too; and what a newer fault hides was seen until a moment ago.
        let before = || self.faults.iter().any(|(_, fault, _)| matches!(fault, Crashed | PortTaken | CrashLoop(_)));
        let hidden = self.fault() == Some(NodeFault::Dark) || self.since().slot.saturating_add(1) >= slot;
        self.refuses(slot) || self.refuses(slot.saturating_sub(1)) || hidden && before()
    }

    /// Whether its own head is old, or was a moment ago.
    pub(crate) fn is_far_behind(&self, slot: u64) -> bool {
        let passed = slot.saturating_sub(self.since().slot);
        match self.fault() {
            Some(NodeFault::Behind(blocks)) => blocks > 2,
            Some(NodeFault::Hung | NodeFault::OldVersion | NodeFault::Thawed(_) | NodeFault::OtherSide) => passed > 2,
            None => self.shown_since + 2 >= slot,
            _ => false,
        }
    }

    /// Whether its process stands still.
    pub(crate) fn stalls(&self, slot: u64) -> bool {
        let passed = slot.saturating_sub(self.since().slot);
        match self.fault() {
            // It takes a moment until its machine is sure of that.
            Some(NodeFault::Hung) => passed > 1,
            Some(NodeFault::Thawed(frozen)) => passed > 1 && passed <= frozen,
            _ => false,
        }
    }

    /// What its own machine says of its process, if it says anything.
    pub(crate) fn process(&self, chain: &ModelChain, slot: u64) -> Option<NodeProcess> {
        let since = self.since().slot;
        let started = match self.fault() {
            Some(NodeFault::Dark) => return None,
            Some(NodeFault::PortTaken) => 0,
            _ if self.refuses(slot) => return Some(NodeProcess::Ended),
            _ if self.stalls(slot) => return Some(NodeProcess::Stalled),
            Some(NodeFault::CrashLoop(period)) => slot - (slot - since) % period.max(1),
            Some(_) => since,
            None => self.shown_since,
        };
        let slots = u32::try_from(slot.saturating_sub(started)).unwrap_or(u32::MAX);
        Some(NodeProcess::Running(chain.profile.slots(slots)))
    }

    /// What a probe finds.
    pub(crate) fn probe(&self, chain: &ModelChain, slot: u64) -> Result<Probe, ProbeFailure> {
        let tip = chain.head(self.side()).num();
        let (since, passed) = (self.since(), slot.saturating_sub(self.since().slot));
        let late = || Err(ProbeFailure::new(ProbeFault::Silent, "no answer within 2 s"));
        let stands_at = || chain.link(since.stands_at).head();
        let mut head = match self.fault() {
            _ if self.refuses(slot) => return Err(ProbeFailure::new(ProbeFault::Refused, "connection refused")),
            Some(NodeFault::Dark) => return late(),
            Some(NodeFault::SlowDisk) if slot.is_multiple_of(3) => return late(),
            Some(NodeFault::FlakyProbe) if (slot / 2).is_multiple_of(2) => return late(),
            Some(NodeFault::Thawed(frozen)) if passed <= frozen => return late(),
            Some(NodeFault::Thawed(frozen)) if passed <= frozen + 2 => stands_at(),
            Some(NodeFault::Hung | NodeFault::OldVersion) => stands_at(),
            Some(NodeFault::Behind(blocks)) => chain.at(self.side(), tip.saturating_sub(blocks).max(1)).head(),
            _ => chain.head(self.side()).head(),
        };
        if self.fault() == Some(NodeFault::Forked) {
            let mut bytes = *head.id.as_bytes();
            bytes[19] ^= 0xff;
            head.id = BlockId::from_bytes(bytes);
        }
        let chain_id = match self.fault() {
            Some(NodeFault::WrongChain) => ChainId::from_bytes([0xbe; 32]),
            _ => chain.profile.chain_id,
        };
        Ok(Probe { head, chain_id: Some(chain_id), version: VERSION.to_owned() })
    }
}
