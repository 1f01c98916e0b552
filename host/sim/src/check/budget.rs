//! The budget of switches, which holds over all sites.

use dogwatch_chain::{Time, TransactionId};
use dogwatch_engine::Origin;

use crate::chain::branch::Side;
use crate::check::{Checks, Rule, origin_of};
use crate::site::Site;
use crate::site::process::RAILS;
use crate::world::NightWorld;

impl Checks {
    /// Switches that policies made, over all sites.
    pub(super) fn within_budget(&mut self, world: &NightWorld, sites: &[Site]) {
        // Who takes a switch for undone that another branch holds after all has counted one too few.
        // And who does not probe a node cannot tell that another site has replaced it because it was dead.
        let blind = world.chain.undone
            || self.unseen_move.contains(&true)
            || sites.iter().any(|site| site.amnesia || site.ever_unprobed);
        if world.chain.truth().moves.is_empty() || blind {
            return;
        }
        let oldest = world.chain.time(world.slot).minus(RAILS.budget_window);
        for witness in 0..world.witnesses() {
            let mut made = 0;
            for id in world.chain.branch(Side::Main).newest() {
                let link = world.chain.link(id);
                if link.block.time < oldest {
                    break;
                }
                let moves = link.moves.iter().filter(|change| change.witness == witness);
                let by_policy = |id: TransactionId| {
                    let counts = origin_of(sites, id) == Some(Origin::Policy) && decided_after(sites, id, oldest);
                    counts && all_know_why(sites, id)
                };
                made += u32::try_from(moves.filter(|change| change.switch.is_some_and(by_policy)).count()).unwrap_or(0);
            }
            if made > RAILS.budget {
                let known = sites.iter().filter_map(|site| site.process.as_ref()?.watches.get(witness));
                let known: Vec<String> = known
                    .map(|watch| {
                        let switches = watch.state().switches.iter();
                        let line = switches.map(|past| {
                            format!(
                                "{} {:?} {:?} {:?}",
                                past.to,
                                past.origin,
                                past.outcome,
                                past.first_missed.is_some()
                            )
                        });
                        line.collect::<Vec<_>>().join(", ")
                    })
                    .collect();
                let text =
                    format!("policies have made {made} switches within {:?}; known: {known:?}", RAILS.budget_window);
                self.broken(Rule::WithinBudget, world.slot, text);
            }
        }
    }
}

/// Whether all sites can tell that the switch was no planned one: a node that only its own machine has seen stand still looked well
/// to a site that gets no beats.
fn all_know_why(sites: &[Site], id: TransactionId) -> bool {
    let by_a_beat = |site: &Site| {
        site.setup.beats && site.sent.iter().any(|sent| sent.id == id && sent.plan.first_missed.is_none())
    };
    sites.iter().all(|site| site.setup.beats) || !sites.iter().any(by_a_beat)
}

fn decided_after(sites: &[Site], id: TransactionId, oldest: Time) -> bool {
    sites.iter().flat_map(|site| &site.sent).any(|sent| sent.id == id && sent.plan.at > oldest)
}
