//! Taking in what the chain shows of the witness.

use dogwatch_alerts::{AlertKey, Cause};

use crate::config::Probing;
use crate::watch::machine::Watch;
use crate::watch::turn::Turn;

impl Watch {
    pub(super) fn observed(&mut self, turn: &mut Turn<'_>) {
        // First what became of our own switch, so that its effect is not taken for somebody else's.
        self.settle(turn);
        // One endpoint alone is not believed about keys and blocks, unless it is the only one there is.
        if Self::quorum_agrees(turn.chain) {
            self.health.iter_mut().for_each(|health| health.compare(turn.chain.log()));
            self.note_counter(turn.chain);
            // The own slots before the key as well: who moved it may have had a reason, and misses are one.
            self.note_slots(turn.chain);
            let before = self.state.key;
            self.note_key(turn);
            if self.state.key != before {
                self.note_slots(turn.chain);
            }
            self.note_unseen(turn.chain);
        }
        self.note_key_split(turn.now, turn.chain);
        self.report_key_state(turn);
        self.report_participation(turn);
        self.report_fork(turn);
        self.report_misses(turn);
        self.forget_nodes(turn);
        self.ask(turn);
    }

    /// Closes the alerts about nodes that nobody probes any more.
    fn forget_nodes(&mut self, turn: &mut Turn<'_>) {
        let nodes = self.config.nodes.iter().filter(|node| node.probing == Probing::Probed);
        let keep: Vec<AlertKey> = nodes.map(|node| self.part_key(Cause::Node, &node.name)).collect();
        self.resolve_others(
            turn,
            Cause::Node,
            &keep,
            "The node is no longer in the configuration, or has no probe any more.",
        );
    }
}
