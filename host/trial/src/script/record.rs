//! What a policy was asked and said, slot by slot.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use dogwatch_chain::Time;
use dogwatch_engine::{Action, Decision, Holder, NodeIndex, PolicyFailure, Situation};
use dogwatch_sim::{Decide, Policies, PolicyChoice};
use serde::Serialize;

use crate::script::moment::Clock;

/// The day on which scripts are played.
const DAY: i64 = 1_767_225_600_000;
/// Milliseconds of a slot.
const SLOT: i64 = 3000;

/// What a policy wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Wish {
    Stay,
    Switch(String),
    Disable,
    /// It did not decide.
    Nothing,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecisionMade {
    pub(super) slot: u64,
    pub(super) time: String,
    /// The node whose key is on chain, if it is one's.
    pub(super) holder: Option<String>,
    pub(super) wish: Wish,
    /// Why; or why there is no decision.
    pub(super) reason: String,
    /// The ids of the policy's own alerts.
    pub(super) alerts: Vec<String>,
}

/// Policies whose decisions are kept, and which are told that it is another time of day.
pub(super) struct Recorder<'a> {
    policies: &'a dyn Policies,
    /// When the night begins, in the simulator and in the script.
    dusk: Time,
    begins: Time,
    decisions: Rc<RefCell<Vec<DecisionMade>>>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(policies: &'a dyn Policies, dusk: Time, begins: Clock) -> Self {
        let begins = Time::from_millis(DAY).plus(Duration::from_secs(u64::from(begins.0)));
        Self { policies, dusk, begins, decisions: Rc::default() }
    }

    /// What was decided, oldest first.
    pub(super) fn decisions(&self) -> Vec<DecisionMade> {
        self.decisions.borrow().clone()
    }
}

impl Policies for Recorder<'_> {
    fn of_site(&self, choice: PolicyChoice, seed: u64) -> Box<dyn Decide> {
        Box::new(Recorded {
            policy: self.policies.of_site(choice, seed),
            begins: self.begins,
            later: self.begins.as_millis().saturating_sub(self.dusk.as_millis()),
            decisions: Rc::clone(&self.decisions),
        })
    }
}

struct Recorded {
    policy: Box<dyn Decide>,
    begins: Time,
    /// Milliseconds that the script's clock is ahead of the simulator's.
    later: i64,
    decisions: Rc<RefCell<Vec<DecisionMade>>>,
}

impl Recorded {
    fn moved(&self, time: Time) -> Time {
        Time::from_millis(time.as_millis().saturating_add(self.later))
    }
}

impl Decide for Recorded {
    fn decide(&mut self, situation: &Situation, memory: &[u8]) -> Result<Decision, PolicyFailure> {
        let mut situation = situation.clone();
        situation.now = self.moved(situation.now);
        situation.paused_until = situation.paused_until.map(|until| self.moved(until));
        situation.slots.iter_mut().for_each(|own| own.time = self.moved(own.time));
        situation.switches.iter_mut().for_each(|switch| switch.at = self.moved(switch.at));
        let decided = self.policy.decide(&situation, memory);
        let passed = situation.now.as_millis().saturating_sub(self.begins.as_millis());
        let name = |index: NodeIndex| situation.nodes.get(index.0).map(|node| node.name.clone());
        let (wish, reason, alerts) = match &decided {
            Ok(decision) => {
                let wish = match decision.action {
                    Action::Stay => Wish::Stay,
                    Action::SwitchTo(index) => Wish::Switch(name(index).unwrap_or_default()),
                    Action::Disable => Wish::Disable,
                };
                (wish, decision.reason.clone(), decision.alerts.iter().map(|alert| alert.id.clone()).collect())
            }
            Err(failure) => (Wish::Nothing, failure.to_string(), Vec::new()),
        };
        self.decisions.borrow_mut().push(DecisionMade {
            slot: u64::try_from(passed.div_euclid(SLOT)).unwrap_or_default(),
            time: situation.now.to_string(),
            holder: if let Holder::Node(index) = &situation.holder { name(*index) } else { None },
            wish,
            reason,
            alerts,
        });
        decided
    }
}
