//! Taking in what the chain shows of the witness.

use dogwatch_alerts::{AlertKey, Cause};

use crate::config::{Beats, NodeConfig, Probing};
use crate::watch::machine::Watch;
use crate::watch::turn::Turn;

impl Watch {
    pub(super) fn observed(&mut self, turn: &mut Turn<'_>) {
        // First what became of our own switch, so that its effect is not taken for somebody else's.
        self.settle(turn);
        // One endpoint alone is not believed about keys and blocks, unless it is the only one there is.
        if turn.chain.quorum_agrees() {
            // It was noted by this machine's clock, which may have been ahead.
            self.state.history_lost = self.state.history_lost.map(|lost| lost.min(turn.now));
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
        self.fail_back(turn);
        self.ask(turn);
    }

    /// Closes the alerts about nodes of which nobody hears any more.
    fn forget_nodes(&mut self, turn: &mut Turn<'_>) {
        let heard = |node: &&NodeConfig| node.probing == Probing::Probed || node.beats == Beats::Expected;
        let beats = |node: &&NodeConfig| node.beats == Beats::Expected;
        let keys = |cause, of: &dyn Fn(&&NodeConfig) -> bool| -> Vec<AlertKey> {
            self.config.nodes.iter().filter(of).map(|node| self.node_key(cause, &node.name)).collect()
        };
        let (nodes, machines) = (keys(Cause::Node, &heard), keys(Cause::Beat, &beats));
        let how = "The node is no longer in the configuration, or has no probe any more.";
        self.resolve_others(turn, Cause::Node, &nodes, how);
        let how = "The node is no longer in the configuration, or no beats are expected from it any more.";
        self.resolve_others(turn, Cause::Beat, &machines, how);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::situation::Mode;
    use crate::watch::scene::Scene;

    #[test]
    fn a_history_that_was_lost_by_a_clock_that_was_ahead() {
        let mut scene = Scene::new(Mode::Armed);
        let now = scene.now();
        scene.watch.state.history_lost = Some(now.plus(Duration::from_hours(2)));
        scene.run(1);
        assert_eq!(scene.watch.state.history_lost, Some(scene.now()));
        let noted = scene.now();
        scene.run(3);
        assert_eq!(scene.watch.state.history_lost, Some(noted), "after that it stays");
    }
}
