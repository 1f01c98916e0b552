//! Who takes over: what policies have in common once they have decided that the key must move.

use crate::policy::{Action, Alert, Decision, Health, Holder, Node, Severity, Situation, Verdict};
use crate::settings::reader::Reader;

/// How many slots after its start the daemon may need to know every node's health. Waiting that long for a better node
/// costs less than switching to the second best.
const PROBE_SLOTS: u64 = 6;

/// The alert that stays open while the present node fails and nothing can take over.
const NO_STANDBY: &str = "no-standby";

/// The settings about who takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Succession {
    /// For how many rounds a node that failed is the last choice.
    pub window_rounds: u32,
    /// What to do when no node is left.
    pub when_exhausted: WhenExhausted,
}

/// What to do when the present node fails and no other one is fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenExhausted {
    /// Page the operator, and let the witness go on missing blocks.
    Page,
    /// Disable the witness: it stops missing blocks, and the operator enables it again.
    Disable,
}

/// A node that can take over.
#[derive(Clone, Copy, Debug)]
struct Standby<'a> {
    index: u32,
    node: &'a Node,
    past: Past,
}

/// Whether a node failed within the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Past {
    Clean,
    Failed,
}

impl Succession {
    /// Reads `window-rounds` and `disable-when-exhausted`.
    pub fn read(read: &mut Reader<'_>) -> Self {
        let window_rounds = read
            .integer("window-rounds", "Rounds for which a node that failed is the last choice.")
            .range(1..=10_000)
            .or(10);
        let disable = read
            .flag("disable-when-exhausted", "Disable the witness when its node fails and no other is fit.")
            .or(false);
        let when_exhausted = if disable { WhenExhausted::Disable } else { WhenExhausted::Page };
        Self { window_rounds, when_exhausted }
    }

    /// Moves the key to the first fit node in the operator's order; those that failed within the window come last. After a
    /// start it waits a moment for the first probes of a better one. If none is fit, it pages.
    ///
    /// `case` says why the key must move from node `holder`: the reason begins with it.
    pub fn switch(&self, situation: &Situation, holder: u32, case: &str, memory: &[u8]) -> Decision {
        let standby = self.standby(situation, holder);
        if let Some(awaited) = self.awaited(situation, holder, standby) {
            let reason = format!("{case}; waiting for the first probes of {}", awaited.name);
            return Decision { ask_again: Some(situation.block_interval), ..Decision::stay(reason, memory) };
        }
        let Some(Standby { index, node: Node { name, .. }, past }) = standby else {
            return self.exhausted(situation, case, memory);
        };
        let reason = match past {
            Past::Clean => format!("{case}; {name} is the next fit node"),
            Past::Failed => {
                let rounds = self.window_rounds;
                format!("{case}; {name} failed within the last {rounds} rounds too, and no other node is fit")
            }
        };
        Decision { action: Action::SwitchTo(index), ..Decision::stay(reason, memory) }
    }

    /// The first fit node, with those that failed recently last.
    fn standby<'a>(&self, situation: &'a Situation, holder: u32) -> Option<Standby<'a>> {
        (0..)
            .zip(&situation.nodes)
            .filter(|(index, node)| node.eligible && *index != holder)
            .map(|(index, node)| {
                let failed = situation.failed_lately(index, self.window_rounds);
                Standby { index, node, past: if failed { Past::Failed } else { Past::Clean } }
            })
            // Of equals, the first wins.
            .min_by_key(|standby| standby.past)
    }

    /// A node that would be preferred, and whose health is not known yet.
    fn awaited<'a>(&self, situation: &'a Situation, holder: u32, chosen: Option<Standby<'_>>) -> Option<&'a Node> {
        let patience = situation.block_interval.saturating_mul(PROBE_SLOTS);
        let better = |index: u32| match chosen {
            Some(Standby { index: chosen, past: Past::Clean, .. }) => index < chosen,
            Some(Standby { past: Past::Failed, .. }) | None => true,
        };
        let young = |node: &Node| node.health == Health::Unknown && !node.eligible && node.health_for < patience;
        let mut nodes = (0..).zip(&situation.nodes).filter(|(index, _)| *index != holder && better(*index));
        nodes
            .find(|(index, node)| young(node) && !situation.failed_lately(*index, self.window_rounds))
            .map(|(_, node)| node)
    }

    /// Nothing can take over.
    fn exhausted(&self, situation: &Situation, case: &str, memory: &[u8]) -> Decision {
        let others = situation.nodes.len().saturating_sub(1);
        let none = match others {
            0 => "there is no other node".to_owned(),
            1 => "the other node is not fit".to_owned(),
            _ => format!("none of the other {others} nodes is fit"),
        };
        let (action, consequence) = match self.when_exhausted {
            WhenExhausted::Page => (Action::Stay, "the key stays where it is"),
            WhenExhausted::Disable => (Action::Disable, "disabling the witness, as disable-when-exhausted asks"),
        };
        let alert = Alert {
            id: NO_STANDBY.to_owned(),
            severity: Severity::Page,
            summary: format!("no healthy standby for {}: {case}; {none}", situation.witness),
        };
        Decision { action, alerts: vec![alert], ..Decision::stay(format!("{case}; {none}; {consequence}"), memory) }
    }
}

impl Situation {
    /// The node that holds the key; or in words why there is nothing to decide about one.
    ///
    /// # Errors
    ///
    /// A switch is under way, or no node of the configuration holds the key.
    pub fn node_on_duty(&self) -> Result<u32, &'static str> {
        match self.holder {
            _ if self.switching => Err("a switch is under way"),
            Holder::Node(holder) => Ok(holder),
            Holder::Disabled => Err("the witness is disabled"),
            Holder::Foreign => Err("the key on chain is not in the configuration: an operator is at work"),
        }
    }

    /// Why nobody may be blamed, in words. `None` if the node on duty is.
    pub fn nobody_to_blame(&self) -> Option<&'static str> {
        match self.verdict {
            Verdict::Me => None,
            Verdict::Fine => Some("nothing is wrong on chain"),
            Verdict::Chain => Some("the chain itself is in trouble, which no switch cures"),
            Verdict::CannotTell => Some("the view of the chain is too poor to blame the node"),
        }
    }
}
