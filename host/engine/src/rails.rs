//! The rails: what no policy, and without `--force` no operator, can pass.

use std::time::Duration;

use dogwatch_chain::Time;

use crate::alert::{Severity, utc};
use crate::situation::{Agreement, Health, Verdict};

/// The limits of one witness's rails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rails {
    /// Switches allowed within `budget_window`.
    pub budget: u32,
    /// The window of the budget.
    pub budget_window: Duration,
    /// How long after a switch the next may follow: the new node must have had its chance to produce.
    pub cool_down: Duration,
    /// No broadcast when the own slot is this near: producers pick their key from pending state, so a swap in
    /// flight during the own slot costs that block (steemit/steem#28, bitshares-core#125).
    pub own_slot_guard: Duration,
    /// Below this many of the last 128 slots filled, the chain itself is in trouble.
    pub min_participation: u8,
    /// A candidate's last good probe must be younger than this.
    pub candidate_fresh: Duration,
    /// Whether the witness may be disabled.
    pub disable: Disable,
}

/// Whether the null key is an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disable {
    /// Never: coming back needs the account's active key.
    Never,
    /// The operator said so for this witness.
    Allowed,
}

/// Whether `--force` passes a rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Nothing passes it.
    Hard,
    /// An operator's `--force` does.
    Soft,
}

/// Why a switch was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Mode is observe.
    #[error("mode is \"observe\": Dogwatch watches and does not act")]
    Observing,
    /// The operator has paused automatic switches.
    #[error("automatic switches are paused until {}", utc(*.until))]
    Paused {
        /// Until when.
        until: Time,
    },
    /// Another switch is on its way.
    #[error("another switch is on its way")]
    UnderWay,
    /// The endpoints do not give one fresh picture.
    #[error("the chain's state is not fresh and agreed: {}", lacking(*.0))]
    NotAgreed(Agreement),
    /// The head is old.
    #[error("{}", stale(*.0))]
    StaleView(Duration),
    /// The endpoints show different signing keys.
    #[error("the endpoints do not agree on the signing key")]
    KeySplit,
    /// The key on chain is of nobody in the configuration.
    #[error("the signing key on chain is none of the configured nodes': an operator is at work")]
    ForeignKey,
    /// The witness is disabled.
    #[error("the witness is disabled (null key): only its active key can enable it again")]
    NullKey,
    /// The verdict is not *me*.
    #[error("{}, and only misses of this witness alone are a reason to switch", judged(*.0))]
    Verdict(Verdict),
    /// There is no private key to sign with.
    #[error("the private key of the present node {0:?} is not loaded, and only it can sign the switch")]
    NoSigningKey(String),
    /// There is no such node.
    #[error("there is no node number {0}")]
    NoSuchNode(usize),
    /// There is no node of that name.
    #[error("there is no node {0:?} in the configuration")]
    NoNodeNamed(String),
    /// It holds the key already.
    #[error("node {0:?} holds the signing key already")]
    AlreadyThere(String),
    /// It is not fit.
    #[error("node {node:?} is not fit: {why}")]
    Unfit {
        /// Which.
        node: String,
        /// Why.
        why: String,
    },
    /// Its fitness is not known.
    #[error("the fitness of node {0:?} is not known: it has no probe, or too few good ones so far")]
    Unproven(String),
    /// Its last good probe is old.
    #[error("the last good probe of node {node:?} is {} s old", .age.as_secs())]
    ProbeStale {
        /// Which.
        node: String,
        /// How old.
        age: Duration,
    },
    /// Too many switches.
    #[error("the budget is spent: {spent} switches within {}", shown(*.window))]
    Budget {
        /// Made.
        spent: u32,
        /// Allowed.
        allowed: u32,
        /// The window.
        window: Duration,
    },
    /// Too soon after the last one.
    #[error("cooling down after the last switch for another {} s", .left.as_millis().div_ceil(1000))]
    CoolDown {
        /// How long still.
        left: Duration,
    },
    /// The own slot is near.
    #[error("the own slot is {} ms away: a switch in flight would cost that block", .starts_in.as_millis())]
    OwnSlotNear {
        /// How near.
        starts_in: Duration,
    },
    /// Disabling is not allowed.
    #[error("the configuration does not allow this witness to be disabled")]
    DisableNotAllowed,
}

