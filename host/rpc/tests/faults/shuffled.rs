//! All faults, shuffled: a thousand runs, each replayable from its seed.

use std::sync::Arc;

use dogwatch_rpc::{AgreementVerdict, Standing};
use rand::rngs::SmallRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{Rng as _, SeedableRng as _};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::catalogue::{Case, Shows, cases};
use crate::chain::View;
use crate::fault::Fault;
use crate::scene::Scene;

const RUNS: u64 = 1000;
const AT_ONCE: usize = 16;

/// What happens in a run: the endpoints, and which of them is good, if one is.
#[derive(Debug)]
struct Run {
    seed: u64,
    good: Option<usize>,
    cases: Vec<Case>,
    /// In the middle of it each bad endpoint goes bad in another way.
    then: Vec<Case>,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut random = SmallRng::seed_from_u64(seed);
        let all = cases();
        let bad = random.random_range(1..=4);
        let pick = |random: &mut SmallRng| {
            let mut case = all.choose(random).unwrap().clone();
            // Liars do not conspire: two operators that tell the same lie are beyond what a quorum of two can see.
            if let Fault::Other(view) = &mut case.fault {
                let mut own = |lie: u8| if lie > 0 { random.random_range(10..250) } else { 0 };
                let branch = if view.off > 0 { 1 } else { view.branch };
                *view = View { branch: own(branch), key: own(view.key), ..*view };
            }
            case
        };
        let mut picked: Vec<Case> = (0..bad).map(|_| pick(&mut random)).collect();
        let mut then: Vec<Case> = (0..bad).map(|_| pick(&mut random)).collect();
        let good = random.random_bool(0.85);
        if good {
            let fine = Case { name: "good", fault: Fault::None, shows: Shows::Late };
            picked.push(fine.clone());
            then.push(fine);
        }
        let mut order: Vec<usize> = (0..picked.len()).collect();
        order.shuffle(&mut random);
        let arrange = |cases: &[Case]| order.iter().map(|index| cases[*index].clone()).collect::<Vec<_>>();
        let place = order.iter().position(|index| *index == bad);
        Self { seed, good: good.then(|| place.unwrap()), cases: arrange(&picked), then: arrange(&then) }
    }

    /// Whether some endpoint is on another branch than the truth, now or later.
    fn has_liars(&self) -> bool {
        let lies = |case: &Case| matches!(case.fault, Fault::Other(view) if view.branch > 0);
        self.cases.iter().chain(&self.then).any(lies)
    }

    /// Whether, for all that the comparison can know, one on another branch may be right: nobody is sound, or it is.
    fn misleads(&self, scene: &Scene, cases: &[Case]) -> bool {
        let agreement = scene.agreement();
        let sound = |index: usize| agreement.standings[index].1 == Standing::Sound;
        let lies = |case: &Case| matches!(case.fault, Fault::Other(view) if view.branch > 0);
        let liar = cases.iter().enumerate().any(|(index, case)| lies(case) && sound(index));
        liar || !(0..cases.len()).any(sound)
    }

    async fn play(self) {
        let names = |cases: &[Case]| cases.iter().map(|case| case.name).collect::<Vec<_>>().join(", ");
        let shown = format!("seed {}: [{}] then [{}]", self.seed, names(&self.cases), names(&self.then));
        let faults: Vec<Fault> = self.cases.iter().map(|case| case.fault.clone()).collect();
        let scene = Scene::with(&faults, crate::scene::options().jitter(20, self.seed)).await;
        for cases in [&self.cases, &self.then] {
            for (index, (server, case)) in scene.servers.iter().zip(cases).enumerate() {
                if Some(index) != self.good {
                    server.become_other(case.fault.clone());
                }
            }
            for _ in 0..2 {
                let before = scene.read().await;
                let readings = scene.poll().await;
                scene.believes_nothing_wrong(&shown);
                let after = scene.read().await;
                match self.good {
                    Some(good) => {
                        assert!(readings[good].result.is_ok(), "{shown}: {:?}", readings[good].result);
                        for (read, compared) in [(before, false), (after, true)] {
                            let read = read.unwrap_or_else(|error| panic!("{shown}: {error}"));
                            let truth = read[..8].to_owned() + &"00".repeat(16);
                            let may_mislead = if compared { self.misleads(&scene, cases) } else { self.has_liars() };
                            assert!(read == truth || may_mislead, "{shown}: {read}");
                        }
                    }
                    None => {
                        let agreement = scene.agreement();
                        assert!(
                            !(agreement.verdict == AgreementVerdict::Agreed) || Self::late_ones(cases) >= 2,
                            "{shown}: {agreement:?}"
                        );
                        // A reason for each; later on what is wrong with the chain id alone shows within the hour.
                        if std::ptr::eq(cases, &raw const self.cases) {
                            for (reading, case) in readings.iter().zip(cases) {
                                let silent = matches!(case.shows, Shows::Error(_));
                                assert!(!silent || reading.result.is_err(), "{shown}: {}", case.name);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Slow endpoints, and those that lie only about a key, show the true head.
    fn late_ones(cases: &[Case]) -> usize {
        cases.iter().filter(|case| matches!(case.shows, Shows::Late | Shows::Lie)).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_runs() {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut runs = JoinSet::new();
    // One seed alone, to look into what it found: FAULTS_SEED=17.
    let only = std::env::var("FAULTS_SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    let seeds = only.map_or(0..RUNS, |seed| seed..seed + 1);
    let expected = seeds.clone().count();
    for seed in seeds {
        let room = Arc::clone(&room);
        runs.spawn(async move {
            let _permit = room.acquire_owned().await;
            Run::new(seed).play().await;
        });
    }
    let mut played = 0;
    while let Some(run) = runs.join_next().await {
        run.unwrap();
        played += 1;
    }
    assert_eq!(played, expected);
}

#[test]
fn a_seed_makes_one_run() {
    // The heights of the moment aside, which some faults hold.
    let names = |seed| Run::new(seed).cases.iter().map(|case| case.name).collect::<Vec<_>>();
    assert_eq!(names(7), names(7));
    assert!((0..20).any(|seed| names(seed) != names(seed + 1)));
}
