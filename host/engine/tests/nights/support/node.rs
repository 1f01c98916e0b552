//! The watched witness's own nodes.

use std::time::Duration;

use dogwatch_chain::{BlockId, PublicKey, Time};
use dogwatch_engine::{Probe, ProbeFailure, ProbeFault};

use super::chain::Chain;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Well,
    /// Nothing listens.
    Crashed,
    /// It answers with the block at which it hung.
    Hung,
    /// It answers, and syncs far behind.
    Behind,
    /// It is on a branch of its own.
    Forked,
    /// Its probe is fine, and it does not produce: it has another key, say.
    Mute,
    /// It produces, and another program has its port.
    Unreachable,
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) key: PublicKey,
    pub(crate) condition: Condition,
    /// Own slots that it will let pass although it is well.
    pub(crate) skips: u32,
    hung_at: usize,
    pub(crate) unfit_since: Option<Time>,
}

impl Node {
    pub(crate) fn new(name: &str, key: PublicKey) -> Self {
        Self { name: name.to_owned(), key, condition: Condition::Well, skips: 0, hung_at: 0, unfit_since: None }
    }

    pub(crate) fn turn(&mut self, condition: Condition, chain: &Chain, now: Time) {
        self.condition = condition;
        self.hung_at = chain.links.len();
        let fit = matches!(condition, Condition::Well | Condition::Mute);
        self.unfit_since = if fit { None } else { self.unfit_since.or(Some(now)) };
    }

    pub(crate) fn produces(&self) -> bool {
        matches!(self.condition, Condition::Well | Condition::Unreachable) && self.skips == 0
    }

    pub(crate) fn probe(&self, chain: &Chain) -> Result<Probe, ProbeFailure> {
        let top = chain.links.len();
        let link = match self.condition {
            Condition::Crashed => return Err(ProbeFailure::new(ProbeFault::Refused, "connection refused")),
            Condition::Unreachable => return Err(ProbeFailure::new(ProbeFault::Unusable, "HTTP status 404")),
            Condition::Well | Condition::Mute => top,
            Condition::Hung => self.hung_at.min(top),
            Condition::Behind => top.saturating_sub(40),
            Condition::Forked => top.saturating_sub(3),
        };
        let link = &chain.links[link.max(1) - 1];
        let mut head = chain.head_at(link);
        if self.condition == Condition::Forked {
            let mut bytes = *head.id.as_bytes();
            bytes[12] ^= 0xff;
            head.id = BlockId::from_bytes(bytes);
            head.time = head.time.plus(Duration::from_millis(1));
        }
        Ok(Probe { head, chain_id: Some(chain.profile.chain_id), version: "1.28.7".to_owned() })
    }
}
