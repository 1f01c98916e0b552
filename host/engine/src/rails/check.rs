//! Every rail, in order: one function each over the same facts.
//!
//! To learn why a switch was refused, find the refusal's code in the table of `refusal.rs`, and its rail here.

use std::time::Duration;

use dogwatch_chain::Time;

use crate::config::{Disable, NodeConfig, Rails, Signing, Unprobed};
use crate::health::{MAX_BEHIND, Shortfall};
use crate::holder::Holder;
use crate::rails::refusal::Refusal;
use crate::situation::{Agreement, Health, Mode, NodeIndex, Verdict};
use crate::switch::{InFlight, MoveCause, Origin};

/// All that the rails look at, gathered once before.
#[derive(Clone, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) now: Time,
    pub(crate) limits: &'a Rails,
    pub(crate) mode: Mode,
    /// Who wants the switch.
    pub(crate) origin: Origin,
    /// Where the key is to go.
    pub(crate) target: &'a Holder,
    /// The target, if it is a node of the configuration.
    pub(crate) candidate: Option<Candidate<'a>>,
    /// Until when automatic switches are paused, if they still are.
    pub(crate) paused_until: Option<Time>,
    /// The switch under way, if there is one.
    pub(crate) in_flight: Option<&'a InFlight>,
    pub(crate) verdict: Verdict,
    pub(crate) agreement: Agreement,
    /// The age of the newest block known.
    pub(crate) head_age: Duration,
    /// The age from which a head is stale.
    pub(crate) stale_after: Duration,
    /// For how long the endpoints have shown another signing key than the one on chain, if they do.
    pub(crate) key_split_for: Option<Duration>,
    /// For how long a switch, ours or somebody else's, may be pending.
    pub(crate) expiration: Duration,
    /// Who holds the key on chain, once that is known.
    pub(crate) holder: Option<Holder>,
    /// Whether the holder's private key is loaded.
    pub(crate) signing: Signing,
    /// The switches of the past that took effect, whoever made them.
    pub(crate) switches: Vec<PastMove>,
    /// When the switches of the past were forgotten, if they were.
    pub(crate) history_lost: Option<Time>,
    pub(crate) next_slot: UpcomingSlot,
    pub(crate) duty: Duty,
}

impl Facts<'_> {
    /// Whether an operator has asked for this very switch, or for the one that it takes back.
    fn is_ordered(&self) -> bool {
        matches!(self.origin, Origin::Operator | Origin::Planned)
    }
}

/// Whether the node on duty can make the next own block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Nothing proves that it cannot.
    Able,
    /// Its process has ended.
    Dead,
}

/// What is known of the next own slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpcomingSlot {
    /// It begins in this time.
    In(Duration),
    /// It is none of the scheduled slots, and the first slot that is not scheduled yet begins in this time.
    UnknownFrom(Duration),
    /// No schedule is known.
    Unknown,
}

/// A switch of the past that took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PastMove {
    /// When it was decided; when it was seen, if it was decided elsewhere.
    pub(crate) at: Time,
    pub(crate) cause: MoveCause,
}

/// A node that the key may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate<'a> {
    pub(crate) node: &'a str,
    pub(crate) health: Health,
    /// What the last probe found wrong.
    pub(crate) unfit: Option<String>,
    /// Whether it has shown a block of the endpoints' since its last bad probe.
    pub(crate) on_their_branch: bool,
    pub(crate) last_good_probe: Option<Time>,
    /// How old its head was then.
    pub(crate) head_was: Duration,
    /// What it was short of at the last probe that it answered.
    pub(crate) short: Shortfall,
    pub(crate) unprobed: Unprobed,
}

