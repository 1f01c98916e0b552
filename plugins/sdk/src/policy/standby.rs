//! Which node to switch to.

use crate::policy::{Health, Node, Situation};

/// How many slots after its start the daemon may need to know every node's health. Waiting that long for a better node
/// costs less than switching to the second best.
const PROBE_SLOTS: u64 = 6;

/// A node that can take over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standby<'a> {
    /// Its place in the operator's order.
    pub index: u32,
    /// The node.
    pub node: &'a Node,
    /// Whether it failed lately.
    pub past: Past,
}

/// Whether a node failed lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Past {
    /// It did not.
    Clean,
    /// It did.
    Failed,
}

impl Situation {
    /// The node that should take over from `holder`: the first fit one in the operator's order, with those that failed
    /// within so many rounds last.
    pub fn standby(&self, holder: u32, rounds: u32) -> Option<Standby<'_>> {
        (0..)
            .zip(&self.nodes)
            .filter(|(index, node)| node.eligible && *index != holder)
            .map(|(index, node)| {
                let past = if self.failed_lately(index, rounds) { Past::Failed } else { Past::Clean };
                Standby { index, node, past }
            })
            // Of equals, the first wins.
            .min_by_key(|standby| standby.past)
    }

    /// A node that would be preferred to [`Situation::standby`], and whose health is not known yet: worth waiting for.
    pub fn awaited_standby(&self, holder: u32, rounds: u32) -> Option<&Node> {
        let chosen = self.standby(holder, rounds);
        let patience = self.block_interval.saturating_mul(PROBE_SLOTS);
        let better = |index: u32| match chosen {
            Some(Standby { index: chosen, past: Past::Clean, .. }) => index < chosen,
            Some(Standby { past: Past::Failed, .. }) | None => true,
        };
        let young = |node: &Node| node.health == Health::Unknown && !node.eligible && node.health_for < patience;
        let mut nodes = (0..).zip(&self.nodes).filter(|(index, _)| *index != holder && better(*index));
        nodes.find(|(index, node)| young(node) && !self.failed_lately(*index, rounds)).map(|(_, node)| node)
    }

    /// That no other node can take over, in words.
    pub fn no_standby_in_words(&self) -> String {
        match self.nodes.len().saturating_sub(1) {
            0 => "there is no other node".to_owned(),
            1 => "the other node is not fit".to_owned(),
            others => format!("none of the other {others} nodes is fit"),
        }
    }
}
