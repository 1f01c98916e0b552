//! Draws nights: a world, and faults singly, in pairs and in storms.

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use crate::fault::{CATALOGUE, FaultKind};
use crate::night::{ChainRules, Night, NightFault, SiteSetup};
use crate::site::policy::PolicyChoice;

/// How many faults a night is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Drawn {
    /// One, and the holder's death besides.
    Single,
    /// Two.
    Pair,
    /// Three to eight.
    Storm,
}

/// The policies that sites have, as often as they are named.
const POLICIES: [PolicyChoice; 4] =
    [PolicyChoice::Threshold(2), PolicyChoice::Proactive, PolicyChoice::Proactive, PolicyChoice::Threshold(3)];

/// Draws the night of that seed.
pub fn draw(seed: u64) -> Night {
    draw_with(seed, &[])
}

/// Draws the night of that seed, with these kinds of fault in it and perhaps others.
pub fn draw_with(seed: u64, wanted: &[&'static FaultKind]) -> Night {
    let mut rng = SmallRng::seed_from_u64(seed);
    let slots = rng.random_range(120..300);
    let how = match rng.random_range(0..10) {
        0..3 => Drawn::Single,
        3..7 => Drawn::Pair,
        _ => Drawn::Storm,
    };
    let several = match how {
        Drawn::Single => 1,
        Drawn::Pair => 2,
        Drawn::Storm => rng.random_range(3..9),
    };
    let mut kinds: Vec<&FaultKind> = wanted.to_vec();
    kinds.extend((kinds.len()..several).filter_map(|_| CATALOGUE.choose(&mut rng)));
    // Most nights are about a holder that fails: without one nothing is decided.
    if rng.random_range(0..3) > 0 {
        kinds.extend(["holder-crashed", "holder-mute"].choose(&mut rng).and_then(|name| FaultKind::named(name)));
    }
    let mut faults: Vec<NightFault> = kinds.into_iter().map(|kind| fault(kind, slots, &mut rng)).collect();
    faults.sort_by_key(|fault| fault.at);
    let chain = *[ChainRules::Hive, ChainRules::Steem].choose(&mut rng).unwrap_or(&ChainRules::Hive);
    let sites = [1, 1, 2, 2, 3].choose(&mut rng).copied().unwrap_or(1);
    Night {
        seed,
        chain,
        round: [5, 7, 7, 10, 21].choose(&mut rng).copied().unwrap_or(21),
        witnesses: if rng.random_range(0..5) == 0 { 2 } else { 1 },
        nodes: [2, 3, 3, 4].choose(&mut rng).copied().unwrap_or(3),
        endpoints: [1, 2, 3, 3, 4, 5].choose(&mut rng).copied().unwrap_or(3),
        slots,
        sites: (0..sites).map(|place| with_options(site(&mut rng), seed >> place)).collect(),
        faults,
    }
}

fn fault(kind: &FaultKind, slots: u64, rng: &mut SmallRng) -> NightFault {
    let (least, most) = kind.amounts;
    NightFault {
        kind: kind.name.to_owned(),
        at: rng.random_range(0..slots / 2),
        lasts: kind.lasts.map_or(0, |(least, most)| rng.random_range(least..=most)),
        target: rng.random_range(0..12),
        amount: rng.random_range(least..=most),
    }
}

/// What operators may add: every second site hears beats, and the key goes back by itself at every third one.
const fn with_options(site: SiteSetup, number: u64) -> SiteSetup {
    let failback = if number.is_multiple_of(3) { 4 } else { 0 };
    SiteSetup { beats: !number.is_multiple_of(2), failback, ..site }
}

fn site(rng: &mut SmallRng) -> SiteSetup {
    SiteSetup {
        poll_at: rng.random_range(300..2900),
        quorum: [2, 2, 2, 3].choose(rng).copied().unwrap_or(2),
        probes_every: rng.random_range(1..4),
        reversed: rng.random_range(0..5) == 0,
        policy: POLICIES.choose(rng).copied().unwrap_or(PolicyChoice::Proactive),
        delay: [1, 1, 1, 2, 3].choose(rng).copied().unwrap_or(1),
        beats: false,
        failback: 0,
    }
}
