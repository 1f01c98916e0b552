//! Taking in what a node's probe found, that its process has ended, and what its own machine says.

use dogwatch_alerts::Cause;

use crate::beat::{Beat, NodeProcess};
use crate::chain::Standstill;
use crate::failure::ProbeFailure;
use crate::health::{AgreedChain, Probe, assess};
use crate::situation::{Health, NodeIndex};
use crate::watch::machine::Watch;
use crate::watch::turn::Turn;

impl Watch {
    pub(super) fn probed(&mut self, turn: &mut Turn<'_>, node: NodeIndex, result: Result<Probe, ProbeFailure>) {
        let chain_id = self.config.profile.chain_id;
        // In a standstill the endpoints agree as well, on an old block.
        let agreed = turn.chain.quorum_agrees() || turn.chain.standstill() == Standstill::AllAtTheSameBlock;
        let agreed = agreed.then(|| AgreedChain::of(turn.chain));
        let damping = self.config.damping;
        let Some(health) = self.health.get_mut(node.0) else { return };
        let shown = result.as_ref().ok().cloned();
        let assessed = assess(turn.now, result, chain_id, turn.chain.config().stale_after, agreed, health);
        if let Some(shown) = shown {
            if let Some(chain) = agreed {
                health.measure(&shown, chain);
            }
            health.note_shown(shown.head);
        }
        let changed = health.note(turn.now, damping, assessed);
        if let Some(chain) = agreed {
            health.compare(chain.log());
        }
        if changed {
            self.health_changed(turn, node);
        }
    }

    /// The node's process has ended.
    pub(super) fn gone(&mut self, turn: &mut Turn<'_>, node: NodeIndex) {
        let Some(health) = self.health.get_mut(node.0) else { return };
        let was_out = health.out_since().is_some();
        if health.note_gone(turn.now) {
            self.health_changed(turn, node);
        } else if !was_out {
            // It was unfit before; that it is proven dead is news all the same.
            self.ask(turn);
        }
    }

    /// The node's process runs again. Whether it is fit its probes tell.
    pub(super) fn back(&mut self, node: NodeIndex) {
        if let Some(health) = self.health.get_mut(node.0) {
            health.note_back();
        }
    }

    /// The node's own machine said something about it. What ails the machine is told whatever becomes of the node.
    pub(super) fn beat(&mut self, turn: &mut Turn<'_>, node: NodeIndex, beat: Beat) {
        let Some(health) = self.health.get_mut(node.0) else { return };
        let before = health.out_since();
        let changed = health.note_beat(turn.now, beat.process);
        let proof_is_new = health.out_since().is_some() && health.out_since() != before;
        let Some(name) = self.config.nodes.get(node.0).map(|node| node.name.clone()) else { return };
        match beat.trouble {
            Some(trouble) => {
                let notice = self.machine_trouble(&name, trouble);
                self.raise(turn, notice);
            }
            None => {
                let how = match beat.process {
                    NodeProcess::Running(_) => "Its machine says that all is well there.",
                    _ => "Its machine tells how the node is.",
                };
                let key = self.node_key(Cause::Beat, &name);
                self.resolve_key(turn, &key, how);
            }
        }
        if changed {
            self.health_changed(turn, node);
        } else if proof_is_new {
            self.ask(turn);
        }
    }

    fn health_changed(&mut self, turn: &mut Turn<'_>, node: NodeIndex) {
        let Some(health) = self.health.get(node.0) else { return };
        let (state, why) = (health.health(), health.unfit().map(ToString::to_string));
        let Some(name) = self.config.nodes.get(node.0).map(|node| node.name.clone()) else { return };
        match state {
            Health::Unhealthy => {
                let notice = self.node_unfit(turn.now, &name, &why.unwrap_or_default());
                self.raise(turn, notice);
            }
            Health::Healthy => {
                let key = self.node_key(Cause::Node, &name);
                self.resolve_key(turn, &key, "Its probes are good again.");
            }
            Health::Unknown => {
                let key = self.node_key(Cause::Node, &name);
                self.resolve_key(turn, &key, "Its process runs again, as its own machine says.");
            }
        }
        self.ask(turn);
    }
}
