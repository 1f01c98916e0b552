//! Raising, updating and resolving the alerts of one witness.

use dogwatch_alerts::{AlertKey, Cause, Notice, Scope, Subject};

use crate::config::Sharing;
use crate::watch::machine::Watch;
use crate::watch::turn::Turn;

impl Watch {
    fn scope(&self) -> Scope {
        Scope::witness(&self.config.profile.name, self.config.witness.as_str())
    }

    pub(super) fn alert_key(&self, cause: Cause) -> AlertKey {
        AlertKey::new(self.scope(), cause)
    }

    /// The key where there may be several of a kind.
    pub(super) fn part_key(&self, cause: Cause, part: &str) -> AlertKey {
        AlertKey::part(self.scope(), cause, part)
    }

    /// The key of an alert about a node. Of a node that witnesses share it is the same for all of them.
    pub(super) fn node_key(&self, cause: Cause, node: &str) -> AlertKey {
        match self.node(node).map(|node| node.sharing) {
            Some(Sharing::Shared) => AlertKey::new(Scope::node(&self.config.profile.name, node), cause),
            Some(Sharing::Own) | None => self.part_key(cause, node),
        }
    }

    pub(super) fn subject(&self) -> Subject {
        Subject::Witness(self.config.witness.clone())
    }

    pub(super) fn raise(&mut self, turn: &mut Turn<'_>, notice: Notice) {
        let report = self.state.alerts.raise(turn.now, notice);
        turn.report(report);
    }

    pub(super) fn update(&mut self, turn: &mut Turn<'_>, notice: Notice) {
        let report = self.state.alerts.update(turn.now, notice);
        turn.report([report]);
    }

    pub(super) fn resolve(&mut self, turn: &mut Turn<'_>, cause: Cause, how: &str) {
        self.resolve_key(turn, &self.alert_key(cause), how);
    }

    pub(super) fn resolve_key(&mut self, turn: &mut Turn<'_>, key: &AlertKey, how: &str) {
        let report = self.state.alerts.resolve(turn.now, key, how);
        turn.report(report);
    }

    /// Closes what an earlier decision raised and this one does not.
    pub(super) fn resolve_others(&mut self, turn: &mut Turn<'_>, cause: Cause, keep: &[AlertKey], how: &str) {
        let reports = self.state.alerts.resolve_others(turn.now, cause, keep, how);
        turn.report(reports);
    }
}
