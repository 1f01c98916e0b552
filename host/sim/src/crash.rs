//! Crashes of the node on duty, one at a time, at any moment of a slot: how many blocks each costs.

mod peer;

use std::time::Duration;

use dogwatch_engine::{Beat, Event, NodeIndex, NodeProcess};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use crate::crash::peer::Peer;
use crate::night::{ChainRules, Night, NightError, NightFault, SiteSetup};
use crate::play::{NightRun, Policies};
use crate::site::policy::PolicyChoice;

/// What happens to the node on duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashKind {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// The faults of the catalogue that make it.
    faults: &'static [&'static str],
    /// Whether the process stands still from then on, which its own machine sees.
    stalls: bool,
}

/// The kinds of crash.
pub const CRASHES: [CrashKind; 6] = [
    CrashKind { name: "kill", about: "the process dies", faults: &["holder-crashed"], stalls: false },
    CrashKind {
        name: "kill-two",
        about: "the process dies, and the first standby with it",
        faults: &["standby-crashed", "holder-crashed"],
        stalls: false,
    },
    CrashKind {
        name: "dark",
        about: "the machine loses its power or its network",
        faults: &["holder-dark"],
        stalls: false,
    },
    CrashKind { name: "hang", about: "the process stands still", faults: &["holder-hung"], stalls: true },
    CrashKind { name: "lag", about: "the node falls behind", faults: &["holder-behind"], stalls: false },
    CrashKind {
        name: "mute",
        about: "the node looks well, and makes no blocks",
        faults: &["holder-mute"],
        stalls: false,
    },
];

/// What comes to the witness's rescue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rescue {
    /// Dogwatch, with this policy.
    Dogwatch(PolicyChoice, Beats),
    /// Nobody, for seven hours: a witness has one slot in a round of 21, of 3 s each.
    Nobody,
    /// A script that reads the witness's counter of missed blocks now and then, and moves the key after so many.
    Script {
        /// Time from one reading to the next.
        every: Duration,
        /// Misses that it takes.
        misses: u32,
    },
}

/// Whether the nodes' own machines tell how they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beats {
    /// They do: `dogwatch beat` runs on them.
    Sent,
    /// Nothing is installed on them.
    None,
}

/// One crash: which, when, and in which world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crash {
    /// The seed of the world and of the moment.
    pub seed: u64,
    /// What happens.
    pub kind: CrashKind,
}

/// Slots in seven hours.
const SEVEN_HOURS: u32 = 7 * 3600 / 3;

/// Slots in a round.
pub(crate) const ROUND: u32 = 21;

/// Slots before which nothing happens: the nodes must have become fit.
pub(crate) const CALM: u64 = 24;

/// Rounds over which the moment of a crash is spread.
const SPREAD: u64 = 2;

/// How long a connection takes to tell that the process at its other end has ended, and a new one to be refused.
const SEEN_AFTER: Duration = Duration::from_millis(20);

/// How long a transaction takes to every producer.
const TO_PRODUCERS: Duration = Duration::from_millis(300);

/// Rounds after the crash in which blocks are counted.
const COUNTED_ROUNDS: u64 = 30;

/// What happens in the middle of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    Crash(CrashKind),
    /// The holder's machine says that the process stands still.
    Stalled,
}

/// Where a rescue is tried.
pub(crate) struct World {
    pub(crate) night: Night,
    /// The script, where one keeps watch and not Dogwatch.
    pub(crate) script: Option<Peer>,
}

impl Rescue {
    /// The world in which it is tried: three nodes, three endpoints, one site. None if nobody keeps watch.
    pub(crate) fn world(self, seed: u64, rng: &mut SmallRng) -> Option<World> {
        let (policy, script) = match self {
            Self::Dogwatch(policy, _) => (policy, None),
            Self::Nobody => return None,
            // A site with a policy that fails at each call does nothing.
            Self::Script { every, misses } => (PolicyChoice::Broken, Some(Peer::new(every, misses, rng))),
        };
        let site = SiteSetup {
            poll_at: 900,
            quorum: 2,
            probes_every: 1,
            reversed: false,
            policy,
            delay: 0,
            beats: false,
            failback: 0,
        };
        let night = Night {
            seed,
            chain: if seed % 4 == 3 { ChainRules::Steem } else { ChainRules::Hive },
            round: ROUND,
            witnesses: 1,
            nodes: 3,
            endpoints: 3,
            slots: 0,
            sites: vec![site],
            faults: Vec::new(),
        };
        Some(World { night, script })
    }
}