/// A rail: what it has against the switch, if anything.
type Rail = fn(&Facts<'_>) -> Option<Refusal>;

/// All rails, in the order in which refusals are listed.
const RAILS: &[Rail] = &[
    one_at_a_time,
    armed,
    not_paused,
    this_witness_alone,
    endpoints_agree,
    fresh_head,
    one_signing_key,
    known_key,
    not_disabled,
    somewhere_else,
    key_to_sign_with,
    known_target,
    fit_candidate,
    may_disable,
    known_history,
    within_budget,
    cooled_down,
    own_slot_far,
];

/// What stands in the way of the switch: nothing, and it may be made.
pub(crate) fn check(facts: &Facts<'_>) -> Vec<Refusal> {
    RAILS.iter().filter_map(|rail| rail(facts)).collect()
}

/// The node that a policy names by its number: before that is known there is no target for the rails to judge.
pub(crate) fn named_node(nodes: &[NodeConfig], index: NodeIndex) -> Result<Holder, Refusal> {
    let node = nodes.get(index.0).ok_or(Refusal::NoSuchNode(index.0))?;
    Ok(Holder::Node(node.name.clone()))
}

/// One switch at a time.
fn one_at_a_time(facts: &Facts<'_>) -> Option<Refusal> {
    facts.in_flight.map(|_| Refusal::UnderWay)
}

/// Mode "observe" switches nothing, unless an operator forces it.
fn armed(facts: &Facts<'_>) -> Option<Refusal> {
    (facts.mode == Mode::Observe).then_some(Refusal::Observing)
}

/// A pause holds back what happens by itself, not the operator.
fn not_paused(facts: &Facts<'_>) -> Option<Refusal> {
    let until = facts.paused_until.filter(|_| !facts.is_ordered())?;
    Some(Refusal::Paused { until })
}

/// A policy may switch only when this witness misses blocks and the chain goes on. An operator knows why.
fn this_witness_alone(facts: &Facts<'_>) -> Option<Refusal> {
    let idle = facts.origin == Origin::Policy && facts.verdict != Verdict::Me;
    idle.then_some(Refusal::Verdict(facts.verdict))
}

/// The quorum must show one fresh chain.
fn endpoints_agree(facts: &Facts<'_>) -> Option<Refusal> {
    match facts.agreement {
        Agreement::Agreed | Agreement::Single => None,
        other => Some(Refusal::NotAgreed(other)),
    }
}

/// It must also be fresh now: the endpoints may not have been heard for a while.
fn fresh_head(facts: &Facts<'_>) -> Option<Refusal> {
    (facts.head_age > facts.stale_after).then_some(Refusal::StaleView(facts.head_age))
}

/// The key that the switch replaces must be the one on chain now. Somebody else's switch is pending until it expires:
/// a split that lasts longer has another reason, and does not pass by itself.
fn one_signing_key(facts: &Facts<'_>) -> Option<Refusal> {
    let split_for = facts.key_split_for?;
    Some(if split_for > facts.expiration { Refusal::LastingKeySplit } else { Refusal::KeySplit })
}

/// Somebody who set a key that Dogwatch does not know is at work, and nobody here can sign with it.
fn known_key(facts: &Facts<'_>) -> Option<Refusal> {
    matches!(facts.holder, None | Some(Holder::Foreign)).then_some(Refusal::ForeignKey)
}

/// Nobody can sign with the null key.
fn not_disabled(facts: &Facts<'_>) -> Option<Refusal> {
    (facts.holder == Some(Holder::Disabled)).then_some(Refusal::NullKey)
}

/// The key must move.
fn somewhere_else(facts: &Facts<'_>) -> Option<Refusal> {
    match facts.target {
        Holder::Node(name) if facts.holder.as_ref() == Some(facts.target) => Some(Refusal::AlreadyThere(name.clone())),
        _ => None,
    }
}

/// The holder's private key signs the switch.
fn key_to_sign_with(facts: &Facts<'_>) -> Option<Refusal> {
    match &facts.holder {
        Some(Holder::Node(name)) if facts.signing == Signing::Missing => Some(Refusal::NoSigningKey(name.clone())),
        _ => None,
    }
}

/// The target must be a node of the configuration, or the null key.
fn known_target(facts: &Facts<'_>) -> Option<Refusal> {
    match facts.target {
        Holder::Node(_) if facts.candidate.is_some() => None,
        Holder::Disabled => None,
        Holder::Node(_) | Holder::Foreign => Some(Refusal::NoNodeNamed(facts.target.to_string())),
    }
}

/// A node must be fit, and known to be so.
fn fit_candidate(facts: &Facts<'_>) -> Option<Refusal> {
    facts.candidate.as_ref()?.unfit_for_duty(facts.now, facts.limits)
}

impl Candidate<'_> {
    /// What the probes have against it.
    pub(crate) fn unfit_for_duty(&self, now: Time, limits: &Rails) -> Option<Refusal> {
        let node = self.node.to_owned();
        // One bad probe does not make a node unhealthy, but nobody moves the key to a node that has just failed one.
        if let Some(why) = &self.unfit {
            return Some(Refusal::Unfit { node, why: why.clone() });
        }
        match (self.health, self.unprobed) {
            (Health::Unhealthy, _) => {
                let why = "it has had too few good probes since it failed".to_owned();
                Some(Refusal::Unfit { node, why })
            }
            (Health::Unknown, Unprobed::Allowed) => None,
            (Health::Unknown, Unprobed::Refused) => Some(Refusal::Unproven(node)),
            (Health::Healthy, _) => {
                let age = self.last_good_probe.map_or(Duration::MAX, |at| now.since(at));
                if age > limits.candidate_fresh {
                    return Some(Refusal::ProbeStale { node, age });
                }
                // It stood still with the chain, and has not shown yet that it goes on with it.
                if self.head_was > limits.candidate_fresh {
                    let why = format!("its last good probe showed a head that was {} s old", self.head_was.as_secs());
                    return Some(Refusal::Unfit { node, why });
                }
                if let Some(why) = self.short_of() {
                    return Some(Refusal::Unfit { node, why });
                }
                let why = "it has shown none of the endpoints' blocks since its last bad probe".to_owned();
                (!self.on_their_branch).then_some(Refusal::Unfit { node, why })
            }
        }
    }
}

