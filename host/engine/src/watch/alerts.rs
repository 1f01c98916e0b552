//! Raising, updating and resolving the alerts of one witness.

use crate::alert::{AlertKey, Subject};
use crate::book::Notice;
use crate::cause::Cause;
use crate::watch::machine::Watch;
use crate::watch::turn::Turn;

impl Watch {
    pub(super) fn alert_key(&self, cause: Cause) -> AlertKey {
        AlertKey(format!("witness/{}/{}/{cause}", self.config.profile.name, self.config.witness))
    }

    /// The key where there may be several of a kind.
    pub(super) fn part_key(&self, cause: Cause, part: &str) -> AlertKey {
        AlertKey(format!("{}/{part}", self.alert_key(cause)))
    }

    pub(super) fn subject(&self) -> Subject {
        Subject::Witness(self.config.witness.clone())
    }

    pub(super) fn raise(&mut self, turn: &mut Turn<'_>, notice: Notice) {
        let alert = self.state.alerts.raise(turn.now, &self.config.profile.name, self.config.repeat, notice);
        turn.alert(alert);
    }

    pub(super) fn update(&mut self, turn: &mut Turn<'_>, notice: Notice) {
        let alert = self.state.alerts.update(turn.now, &self.config.profile.name, notice);
        turn.alert([alert]);
    }

    pub(super) fn resolve(&mut self, turn: &mut Turn<'_>, cause: Cause, how: &str) {
        self.resolve_key(turn, &self.alert_key(cause), how);
    }

    pub(super) fn resolve_key(&mut self, turn: &mut Turn<'_>, key: &AlertKey, how: &str) {
        let alert = self.state.alerts.resolve(turn.now, key, how);
        turn.alert(alert);
    }

    /// Closes what an earlier decision raised and this one does not.
    pub(super) fn resolve_others(&mut self, turn: &mut Turn<'_>, cause: Cause, keep: &[AlertKey], how: &str) {
        let prefix = self.part_key(cause, "").0;
        let alerts = self.state.alerts.resolve_others(turn.now, &prefix, keep, how);
        turn.alert(alerts);
    }
}
