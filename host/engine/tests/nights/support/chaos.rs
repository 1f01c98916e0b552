//! Nights in which anything may go wrong, from a seed.

use dogwatch_chain::Profile;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use super::chain::Irreversibility;
use super::endpoint::View;
use super::night::{Fault, Night};
use super::node::Condition;
use super::policy::Policy;

pub(crate) fn night(seed: u64) -> Night {
    let mut rng = SmallRng::seed_from_u64(seed);
    let round = if rng.random_range(0..4) == 0 { 21 } else { rng.random_range(5..9) };
    let (profile, behind) = if rng.random() { (Profile::hive(), 0) } else { (Profile::steem(), 15) };
    let profile = Profile { round_length: round, ..profile };
    let endpoints = rng.random_range(3..5);
    let mut night = Night::new(profile, Irreversibility(behind), endpoints, seed);
    night.world.chain.slow_gossip = rng.random_range(0..4) == 0;
    for site in 0..rng.random_range(1..3) {
        let poll = rng.random_range(100..2900);
        let deadly = [0, 0, 4][rng.random_range(0..3)];
        let policy = if rng.random_range(0..3) == 0 { Policy::Wild } else { Policy::Threshold(2) };
        let delay = rng.random_range(1..4);
        let watcher = night.watch(&[poll], seed.wrapping_mul(7) + site);
        (watcher.deadly, watcher.policy, watcher.delay) = (deadly, policy, delay);
    }
    night
}

pub(crate) fn timeline(seed: u64) -> Vec<(u64, Fault)> {
    let mut rng = SmallRng::seed_from_u64(!seed);
    let mut timeline = Vec::new();
    for _ in 0..rng.random_range(2..12) {
        let at = rng.random_range(0..200);
        let until = at + rng.random_range(1..60);
        // Most things that break are mended some time later.
        let mended = rng.random_range(0..3) > 0;
        let (fault, repair) = pick(&mut rng);
        timeline.push((at, fault));
        timeline.extend(repair.filter(|_| mended).map(|repair| (until, repair)));
    }
    timeline
}

fn pick(rng: &mut SmallRng) -> (Fault, Option<Fault>) {
    let node = rng.random_range(0..3);
    let endpoint = rng.random_range(0..3);
    match rng.random_range(0..20) {
        0..8 => {
            use Condition::{Behind, Crashed, Forked, Hung, Mute};
            let how = [Crashed, Crashed, Hung, Behind, Forked, Mute][rng.random_range(0..6)];
            (Fault::Node(node, how), Some(Fault::Node(node, Condition::Well)))
        }
        8..13 => {
            use View::{Ahead, Dead, Forked, Frozen, Lagging, NoWitness, Refuses, Swallows, WrongKey};
            let views =
                [Dead, Frozen, Lagging(1), Lagging(3), Forked(1), Ahead(2), WrongKey, NoWitness, Swallows, Refuses];
            let view = views[rng.random_range(0..views.len())];
            (Fault::Endpoint(endpoint, view), Some(Fault::Endpoint(endpoint, View::Well)))
        }
        13 => (Fault::Halt(true), Some(Fault::Halt(false))),
        14 => (Fault::OthersMissing(rng.random_range(10..70)), Some(Fault::OthersMissing(0))),
        15 => (Fault::Fork(rng.random_range(1..6), rng.random()), None),
        16 => (Fault::ForkSwitch(rng.random()), None),
        17 => (
            [Fault::WalletNode(node), Fault::WalletForeign][rng.random_range(0..2)].clone(),
            Some(Fault::WalletNode(0)),
        ),
        18 => (Fault::Skips(node, rng.random_range(1..3)), None),
        _ => (Fault::Die(rng.random_range(0..60)), None),
    }
}
