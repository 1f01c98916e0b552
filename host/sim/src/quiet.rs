//! Quiet days: nothing ails the node on duty, and small things go wrong around it. A switch on such a day is a false one.

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use crate::crash::{CALM, ROUND, Rescue, World};
use crate::fault::FaultKind;
use crate::night::{NightError, NightFault};
use crate::play::{NightRun, Policies};

/// Slots that one of them lasts at most: it is over before the next begins.
const LONGEST: u64 = APART - ROUND as u64;

/// Small things that go wrong on any day, and how many slots they last at most.
const DISTURBANCES: [(&str, u64); 15] = [
    ("endpoint-down", LONGEST),
    ("endpoint-flaps", LONGEST),
    ("endpoint-lags", LONGEST),
    ("endpoint-loses-answers", LONGEST),
    ("endpoint-reorders", LONGEST),
    ("endpoint-cached", 40),
    ("micro-fork", 1),
    ("absent-blocks", LONGEST),
    ("slow-gossip", LONGEST),
    ("site-down", 15),
    ("site-cut-off", 20),
    ("site-cut-from-nodes", 20),
    ("site-cut-from-endpoint", LONGEST),
    ("standby-crashed", LONGEST),
    ("standby-flaky-probe", LONGEST),
];

/// How many of them a day has.
const A_DAY: usize = 8;

/// Slots from one to the next: what lies between them is left out, for nothing happens there.
const APART: u64 = 3 * ROUND as u64;

/// A day on which the holder makes every block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietDay {
    /// The seed of the world, and of what goes wrong.
    pub seed: u64,
}

/// What a rescue costs on days on which nothing needs to be rescued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuietCost {
    /// Moves of the key away from a node that would have produced in its next slot.
    pub false_switches: u32,
    /// Own blocks that were missed after the first of them.
    pub lost: u32,
}

impl QuietDay {
    /// Plays the day.
    ///
    /// # Errors
    ///
    /// The day cannot be played.
    pub fn cost(self, rescue: Rescue, policies: &dyn Policies) -> Result<QuietCost, NightError> {
        let mut rng = SmallRng::seed_from_u64(self.seed);
        let world = rescue.world(self.seed, &mut rng);
        let faults = disturbances(&mut rng);
        world.map_or(Ok(QuietCost::default()), |world| cost_in(world, &faults, policies))
    }
}

fn cost_in(
    World { night, mut script }: World,
    faults: &[NightFault],
    policies: &dyn Policies,
) -> Result<QuietCost, NightError> {
    let mut run = NightRun::open(&night, policies)?;
    let (mut missed_before, mut false_switches) = (None, 0);
    let slots = CALM + APART * u64::try_from(faults.len()).unwrap_or(0);
    for slot in 0..slots {
        for (number, fault) in faults.iter().enumerate() {
            if fault.at == slot {
                run.strike(number, fault);
            }
            if fault.lasts > 0 && fault.at + fault.lasts == slot {
                run.world.mend(number, &mut run.sites);
            }
        }
        let holder = run.world.holder(0);
        if let Some(script) = &mut script {
            script.look(&mut run.world);
        }
        run.slot_until(None);
        if run.world.holder(0) != holder {
            false_switches += 1;
            missed_before.get_or_insert(run.missed());
        }
    }
    Ok(QuietCost { false_switches, lost: missed_before.map_or(0, |before| run.missed() - before) })
}

/// What goes wrong, one after the other.
fn disturbances(rng: &mut SmallRng) -> Vec<NightFault> {
    let drawn = (0..A_DAY).filter_map(|_| DISTURBANCES.choose(rng).copied()).collect::<Vec<_>>();
    let mut at = CALM;
    let mut faults = Vec::new();
    for (name, most) in drawn {
        let Some(kind) = FaultKind::named(name) else { continue };
        let (least, largest) = kind.amounts;
        faults.push(NightFault {
            kind: name.to_owned(),
            at: at + rng.random_range(0..u64::from(ROUND)),
            // One that happens once has no end.
            lasts: kind.lasts.map_or(0, |_| rng.random_range(1..=most)),
            target: rng.random_range(0..12),
            amount: rng.random_range(least..=largest),
        });
        at += APART;
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash::Beats;
    use crate::play::Natively;
    use crate::site::policy::PolicyChoice;

    #[test]
    fn every_disturbance_is_in_the_catalogue() {
        let unknown: Vec<_> = DISTURBANCES.iter().filter(|(name, _)| FaultKind::named(name).is_none()).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn nobody_switches_on_a_quiet_day() {
        for seed in 0..40 {
            for policy in [PolicyChoice::Proactive, PolicyChoice::Threshold(2)] {
                let cost = QuietDay { seed }.cost(Rescue::Dogwatch(policy, Beats::None), &Natively).unwrap();
                assert_eq!(cost, QuietCost::default(), "day {seed}, {policy:?}");
            }
        }
    }

    /// A node that makes its blocks and has closed its port looks dead: the count must see that.
    #[test]
    fn a_switch_away_from_a_node_that_produces_counts() {
        let mut rng = SmallRng::seed_from_u64(1);
        let world = Rescue::Dogwatch(PolicyChoice::Proactive, Beats::None).world(1, &mut rng).unwrap();
        let fault = NightFault { kind: "holder-port-taken".to_owned(), at: CALM, lasts: APART, target: 0, amount: 0 };
        assert_eq!(cost_in(world, &[fault], &Natively).unwrap(), QuietCost { false_switches: 1, lost: 0 });
    }
}
