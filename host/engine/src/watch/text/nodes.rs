//! What alerts say of a node that is not fit, and of its machine.

use dogwatch_alerts::{Cause, Notice, Severity, Subject};
use dogwatch_chain::Time;

use crate::beat::MachineTrouble;
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
        let proven = health.is_some_and(|health| health.out_since().is_some());
        let duty = match self.holder() == Some(Holder::Node(node.to_owned())) {
            true if proven => {
                "It is on duty, and misses its next slot if it does not go on: the policy is asked at once."
            }
            true if health.is_some_and(|health| health.behind_since().is_some()) => {
                "It is on duty, and misses its next slot if it does not catch up: the policy is asked at once."
            }
            true => "It is on duty: Dogwatch judges it by its blocks, not by its probe.",
            false => "It is a standby: Dogwatch does not switch to it.",
        };
        let (summary, rest) = headline(&format!("{}: node {node} is not fit: {why}", self.name()), why);
        Notice {
            key: self.part_key(Cause::Node, node),
            subject: Subject::Node(self.config.witness.clone(), node.to_owned()),
            ..self.notice(
                Cause::Node,
                Severity::Warning,
                summary,
                format!("{rest}{last} {duty} {}", self.ready(now)),
                &format!("Repair node {node}, or fix its probe in dogwatch.toml."),
            )
        }
    }

    pub(in crate::watch) fn machine_trouble(&self, node: &str, trouble: MachineTrouble) -> Notice {
        Notice {
            key: self.part_key(Cause::Beat, node),
            subject: Subject::Node(self.config.witness.clone(), node.to_owned()),
            ..self.notice(
                Cause::Beat,
                Severity::Warning,
                format!("{}: node {node}: {trouble}", self.name()),
                "A failure of this node may be seen later, or come sooner.".to_owned(),
                &trouble.remedy(node),
            )
        }
    }
}
