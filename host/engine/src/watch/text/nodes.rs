//! What alerts say of a node that is not fit, and of its machine.

use dogwatch_alerts::{Cause, Notice, Severity, Subject};
use dogwatch_chain::Time;

use crate::beat::MachineTrouble;
use crate::config::Sharing;
use crate::holder::Holder;
use crate::time::utc;
use crate::watch::machine::Watch;
use crate::watch::text::line::headline;

impl Watch {
    pub(in crate::watch) fn node_unfit(&self, now: Time, node: &str, why: &str) -> Notice {
        let health = self.node_index(node).and_then(|index| self.health(index));
        let last = match health.and_then(|health| health.last_good()) {
            Some(at) => format!("Its last good probe was at {}.", utc(at)),
            None => "It has had no good probe since Dogwatch started.".to_owned(),
        };
        let (summary, rest) = headline(&format!("{}node {node} is not fit: {why}", self.whose(node)), why);
        let details = match self.is_shared(node) {
            true => format!("{rest}{last}"),
            false => format!("{rest}{last} {}", self.stake(now, Cause::Node, node)),
        };
        self.about_node(
            node,
            Cause::Node,
            summary,
            details,
            &format!("Repair node {node}, or fix its probe in dogwatch.toml."),
        )
    }

    pub(in crate::watch) fn machine_trouble(&self, node: &str, trouble: MachineTrouble) -> Notice {
        self.about_node(
            node,
            Cause::Beat,
            format!("{}node {node}: {trouble}", self.whose(node)),
            "A failure of this node may be seen later, or come sooner.".to_owned(),
            &trouble.remedy(node),
        )
    }

    /// What a node's trouble means for this witness.
    pub(in crate::watch) fn stake(&self, now: Time, cause: Cause, node: &str) -> String {
        let health = self.node_index(node).and_then(|index| self.health(index));
        let duty = match self.holder() == Some(Holder::Node(node.to_owned())) {
            true if cause == Cause::Beat => return "It is on duty.".to_owned(),
            false if cause == Cause::Beat => return "It is a standby.".to_owned(),
            true if health.is_some_and(|health| health.out_since().is_some()) => {
                "It is on duty, and misses its next slot if it does not go on: the policy is asked at once."
            }
            true if health.is_some_and(|health| health.behind_since().is_some()) => {
                "It is on duty, and misses its next slot if it does not catch up: the policy is asked at once."
            }
            true => "It is on duty: Dogwatch judges it by its blocks, not by its probe.",
            false => "It is a standby: Dogwatch does not switch to it.",
        };
        format!("{duty} {}", Self::ready_of(self.standbys(now).into_iter().filter(|standby| *standby != node)))
    }

    fn about_node(&self, node: &str, cause: Cause, summary: String, details: String, remedy: &str) -> Notice {
        let subject = match self.is_shared(node) {
            true => Subject::SharedNode(self.config.profile.name.clone(), node.to_owned()),
            false => Subject::Node(self.config.witness.clone(), node.to_owned()),
        };
        let key = self.node_key(cause, node);
        Notice { key, subject, ..self.notice(cause, Severity::Warning, summary, details, remedy) }
    }

    /// The beginning of a summary: a node that witnesses share is none's.
    fn whose(&self, node: &str) -> String {
        if self.is_shared(node) { String::new() } else { format!("{}: ", self.name()) }
    }

    fn is_shared(&self, node: &str) -> bool {
        self.node(node).is_some_and(|node| node.sharing == Sharing::Shared)
    }
}
