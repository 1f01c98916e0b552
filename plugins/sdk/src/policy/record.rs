//! What the own slots and the past switches say about a node.

use crate::policy::{Grade, Holder, Node, Outcome, OwnSlot, Situation, SwitchOutcome};

impl Situation {
    /// A node, by its place in the operator's order.
    pub fn node(&self, index: u32) -> Option<&Node> {
        self.nodes.get(usize::try_from(index).ok()?)
    }

    /// The own slots that the node missed in a row under the present key, newest first, however far apart they are: a backup
    /// witness has one in many rounds.
    ///
    /// A slot that the whole chain missed neither counts nor interrupts. A slot of another holder ends the row: before it,
    /// the present key was not yet in use, even if its change was not seen.
    pub fn missed_in_a_row(&self, node: u32) -> Vec<u64> {
        let start = self.holder_since.unwrap_or(0);
        self.slots
            .iter()
            .rev()
            .take_while(|own| own.slot >= start && own.holder == Holder::Node(node))
            .filter(|own| own.outcome != Outcome::ChainWide)
            .take_while(|own| own.outcome == Outcome::Missed)
            .map(|own| own.slot)
            .collect()
    }

    /// The same in words: the beginning of a reason.
    pub fn misses_in_words(&self, node: u32) -> String {
        let name = self.node(node).map_or_else(|| format!("node {node}"), |node| node.name.clone());
        match self.missed_in_a_row(node).as_slice() {
            [] => format!("{name} missed no slot since its last block"),
            [slot] => format!("{name} missed 1 slot ({slot})"),
            missed @ [newest, .., oldest] => {
                format!("{name} missed {} slots in a row ({oldest} to {newest})", missed.len())
            }
        }
    }

    /// Whether it is proven that the node produces nothing: its process has ended, or stands still.
    pub fn is_proven_dead(&self, node: u32) -> bool {
        let dead = |node: &Node| node.evidence.iter().any(|it| matches!(it.grade, Grade::Gone | Grade::Stalled));
        self.node(node).is_some_and(dead)
    }

    /// Whether the node failed within so many rounds, and may fail again: the key was moved away from it, by whichever
    /// site, or it missed a slot, of this witness or of another one, and has produced no block since.
    pub fn failed_lately(&self, node: u32, rounds: u32) -> bool {
        self.moved_away(node, rounds) || self.missed_last(node, rounds)
    }

    fn missed_last(&self, node: u32, rounds: u32) -> bool {
        let start = self.view.head_slot.saturating_sub(self.slots_in(rounds));
        if self.node(node).and_then(|node| node.missed_for_others).is_some_and(|slot| slot >= start) {
            return true;
        }
        let own = |own: &&OwnSlot| own.holder == Holder::Node(node) && own.outcome != Outcome::ChainWide;
        let last = self.slots.iter().rev().find(own);
        last.is_some_and(|own| own.slot >= start && own.outcome == Outcome::Missed)
    }

    fn moved_away(&self, node: u32, rounds: u32) -> bool {
        let millis = self.slots_in(rounds).saturating_mul(self.block_interval);
        let since = self.now.saturating_sub(i64::try_from(millis).unwrap_or(i64::MAX));
        self.switches.iter().any(|switch| {
            switch.from == Holder::Node(node) && switch.outcome == SwitchOutcome::Applied && switch.at >= since
        })
    }

    fn slots_in(&self, rounds: u32) -> u64 {
        u64::from(rounds).saturating_mul(u64::from(self.round_length))
    }
}
