//! Taking in what a node's probe found.

use dogwatch_chain::Time;

use crate::cause::Cause;
use crate::chain::{Standstill, Tracker};
use crate::health::{Probe, assess};
use crate::situation::{Health, NodeIndex};
use crate::watch::event::Command;
use crate::watch::machine::Watch;

impl Watch {
    pub(super) fn probed(
        &mut self,
        now: Time,
        tracker: &Tracker,
        node: NodeIndex,
        result: Result<Probe, String>,
        out: &mut Vec<Command>,
    ) {
        let chain_id = self.config.profile.chain_id;
        // In a standstill the endpoints agree as well, on an old block.
        let agreed = Self::well(tracker) || tracker.standstill() == Standstill::AllAtTheSameBlock;
        let log = agreed.then(|| tracker.log());
        let assessed = assess(now, result, chain_id, tracker.config().stale_after, log);
        let damping = self.config.damping;
        let Some(health) = self.health.get_mut(node.0) else { return };
        if !health.note(now, damping, assessed) {
            return;
        }
        let (state, why) = (health.health(), health.unfit().map(ToString::to_string));
        let Some(name) = self.config.nodes.get(node.0).map(|node| node.name.clone()) else { return };
        match state {
            Health::Unhealthy => {
                let notice = self.node_unfit(now, &name, &why.unwrap_or_default());
                self.raise(now, notice, out);
            }
            Health::Healthy => {
                let key = self.part_key(Cause::Node, &name);
                self.resolve_key(now, &key, "Its probes are good again.", out);
            }
            Health::Unknown => {}
        }
        self.ask(now, tracker, out);
    }
}