impl Refusal {
    /// A short stable name, part of the alert's identity.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Observing => "observing",
            Self::Paused { .. } => "paused",
            Self::UnderWay => "under-way",
            Self::NotAgreed(_) => "not-agreed",
            Self::StaleView(_) => "stale-view",
            Self::KeySplit => "key-split",
            Self::ForeignKey => "foreign-key",
            Self::NullKey => "null-key",
            Self::Verdict(_) => "verdict",
            Self::NoSigningKey(_) => "no-signing-key",
            Self::NoSuchNode(_) | Self::NoNodeNamed(_) => "no-such-node",
            Self::AlreadyThere(_) => "already-there",
            Self::Unfit { .. } => "unfit",
            Self::Unproven(_) => "unproven",
            Self::ProbeStale { .. } => "probe-stale",
            Self::Budget { .. } => "budget",
            Self::CoolDown { .. } => "cool-down",
            Self::OwnSlotNear { .. } => "own-slot-near",
            Self::DisableNotAllowed => "disable-not-allowed",
        }
    }

    /// Whether an operator can force it.
    pub const fn strength(&self) -> Strength {
        match self {
            Self::Observing
            | Self::Paused { .. }
            | Self::Verdict(_)
            | Self::Unfit { .. }
            | Self::Unproven(_)
            | Self::ProbeStale { .. }
            | Self::Budget { .. }
            | Self::CoolDown { .. }
            | Self::OwnSlotNear { .. } => Strength::Soft,
            Self::UnderWay
            | Self::NotAgreed(_)
            | Self::StaleView(_)
            | Self::KeySplit
            | Self::ForeignKey
            | Self::NullKey
            | Self::NoSigningKey(_)
            | Self::NoSuchNode(_)
            | Self::NoNodeNamed(_)
            | Self::AlreadyThere(_)
            | Self::DisableNotAllowed => Strength::Hard,
        }
    }

    /// Whether it passes by itself: nobody is told of it before it has stood in the way for more than a round, nor
    /// while something that lasts does so as well.
    pub(crate) const fn passes(&self) -> bool {
        matches!(self, Self::OwnSlotNear { .. } | Self::CoolDown { .. } | Self::UnderWay | Self::KeySplit)
    }

    /// How bad it is that a switch the policy wanted was refused for this.
    pub const fn severity(&self) -> Severity {
        match self {
            // These pass by themselves.
            Self::OwnSlotNear { .. } | Self::CoolDown { .. } | Self::UnderWay | Self::KeySplit => Severity::Info,
            Self::Verdict(_) | Self::AlreadyThere(_) | Self::ForeignKey => Severity::Warning,
            Self::Observing
            | Self::Paused { .. }
            | Self::NoSuchNode(_)
            | Self::NoNodeNamed(_)
            | Self::DisableNotAllowed => Severity::Critical,
            Self::NotAgreed(_)
            | Self::StaleView(_)
            | Self::NullKey
            | Self::NoSigningKey(_)
            | Self::Unfit { .. }
            | Self::Unproven(_)
            | Self::ProbeStale { .. }
            | Self::Budget { .. } => Severity::Page,
        }
    }

    /// What Dogwatch does about it.
    pub(crate) const fn follows(&self) -> &'static str {
        match self {
            Self::Observing => "Dogwatch goes on watching, and leaves it to you.",
            Self::Paused { .. } => "Dogwatch does it when the pause is over, if the policy still asks for it.",
            Self::NoSuchNode(_) | Self::NoNodeNamed(_) | Self::AlreadyThere(_) | Self::DisableNotAllowed => {
                "Dogwatch leaves the key where it is until the policy asks for something else."
            }
            Self::ForeignKey | Self::NullKey | Self::NoSigningKey(_) => "Dogwatch cannot do it until that changes.",
            Self::UnderWay
            | Self::NotAgreed(_)
            | Self::StaleView(_)
            | Self::KeySplit
            | Self::Verdict(_)
            | Self::Unfit { .. }
            | Self::Unproven(_)
            | Self::ProbeStale { .. }
            | Self::Budget { .. }
            | Self::CoolDown { .. }
            | Self::OwnSlotNear { .. } => {
                "Dogwatch does it as soon as nothing stands in the way, if the policy still asks for it."
            }
        }
    }

    /// What the human should do about it.
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Observing => {
                "Switch by hand with --force to a node that works, or set mode = \"armed\" for this witness."
            }
            Self::Paused { .. } => "End the pause, or switch by hand.",
            Self::UnderWay | Self::CoolDown { .. } | Self::OwnSlotNear { .. } | Self::KeySplit => {
                "Nothing: this passes by itself."
            }
            Self::NotAgreed(_) | Self::StaleView(_) => {
                "Find out which endpoints work, and replace the others. Until then switch with a wallet."
            }
            Self::ForeignKey => {
                "If this was you, add the node with that key to dogwatch.toml. If not, somebody has your keys: change \
                 the account's keys."
            }
            Self::NullKey => "Enable the witness with a wallet and its active key.",
            Self::Verdict(_) => "Look at the chain before you switch with --force.",
            Self::NoSigningKey(_) => {
                "Give Dogwatch the private key of the node that holds the signing key. Until then switch with a wallet."
            }
            Self::NoSuchNode(_) | Self::NoNodeNamed(_) | Self::AlreadyThere(_) => {
                "Name another node; if the policy named it, correct the policy."
            }
            Self::Unfit { .. } | Self::ProbeStale { .. } => "Repair the standby, or switch to another one.",
            Self::Unproven(_) => {
                "Switch by hand to a node that you know to work. Then give this one a probe, or set \
                 switch_unprobed = true for it."
            }
            Self::Budget { .. } => {
                "Find out why the nodes fail. If you know one that works, switch to it by hand with --force."
            }
            Self::DisableNotAllowed => "Set allow_disable = true for this witness if you want that.",
        }
    }

    /// The one command to type about it, given the one that switches by hand to a node that is ready, if there is any.
    pub(crate) fn command(&self, witness: &str, by_hand: Option<&str>) -> String {
        let known = match self {
            Self::Observing | Self::Budget { .. } => by_hand.map(|command| format!("{command} --force")),
            Self::Unfit { .. } | Self::ProbeStale { .. } => by_hand.map(str::to_owned),
            Self::Unproven(node) => Some(by_hand.map_or_else(
                // Nobody is known to be ready; of this one nothing bad is known either.
                || format!("dogwatch switch {witness} {node} --force"),
                str::to_owned,
            )),
            Self::Paused { .. } => Some(format!("dogwatch resume {witness}")),
            Self::NotAgreed(_) | Self::StaleView(_) | Self::Verdict(_) => Some("dogwatch endpoints --ask".to_owned()),
            Self::NoSigningKey(_)
            | Self::NoSuchNode(_)
            | Self::NoNodeNamed(_)
            | Self::AlreadyThere(_)
            | Self::DisableNotAllowed => Some("dogwatch check".to_owned()),
            Self::UnderWay
            | Self::KeySplit
            | Self::ForeignKey
            | Self::NullKey
            | Self::CoolDown { .. }
            | Self::OwnSlotNear { .. } => None,
        };
        known.unwrap_or_else(|| "dogwatch status".to_owned())
    }
}

