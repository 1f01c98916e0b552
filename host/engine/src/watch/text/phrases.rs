//! What several alerts have in common: who is on duty, who is ready to take over, and the command to type.

use dogwatch_alerts::{Cause, Notice, Severity};
use dogwatch_chain::{PublicKey, Time};

use crate::situation::SlotOutcome;
use crate::watch::machine::Watch;

/// The command where there is no better one.
pub(super) const STATUS: &str = "dogwatch status";

/// The command that shows which endpoints work.
pub(super) const ENDPOINTS: &str = "dogwatch endpoints --ask";

/// What the operator is to do, and the one command for it.
pub(super) struct Advice {
    pub(super) remedy: String,
    pub(super) command: String,
}

impl Advice {
    pub(super) fn new(remedy: impl Into<String>, command: impl Into<String>) -> Self {
        Self { remedy: remedy.into(), command: command.into() }
    }
}

impl Watch {
    pub(super) fn notice(
        &self,
        cause: Cause,
        severity: Severity,
        summary: String,
        details: String,
        remedy: &str,
    ) -> Notice {
        Notice {
            key: self.alert_key(cause),
            severity,
            subject: self.subject(),
            summary,
            details,
            remedy: remedy.to_owned(),
            command: STATUS.to_owned(),
        }
    }

    pub(super) fn shown(&self, key: PublicKey) -> String {
        key.display(&self.config.profile.prefix).to_string()
    }

    pub(in crate::watch) fn name(&self) -> &str {
        self.config.witness.as_str()
    }

    /// The last own slots, oldest first: `+` produced, `x` missed, `-` chain-wide.
    pub(super) fn marks(&self) -> String {
        let newest = self.state.slots.iter().rev().take(10);
        let marks: Vec<char> = newest
            .map(|record| match record.outcome {
                SlotOutcome::Produced => '+',
                SlotOutcome::Missed => 'x',
                SlotOutcome::ChainWide => '-',
            })
            .collect();
        marks.iter().rev().collect()
    }

    /// Who holds the key and the last own slots, in one line for the log.
    pub(in crate::watch) fn evidence(&self) -> String {
        let holder = self.holder().map_or_else(|| "unknown".to_owned(), |holder| holder.to_string());
        format!("holder {holder}, own slots [{}]", self.marks())
    }

    /// The same, for humans.
    pub(super) fn duty(&self) -> String {
        let holder = self.holder().map_or_else(|| "unknown".to_owned(), |holder| holder.place());
        let marks = self.marks();
        if marks.is_empty() {
            return format!("On duty: {holder}.");
        }
        format!("On duty: {holder}. Its last slots, oldest first: {marks} (+ produced, x missed).")
    }

    /// Who could take over now.
    pub(super) fn ready(&self, now: Time) -> String {
        Self::ready_of(self.standbys(now).into_iter())
    }

    /// The same, if it is these.
    pub(super) fn ready_of<'a>(standbys: impl Iterator<Item = &'a str>) -> String {
        match standbys.collect::<Vec<_>>().as_slice() {
            [] => "No standby is ready to take over.".to_owned(),
            names => format!("Ready to take over: {}.", names.join(", ")),
        }
    }

    /// The command that switches by hand to the node that the policy wants, if it is ready, else to one that is.
    pub(super) fn by_hand(&self, now: Time, wished: Option<&str>) -> Option<String> {
        let standbys = self.standbys(now);
        let node = standbys.iter().find(|name| Some(**name) == wished).or_else(|| standbys.first())?;
        Some(format!("dogwatch switch {} {node}", self.name()))
    }
}