impl Candidate<'_> {
    /// What it is short of. A block or two is the difference between one moment and the next.
    fn short_of(&self) -> Option<String> {
        match self.short {
            Shortfall { version: Some((own, majority)), .. } => Some(format!(
                "it runs version {own} and most witnesses run {majority}: it may not know the chain's rules"
            )),
            Shortfall { blocks, .. } if blocks > MAX_BEHIND => {
                Some(format!("it is {blocks} blocks behind the endpoints"))
            }
            Shortfall { .. } => None,
        }
    }
}

/// The null key needs the operator's word: coming back from it needs the account's active key.
fn may_disable(facts: &Facts<'_>) -> Option<Refusal> {
    let forbidden = *facts.target == Holder::Disabled && facts.limits.disable == Disable::Never;
    forbidden.then_some(Refusal::DisableNotAllowed)
}

/// Switches that nobody remembers may have spent the budget: it counts as spent until none of them could count any more.
fn known_history(facts: &Facts<'_>) -> Option<Refusal> {
    let until = facts.history_lost?.plus(facts.limits.budget_window);
    (!facts.is_ordered() && facts.now < until).then_some(Refusal::HistoryLost { until })
}

/// Only so many switches in a while that a failure made necessary. A switch that an operator planned is not among them,
/// and neither is an attempt that never got into a block: that cost nothing but time.
fn within_budget(facts: &Facts<'_>) -> Option<Refusal> {
    let Rails { budget, budget_window, .. } = *facts.limits;
    let counts = |past: &&PastMove| past.cause == MoveCause::Failure && facts.now.since(past.at) < budget_window;
    let recent = facts.switches.iter().filter(counts).count();
    let spent = u32::try_from(recent).unwrap_or(u32::MAX);
    (spent >= budget).then_some(Refusal::Budget { spent, allowed: budget, window: budget_window })
}

/// The new node must have had its chance to produce. One that the key went back to, and that missed it, has had it.
fn cooled_down(facts: &Facts<'_>) -> Option<Refusal> {
    if matches!(facts.origin, Origin::Failback | Origin::Planned) && facts.verdict == Verdict::Me {
        return None;
    }
    let last = facts.switches.iter().map(|past| past.at).max()?;
    let left = facts.limits.cool_down.saturating_sub(facts.now.since(last));
    (left > Duration::ZERO).then_some(Refusal::CoolDown { left })
}

/// A switch in flight during the own slot costs that block. On Steem the next round is scheduled with its first block:
/// until then its first slots may be the own one. A dead node makes no block that a switch could cost.
fn own_slot_far(facts: &Facts<'_>) -> Option<Refusal> {
    if facts.duty == Duty::Dead {
        return None;
    }
    let near = |starts_in: &Duration| *starts_in < facts.limits.own_slot_guard;
    match facts.next_slot {
        UpcomingSlot::In(starts_in) => near(&starts_in).then_some(Refusal::OwnSlotNear { starts_in }),
        UpcomingSlot::UnknownFrom(starts_in) => near(&starts_in).then_some(Refusal::NextRoundNear { starts_in }),
        UpcomingSlot::Unknown => None,
    }
}

#[cfg(test)]
mod tests;