/// What an agreement lacks.
const fn lacking(agreement: Agreement) -> &'static str {
    match agreement {
        Agreement::Agreed | Agreement::Single => "they agree only now",
        Agreement::Thin => "too few endpoints answer",
        Agreement::Disagreed => "the endpoints contradict each other",
        Agreement::Blind => "no endpoint shows a fresh block",
    }
}

/// How old what is known is.
fn stale(age: Duration) -> String {
    if age == Duration::MAX {
        return "no block is known yet".to_owned();
    }
    format!("the newest block known is {} s old", age.as_secs())
}

/// A verdict in words.
const fn judged(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fine => "the witness misses nothing",
        Verdict::Me => "the witness alone misses blocks",
        Verdict::Chain => "the whole chain is in trouble",
        Verdict::CannotTell => "it cannot be told who is at fault",
    }
}

/// A span of time in the largest unit that divides it.
fn shown(span: Duration) -> String {
    let secs = span.as_secs();
    match (secs % 3600, secs % 60) {
        (0, _) if secs > 0 => format!("{} h", secs / 3600),
        (_, 0) if secs > 0 => format!("{} min", secs / 60),
        _ => format!("{secs} s"),
    }
}

/// What the rails look at when the candidate is a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate<'a> {
    pub(crate) node: &'a str,
    pub(crate) health: Health,
    pub(crate) unfit: Option<String>,
    pub(crate) last_good: Option<Time>,
    pub(crate) unprobed: Unprobed,
}

/// Whether a node may be switched to without a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unprobed {
    /// It may not.
    Refused,
    /// The operator said so in as many words.
    Allowed,
}