impl Crash {
    /// The crash of that seed: the kinds take turns.
    pub fn of_seed(seed: u64) -> Self {
        let kinds = u64::try_from(CRASHES.len()).unwrap_or(1);
        let place = usize::try_from(seed % kinds).unwrap_or(0);
        Self { seed, kind: CRASHES.get(place).copied().unwrap_or(CRASHES[0]) }
    }

    /// How many own blocks it costs until another node holds the key and has had its slots, or within 30 rounds.
    ///
    /// # Errors
    ///
    /// The night cannot be played.
    pub fn lost(self, rescue: Rescue, policies: &dyn Policies) -> Result<u32, NightError> {
        let mut rng = SmallRng::seed_from_u64(self.seed);
        let calm = CALM + rng.random_range(0..u64::from(ROUND) * SPREAD);
        let moment = Duration::from_millis(rng.random_range(0..3000));
        let Some(World { night, script }) = rescue.world(self.seed, &mut rng) else { return Ok(SEVEN_HOURS / ROUND) };
        let mut run = NightRun::open(&night, policies)?;
        for _ in 0..calm {
            run.slot_until(None);
        }
        let (before, mut script, mut since) = (run.missed(), script, 0);
        let first = run.world.holder(0);
        run.slot_until(Some((moment, Happening::Crash(self.kind))));
        let told = matches!(rescue, Rescue::Dogwatch(_, Beats::Sent)) && self.kind.stalls;
        if told {
            // A process that stands still is told after three seconds, which is a slot later.
            run.slot_until(Some((moment, Happening::Stalled)));
        }
        for _ in 0..COUNTED_ROUNDS * u64::from(ROUND) {
            if let Some(script) = &mut script {
                script.look(&mut run.world);
            }
            run.slot_until(None);
            // A key that has moved may have moved to a dead node: two more rounds tell.
            since = if run.world.holder(0) == first { 0 } else { since + 1 };
            if since > 2 * u64::from(ROUND) {
                break;
            }
        }
        Ok(run.missed() - before)
    }
}

impl NightRun<'_> {
    pub(crate) fn missed(&self) -> u32 {
        self.world.chain.truth_of(0).map_or(0, |truth| truth.total_missed)
    }

    /// A slot in which that happens at that moment of it, if anything does.
    pub(crate) fn slot_until(&mut self, happens: Option<(Duration, Happening)>) {
        self.world.pass();
        self.checks.passed(&self.world);
        let poll = self.sites.first().map_or(Duration::ZERO, |site| Duration::from_millis(site.setup.poll_at.into()));
        match happens {
            Some((moment, what)) if moment < poll => {
                self.happen(moment, what);
                self.poll_sites();
            }
            Some((moment, what)) => {
                self.poll_sites();
                self.happen(moment, what);
            }
            None => self.poll_sites(),
        }
        self.world.lose_switch_block();
    }

    fn happen(&mut self, moment: Duration, what: Happening) {
        match what {
            Happening::Crash(kind) => self.crash(moment, kind),
            Happening::Stalled => {
                if let Some(place) = self.world.holder(0) {
                    let beat = Beat { process: NodeProcess::Stalled, trouble: None };
                    self.tell(moment, Event::Beat(NodeIndex(place), beat));
                }
            }
        }
    }

    /// The crash. The machines of processes that died close their connections, which the site knows a moment later: of a
    /// standby first.
    fn crash(&mut self, moment: Duration, kind: CrashKind) {
        for (number, fault) in kind.faults.iter().enumerate() {
            let fault = NightFault { kind: (*fault).to_owned(), at: 0, lasts: 0, target: 0, amount: 20 };
            self.world.strike(number, &fault, &mut self.sites);
        }
        let slot = self.world.slot;
        let dead: Vec<usize> = self
            .world
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.refuses(slot))
            .map(|(place, _)| place)
            .collect();
        for place in dead.into_iter().rev() {
            self.tell(moment, Event::Gone(NodeIndex(place)));
        }
    }

    /// Tells the site what happened at that moment, and carries out what it decides.
    fn tell(&mut self, moment: Duration, event: Event) {
        let seen = moment + SEEN_AFTER;
        let (now, slot) = (self.world.time(seen), self.world.slot);
        let late = seen + TO_PRODUCERS > self.world.chain.profile.block_interval;
        let Some(site) = self.sites.first_mut() else { return };
        site.setup.delay = u64::from(late) + 1;
        let actions = site.tell(now, slot, 0, event);
        self.carry_out(0, actions);
        if let Some(site) = self.sites.first_mut() {
            site.setup.delay = 0;
        }
    }
}
