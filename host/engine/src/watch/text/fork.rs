//! What the alert about a minority's branch says.

use dogwatch_alerts::{Cause, Notice, Severity};

use crate::chain::Tracker;
use crate::watch::fork::ForkSuspicion;
use crate::watch::machine::Watch;
use crate::watch::text::phrases::ENDPOINTS;

impl Watch {
    pub(in crate::watch) fn minority_fork(&self, chain: &Tracker, suspicion: &ForkSuspicion) -> Notice {
        let name = self.name();
        let head = chain.head();
        let at = head.map_or_else(String::new, |head| format!(" block {}", head.num()));
        let last =
            head.map_or_else(String::new, |head| format!(" The last irreversible block is {}.", head.irreversible));
        let (what, why) = match suspicion {
            ForkSuspicion::NodeAhead { node, at: ahead } => (
                "the endpoints may be on a minority fork",
                format!("Node {node} is at block {ahead}, the endpoints agree on{at}."),
            ),
            ForkSuspicion::OnlyNodeGoesOn { node, at: ahead } => (
                "all endpoints stand still while the chain goes on",
                format!("Node {node} is at block {ahead}, all endpoints stand at{at}."),
            ),
            ForkSuspicion::NoMajority => (
                "the endpoints may be on a minority fork",
                "Half of the witnesses or fewer have made blocks on the endpoints' branch within the last round: the \
                 others are gone, or on another branch."
                    .to_owned(),
            ),
        };
        Notice {
            command: ENDPOINTS.to_owned(),
            ..self.notice(
                Cause::MinorityFork,
                Severity::Page,
                format!("{name}: {what}"),
                format!("{why}{last} Misses on such a branch are nobody's fault: Dogwatch does not switch on them."),
                "Compare with a block explorer, and ask other witnesses. If the endpoints are on the wrong branch, add \
                 endpoints of other operators to dogwatch.toml.",
            )
        }
    }
}