impl Rails {
    /// Whether the candidate is fit and known to be so.
    pub(crate) fn candidate(&self, now: Time, candidate: &Candidate<'_>) -> Option<Refusal> {
        let node = || candidate.node.to_owned();
        match (candidate.health, candidate.unprobed) {
            (Health::Unhealthy, _) => {
                let why = candidate.unfit.clone().unwrap_or_else(|| "its probes failed".to_owned());
                Some(Refusal::Unfit { node: node(), why })
            }
            (Health::Unknown, Unprobed::Allowed) => None,
            (Health::Unknown, Unprobed::Refused) => Some(Refusal::Unproven(node())),
            (Health::Healthy, _) => {
                let age = candidate.last_good.map_or(Duration::MAX, |at| now.since(at));
                (age > self.candidate_fresh).then(|| Refusal::ProbeStale { node: node(), age })
            }
        }
    }

    /// Whether budget and cool-down allow another switch, given when the past ones were decided.
    pub(crate) fn pace(&self, now: Time, switches: impl Iterator<Item = Time> + Clone) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let recent = switches.clone().filter(|at| now.since(*at) < self.budget_window).count();
        let spent = u32::try_from(recent).unwrap_or(u32::MAX);
        if spent >= self.budget {
            refusals.push(Refusal::Budget { spent, allowed: self.budget, window: self.budget_window });
        }
        if let Some(last) = switches.max() {
            let left = self.cool_down.saturating_sub(now.since(last));
            if left > Duration::ZERO {
                refusals.push(Refusal::CoolDown { left });
            }
        }
        refusals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::time;

    const RAILS: Rails = Rails {
        budget: 2,
        budget_window: Duration::from_secs(300),
        cool_down: Duration::from_secs(60),
        own_slot_guard: Duration::from_secs(3),
        min_participation: 85,
        candidate_fresh: Duration::from_secs(30),
        disable: Disable::Never,
    };

    #[test]
    fn who_may_be_switched_to() {
        use Health::{Healthy, Unhealthy, Unknown};
        use Unprobed::{Allowed, Refused};
        let cases = [
            (Healthy, Some(95), Refused, None),
            (Healthy, Some(90), Refused, None),
            (Healthy, Some(89), Refused, Some("probe-stale")),
            (Healthy, None, Allowed, Some("probe-stale")),
            (Unhealthy, Some(99), Allowed, Some("unfit")),
            (Unknown, None, Refused, Some("unproven")),
            (Unknown, None, Allowed, None),
        ];
        for (health, last_good, unprobed, refusal) in cases {
            let candidate = Candidate { node: "n", health, unfit: None, last_good: last_good.map(time), unprobed };
            let found = RAILS.candidate(time(100), &candidate);
            assert_eq!(found.as_ref().map(Refusal::code), refusal, "{candidate:?}");
        }
    }

    #[test]
    fn how_often() {
        // Slots of three seconds: the window is 100 slots, the cool-down 20.
        let cases: [(&[u64], &[&str]); 6] = [
            (&[], &[]),
            (&[180], &[]),
            (&[181], &["cool-down"]),
            (&[101, 150], &["budget"]),
            (&[100, 150], &[]),
            (&[150, 190], &["budget", "cool-down"]),
        ];
        for (switches, refusals) in cases {
            let found = RAILS.pace(time(200), switches.iter().map(|slot| time(*slot)));
            assert_eq!(found.iter().map(Refusal::code).collect::<Vec<_>>(), refusals, "{switches:?}");
        }
    }

    #[test]
    fn how_long_the_budget_runs() {
        for (secs, shown) in [(21_600, "6 h"), (5400, "90 min"), (90, "90 s"), (0, "0 s")] {
            let refusal = Refusal::Budget { spent: 3, allowed: 3, window: Duration::from_secs(secs) };
            assert_eq!(refusal.to_string(), format!("the budget is spent: 3 switches within {shown}"));
        }
    }

    #[test]
    fn force_passes_caution_and_not_facts() {
        let soft = [
            Refusal::Observing,
            Refusal::Paused { until: time(1) },
            Refusal::Verdict(Verdict::Chain),
            Refusal::Unproven("n".to_owned()),
            Refusal::CoolDown { left: Duration::ZERO },
            Refusal::OwnSlotNear { starts_in: Duration::ZERO },
        ];
        let hard = [
            Refusal::UnderWay,
            Refusal::NotAgreed(Agreement::Thin),
            Refusal::KeySplit,
            Refusal::ForeignKey,
            Refusal::NullKey,
            Refusal::NoNodeNamed("n".to_owned()),
            Refusal::DisableNotAllowed,
        ];
        assert!(soft.iter().all(|refusal| refusal.strength() == Strength::Soft));
        assert!(hard.iter().all(|refusal| refusal.strength() == Strength::Hard));
    }
}
