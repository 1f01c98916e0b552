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
        let compare = "Compare with a block explorer, and ask other witnesses. If the endpoints are on the wrong branch, add \
                       endpoints of other operators to dogwatch.toml.";
        let only_proven =
            "Dogwatch switches only on misses that most witnesses have built on: a minority fork has none.";
        let (what, why, next, remedy) = match suspicion {
            ForkSuspicion::NodeAhead { node, at: ahead } => (
                "the endpoints may be on a minority fork",
                format!("Node {node} is at block {ahead}, and the endpoints agree on{at}."),
                only_proven,
                compare,
            ),
            ForkSuspicion::OnlyNodeGoesOn { node, at: ahead } => (
                "all endpoints stand still while the chain goes on",
                format!("Node {node} is at block {ahead}, and all endpoints stand at{at}."),
                "Dogwatch cannot see missed blocks and will not switch.",
                "Look at a block explorer. If the chain goes on, add endpoints of other operators to dogwatch.toml. Until \
                 then watch the witness yourself.",
            ),
            ForkSuspicion::NoMajority => (
                "the endpoints may be on a minority fork",
                "Half of the witnesses or fewer have made a block on the endpoints' branch within the last round: the \
                 others are down, or on another branch."
                    .to_owned(),
                only_proven,
                compare,
            ),
        };
        Notice {
            command: ENDPOINTS.to_owned(),
            ..self.notice(
                Cause::MinorityFork,
                Severity::Page,
                format!("{name}: {what}"),
                format!("{why}{last} {next}"),
                remedy,
            )
        }
    }
}
