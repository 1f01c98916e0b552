//! Raising, updating and resolving the alerts of one witness.

use dogwatch_chain::Time;

use crate::alert::{AlertKey, Subject};
use crate::book::Notice;
use crate::cause::Cause;
use crate::watch::event::Command;
use crate::watch::machine::Watch;

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

    pub(super) fn raise(&mut self, now: Time, notice: Notice, out: &mut Vec<Command>) {
        let alert = self.state.alerts.raise(now, &self.config.profile.name, self.config.repeat, notice);
        out.extend(alert.map(|alert| Command::Say(Box::new(alert))));
    }

    pub(super) fn update(&mut self, now: Time, notice: Notice, out: &mut Vec<Command>) {
        let alert = self.state.alerts.update(now, &self.config.profile.name, notice);
        out.push(Command::Say(Box::new(alert)));
    }

    pub(super) fn resolve(&mut self, now: Time, cause: Cause, how: &str, out: &mut Vec<Command>) {
        self.resolve_key(now, &self.alert_key(cause), how, out);
    }

    pub(super) fn resolve_key(&mut self, now: Time, key: &AlertKey, how: &str, out: &mut Vec<Command>) {
        let alert = self.state.alerts.resolve(now, key, how);
        out.extend(alert.map(|alert| Command::Say(Box::new(alert))));
    }

    /// Closes what an earlier decision raised and this one does not.
    pub(super) fn resolve_others(
        &mut self,
        now: Time,
        cause: Cause,
        keep: &[AlertKey],
        how: &str,
        out: &mut Vec<Command>,
    ) {
        let prefix = self.part_key(cause, "").0;
        let alerts = self.state.alerts.resolve_others(now, &prefix, keep, how);
        out.extend(alerts.into_iter().map(|alert| Command::Say(Box::new(alert))));
    }
}
