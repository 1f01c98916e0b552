//! Rehearses a switch: builds and signs it, but does not send it.

use std::time::Duration;

use dogwatch_chain::{SignedTransaction, Time};
use dogwatch_engine::{Counts, Holder, Mode, Refusal, Tracker};

use crate::chain::witness::{SignFailure, WitnessTask};

/// How far back a report counts slots.
const DAY: Duration = Duration::from_hours(24);

/// A witness, as a rehearsal sees it.
#[derive(Clone, Debug)]
pub struct WitnessRehearsal {
    /// Its name.
    pub witness: String,
    /// The holder of the signing key, if known.
    pub holder: Option<Holder>,
    /// Why the policy does not work, if it does not.
    pub policy_trouble: Option<String>,
    /// Whether Dogwatch may act.
    pub mode: Mode,
    /// The nodes that do not hold the key.
    pub standbys: Vec<Standby>,
    /// Its slots in the last 24 hours.
    pub slots: Counts,
}

/// A node that does not hold the key.
#[derive(Clone, Debug)]
pub struct Standby {
    /// Its name.
    pub name: String,
    /// Whether it has been seen to sign a block.
    pub proven: bool,
    /// What would prevent a switch to it.
    pub obstacles: Vec<String>,
    /// The signed switch to it, or why there is none.
    pub switch: Result<SignedTransaction, NoSwitch>,
}

/// Why there is no signed switch.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoSwitch {
    /// It cannot be planned.
    #[error("{0}")]
    Refused(Refusal),
    /// It cannot be signed.
    #[error(transparent)]
    Unsigned(#[from] SignFailure),
}

/// Builds and signs the switch to each standby of a witness, and sends nothing.
pub(super) fn witness(task: &WitnessTask, tracker: &Tracker, now: Time) -> WitnessRehearsal {
    let watch = task.watch();
    let holder = watch.holder();
    let spare = |name: &str| holder != Some(Holder::Node(name.to_owned()));
    let nodes = watch.config().nodes.iter().filter(|node| spare(&node.name));
    let standbys = nodes.map(|node| {
        let to = Holder::Node(node.name.clone());
        let obstacles = watch.obstacles(now, tracker, &to);
        // Observe mode is reported elsewhere and is no fault.
        let obstacles = obstacles.iter().filter(|refusal| **refusal != Refusal::Observing);
        let plan = watch.rehearse(now, tracker, to).map_err(NoSwitch::Refused);
        Standby {
            name: node.name.clone(),
            proven: watch.state().has_signed(&node.name),
            obstacles: obstacles.map(ToString::to_string).collect(),
            switch: plan.and_then(|plan| Ok(task.sign(&plan)?)),
        }
    });
    WitnessRehearsal {
        witness: watch.config().witness.to_string(),
        mode: watch.config().mode,
        policy_trouble: task.policies().trouble().map(str::to_owned),
        standbys: standbys.collect(),
        slots: watch.state().tally.within(now, DAY),
        holder,
    }
}
