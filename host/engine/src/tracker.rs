//! One chain as its endpoints show it: what they agree on, and what cannot be believed.

mod pace;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use dogwatch_chain::{AccountName, Block, BlockId, BlockNum, Head, PublicKey, Schedule, Slot, Time, WitnessState};

use crate::log::{BlockLog, Fit, SlotClock};
use crate::situation::{Agreement, ChainView};
use crate::tracker::pace::Pace;

pub use pace::WallClock;

/// What one endpoint answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The head of its chain.
    pub head: Head,
    /// Its schedule.
    pub schedule: Schedule,
    /// The watched witnesses, in the order they were asked for; `None` where it knows no such witness.
    pub witnesses: Vec<Option<WitnessState>>,
}

/// What one endpoint said, or why it said nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointReading {
    /// The endpoint's name, safe to log.
    pub endpoint: String,
    /// Who runs it. Endpoints of one operator are one voice.
    pub operator: String,
    /// Its answer.
    pub result: Result<Reading, String>,
}

/// How a chain is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerConfig {
    /// The chain's name.
    pub chain: String,
    /// Time from slot to slot.
    pub block_interval: Duration,
    /// Operators whose endpoints must agree. With fewer configured, all of them.
    pub quorum: u32,
    /// A head older than this is stale.
    pub stale_after: Duration,
}

/// Why an endpoint does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Doubt {
    /// It did not answer properly.
    #[error("{0}")]
    Silent(String),
    /// Its head is old.
    #[error("its head {head} is {} s old", .age.as_secs())]
    Stale {
        /// The head.
        head: BlockNum,
        /// How old.
        age: Duration,
    },
    /// It answers, but its head stays where it is while others go on.
    #[error("it is frozen: it stays at block {head}, {} s old, while others go on", .age.as_secs())]
    Frozen {
        /// The head.
        head: BlockNum,
        /// How old.
        age: Duration,
    },
    /// Its head lies in the future.
    #[error("its head {head} is {} s ahead of this machine's clock", .ahead.as_secs())]
    Ahead {
        /// The head.
        head: BlockNum,
        /// How far.
        ahead: Duration,
    },
    /// It has another block at a height we know.
    #[error("it has block {0}, other endpoints have another one at that height")]
    Fork(BlockId),
    /// A head it has shown never became part of the chain.
    #[error("it has shown a head block that never became part of the chain")]
    BrokenClaim,
}

/// What is known of a chain at one moment.
#[derive(Clone, Debug)]
pub struct Tracker {
    config: TrackerConfig,
    log: BlockLog,
    head: Option<Head>,
    agreement: Agreement,
    fresh: u32,
    total: u32,
    doubts: BTreeMap<String, Doubt>,
    witnesses: Vec<WitnessReading>,
    standstill: Standstill,
    wall_clock: WallClock,
    /// By endpoint: who runs it.
    operators: BTreeMap<String, String>,
    /// Who stays where, and whether the chain goes on.
    pace: Pace,
    /// By endpoint: a head it has shown that the log did not reach yet.
    claims: BTreeMap<String, Claim>,
    /// The block that all answering endpoints stand at, if it is one, and since when.
    common: Option<(BlockId, Time)>,
    /// The endpoints that stand at the head.
    at_head: Vec<String>,
}

/// What an endpoint has said of its head, and whether that came true before.
#[derive(Clone, Copy, Debug)]
struct Claim {
    head: BlockId,
    disproved: bool,
}

/// What the trusted endpoints say of one watched witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WitnessReading {
    /// Nobody trusted has said anything.
    Unread,
    /// They agree.
    Agreed(WitnessState),
    /// They do not, or not yet: nodes show pending key changes at different moments.
    Split(Vec<PublicKey>),
    /// There is no such witness.
    NoSuchWitness,
}

/// Whether the endpoints that answer all stand at the same old block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standstill {
    /// They do not.
    No,
    /// The chain has halted, or all of them are cut off from it in the same way.
    AllAtTheSameBlock,
}

impl Tracker {
    /// A tracker that has seen nothing.
    pub fn new(config: TrackerConfig) -> Self {
        Self {
            config,
            log: BlockLog::default(),
            head: None,
            agreement: Agreement::Blind,
            fresh: 0,
            total: 0,
            doubts: BTreeMap::new(),
            witnesses: Vec::new(),
            standstill: Standstill::No,
            wall_clock: WallClock::Plausible,
            operators: BTreeMap::new(),
            pace: Pace::default(),
            claims: BTreeMap::new(),
            common: None,
            at_head: Vec::new(),
        }
    }

    /// Its configuration.
    pub fn config(&self) -> &TrackerConfig {
        &self.config
    }

    /// The blocks and schedules.
    pub fn log(&self) -> &BlockLog {
        &self.log
    }

    /// The best head that counts.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// How slots and times go together.
    pub fn clock(&self) -> Option<SlotClock> {
        self.head.as_ref().map(|head| SlotClock::new(head, self.config.block_interval))
    }

    /// Why endpoints do not count, by name.
    pub fn doubts(&self) -> &BTreeMap<String, Doubt> {
        &self.doubts
    }

    /// The state of the `index`-th watched witness.
    pub fn witness(&self, index: usize) -> &WitnessReading {
        self.witnesses.get(index).unwrap_or(&WitnessReading::Unread)
    }

    /// Whether all answering endpoints stand at the same old block.
    pub fn standstill(&self) -> Standstill {
        self.standstill
    }

    /// Whether this machine's clock fits the chain's.
    pub fn wall_clock(&self) -> WallClock {
        self.wall_clock
    }

    /// How many operators those endpoints have.
    fn voices<'a>(&'a self, endpoints: impl Iterator<Item = &'a str>) -> usize {
        let of = |endpoint: &'a str| self.operators.get(endpoint).map_or(endpoint, String::as_str);
        endpoints.map(of).collect::<BTreeSet<_>>().len()
    }

    /// How many of them must agree.
    pub(crate) fn need(&self) -> usize {
        let all = self.voices(self.operators.keys().map(String::as_str));
        usize::try_from(self.config.quorum).unwrap_or(usize::MAX).min(all).max(1)
    }

    /// How well the endpoints agree.
    pub fn agreement(&self) -> Agreement {
        self.agreement
    }

    /// The chain as policies see it.
    pub fn view(&self, now: Time) -> ChainView {
        let head = self.head.as_ref();
        ChainView {
            head: head.map_or(BlockNum(0), Head::num),
            head_slot: head.map_or(Slot(0), |head| head.slot),
            head_age: head.map_or(Duration::MAX, |head| now.since(head.time)),
            irreversible: head.map_or(BlockNum(0), |head| head.irreversible),
            participation: head.map_or(0, |head| head.participation),
            agreement: self.agreement,
            endpoints_fresh: self.fresh,
            endpoints_total: self.total,
        }
    }

    /// The next slot of a witness, where the schedule reaches that far.
    pub fn next_own_slot(&self, witness: &AccountName, now: Time) -> Option<Slot> {
        self.log.next_own_slot(witness, self.head.as_ref()?, &self.clock()?, now)
    }

    /// Takes in a round of answers. Afterwards [`Self::wanted`] tells which blocks to read.
    pub fn observe(&mut self, now: Time, readings: &[EndpointReading]) {
        self.total = u32::try_from(readings.len()).unwrap_or(u32::MAX);
        self.doubts.clear();
        let mut fresh: Vec<Voice<'_>> = Vec::new();
        self.operators = readings.iter().map(|r| (r.endpoint.clone(), r.operator.clone())).collect();
        let heads: Vec<(&str, &Head)> =
            readings.iter().filter_map(|r| Some((r.endpoint.as_str(), &r.result.as_ref().ok()?.head))).collect();
        let height = self.height(&heads);
        self.pace.note(now, &heads, height);
        for EndpointReading { endpoint, result, .. } in readings {
            match self.assess(now, result) {
                Ok(reading) => fresh.push((endpoint, reading)),
                Err(doubt) => {
                    let doubt = match doubt {
                        Doubt::Stale { head, age }
                            if self.pace.is_frozen(now, endpoint, head, self.config.stale_after) =>
                        {
                            Doubt::Frozen { head, age }
                        }
                        doubt => doubt,
                    };
                    self.doubts.insert(endpoint.clone(), doubt);
                }
            }
        }
        // Endpoints of several operators that go on together are right about the time, if none fits this machine's.
        let several = self.voices(heads.iter().map(|(endpoint, _)| *endpoint)) > 1;
        self.wall_clock = match fresh.is_empty() && several {
            true => self.pace.wall_clock(now, &heads, self.config.stale_after),
            false => WallClock::Plausible,
        };
        self.fresh = u32::try_from(fresh.len()).unwrap_or(u32::MAX);
        self.standstill = self.stands_still(now, readings, &fresh);
        self.check_claims(&fresh);

        let (outvoted, standing) = fresh.iter().partition::<Vec<Voice<'_>>, _>(|voice| self.outvoted(voice, &fresh));
        let (forked, sound) = standing.iter().partition::<Vec<Voice<'_>>, _>(|voice| self.contradicts(voice));
        // The majority stands on another branch than our log: forget the log, the next blocks will tell.
        let count = |voices: &[Voice<'_>]| self.voices(voices.iter().map(|(endpoint, _)| *endpoint));
        let wrong_log = count(&forked) > count(&sound);
        if wrong_log {
            self.log.forget_blocks();
            self.claims.clear();
        }
        let (mut trusted, mut doubted) = (sound, outvoted);
        if wrong_log {
            trusted = standing;
        } else {
            doubted.extend(forked);
        }
        for (endpoint, reading) in &doubted {
            let disproved = self.claims.get(*endpoint).is_some_and(|claim| claim.disproved);
            let doubt = if disproved { Doubt::BrokenClaim } else { Doubt::Fork(reading.head.id) };
            self.doubts.insert((*endpoint).to_owned(), doubt);
        }
        self.take_head(&mut trusted);
        self.take_schedule(&trusted);

        let watched = readings.iter().filter_map(|r| r.result.as_ref().ok()).map(|r| r.witnesses.len()).max();
        self.witnesses = (0..watched.unwrap_or(0)).map(|index| self.witness_reading(&trusted, index)).collect();
        self.agreement = self.judge(&trusted, doubted.len());
    }

    /// Compares what endpoints said of their heads earlier with the blocks that came since: an endpoint that is always
    /// a block ahead is caught in no other way.
    fn check_claims(&mut self, fresh: &[Voice<'_>]) {
        let base = self.log.base().map(|base| base.num());
        for (endpoint, reading) in fresh {
            let head = reading.head.id;
            let claim = self.claims.entry((*endpoint).to_owned()).or_insert(Claim { head, disproved: false });
            match self.log.id_at(claim.head.num()) {
                Some(known) => *claim = Claim { head, disproved: known != claim.head },
                None if base.is_none_or(|base| claim.head.num() < base) => claim.head = head,
                None => {}
            }
        }
    }

    /// The highest head that the quorum has reached; who is further ahead cannot be checked yet.
    fn take_head(&mut self, trusted: &mut Vec<Voice<'_>>) {
        trusted.sort_by_key(|(_, reading)| std::cmp::Reverse(reading.head.num()));
        if trusted.is_empty() {
            return self.at_head.clear();
        }
        let need = self.need();
        let reached = |upto: usize| self.voices(trusted.iter().take(upto).map(|(endpoint, _)| *endpoint)) >= need;
        let place = (1..=trusted.len()).find(|upto| reached(*upto)).unwrap_or(trusted.len()).saturating_sub(1);
        let Some(head) = trusted.get(place).map(|(_, reading)| reading.head.clone()) else { return };
        // Heads that are fresh cannot be further apart than this.
        let interval = self.config.block_interval.as_millis().max(1);
        let slots = self.config.stale_after.as_millis().checked_div(interval).unwrap_or_default();
        let limit = u32::try_from(slots).unwrap_or(u32::MAX).saturating_mul(2).saturating_add(2);
        trusted.retain(|(endpoint, reading)| {
            let above = reading.head.num().0.saturating_sub(head.num().0);
            if above > limit {
                let ahead = self.config.block_interval.saturating_mul(above);
                self.doubts.insert((*endpoint).to_owned(), Doubt::Ahead { head: reading.head.num(), ahead });
            }
            above <= limit
        });
        // An endpoint that lags a little takes nothing back.
        let tip = self.log.tip().map(|tip| tip.id);
        let known = self.log.id_at(head.num()) == Some(head.id);
        let keep = self.head.as_ref().is_some_and(|old| known && Some(old.id) == tip && old.num() > head.num());
        let head = self.head.take().filter(|_| keep).unwrap_or(head);
        let at_head = trusted.iter().filter(|(_, reading)| reading.head.id == head.id);
        self.at_head = at_head.map(|(endpoint, _)| (*endpoint).to_owned()).collect();
        self.head = Some(head);
    }

    /// The schedule that the quorum shows, of those that fit the head. Who missed a slot is told by it: one endpoint's word
    /// is not enough.
    fn take_schedule(&mut self, trusted: &[Voice<'_>]) {
        let Some(head) = self.head.as_ref().map(Head::num) else { return };
        let same =
            |one: &Schedule, other: &Schedule| one.next_shuffle == other.next_shuffle && one.current == other.current;
        let voices = |holds: &dyn Fn(&Schedule) -> bool| {
            let of = trusted.iter().filter(|(_, reading)| holds(&reading.schedule));
            self.voices(of.map(|(endpoint, _)| *endpoint))
        };
        let agreed = trusted
            .iter()
            .map(|(_, reading)| &reading.schedule)
            .find(|schedule| schedule.is_in_force_at(head) && voices(&|other| same(schedule, other)) >= self.need());
        let Some(agreed) = agreed else { return };
        // Not every gateway passes on the method that tells the next round.
        let futures = trusted.iter().map(|(_, reading)| &reading.schedule).filter(|other| same(agreed, other));
        let future = futures
            .filter_map(|schedule| schedule.future.as_ref())
            .max_by_key(|future| voices(&|other| same(agreed, other) && other.future.as_ref() == Some(*future)));
        let schedule = Schedule { future: future.cloned(), ..agreed.clone() };
        self.log.learn_schedule(&schedule);
    }

    fn assess<'a>(&self, now: Time, result: &'a Result<Reading, String>) -> Result<&'a Reading, Doubt> {
        let reading = result.as_ref().map_err(|why| Doubt::Silent(why.clone()))?;
        let head = reading.head.num();
        let age = now.since(reading.head.time);
        if age > self.config.stale_after {
            return Err(Doubt::Stale { head, age });
        }
        let ahead = reading.head.time.since(now);
        if ahead > self.config.stale_after {
            return Err(Doubt::Ahead { head, ahead });
        }
        Ok(reading)
    }

    fn contradicts(&self, (endpoint, reading): &Voice<'_>) -> bool {
        let head = reading.head.id;
        let other = self.log.id_at(head.num()).is_some_and(|known| known != head);
        other || self.claims.get(*endpoint).is_some_and(|claim| claim.disproved)
    }

    fn judge(&self, trusted: &[Voice<'_>], forked: usize) -> Agreement {
        let agreeing = self.voices(trusted.iter().map(|(endpoint, _)| *endpoint));
        let all = self.voices(self.operators.keys().map(String::as_str));
        let differ = |(_, a): &Voice<'_>, (_, b): &Voice<'_>| a.head.num() == b.head.num() && a.head.id != b.head.id;
        let same_height_differs = trusted.iter().any(|a| trusted.iter().any(|b| differ(a, b)));
        match (all, agreeing) {
            (_, 0) => Agreement::Blind,
            _ if same_height_differs => Agreement::Disagreed,
            (1, _) => Agreement::Single,
            (_, n) if n >= self.need() => Agreement::Agreed,
            _ if forked > 0 => Agreement::Disagreed,
            _ => Agreement::Thin,
        }
    }

    /// The height that the quorum answered with, fresh or not.
    fn height(&self, heads: &[(&str, &Head)]) -> Option<BlockNum> {
        let mut heights: Vec<(BlockNum, &str)> = heads.iter().map(|(endpoint, head)| (head.num(), *endpoint)).collect();
        heights.sort_unstable_by(|one, other| other.cmp(one));
        let reached = |upto: usize| self.voices(heights.iter().take(upto).map(|(_, name)| *name)) >= self.need();
        let place = (1..=heights.len()).find(|upto| reached(*upto))?;
        heights.get(place.saturating_sub(1)).map(|(height, _)| *height)
    }

    /// Whether more operators have another block at that height.
    fn outvoted(&self, (_, reading): &Voice<'_>, fresh: &[Voice<'_>]) -> bool {
        let votes = |of: BlockId| {
            self.voices(fresh.iter().filter(|(_, reading)| reading.head.id == of).map(|(endpoint, _)| *endpoint))
        };
        let id = reading.head.id;
        fresh.iter().any(|(_, rival)| rival.head.num() == id.num() && votes(rival.head.id) > votes(id))
    }

    /// Whether that endpoint's answers count.
    pub fn trusts(&self, endpoint: &str) -> bool {
        !self.doubts.contains_key(endpoint)
    }

    /// Whether blocks up to the head are to be read from that endpoint: it counts, and stands at that very head.
    pub fn serves(&self, endpoint: &str) -> bool {
        self.at_head.iter().any(|name| name == endpoint)
    }

    /// The blocks to read next, if any: from the first unknown one to the head.
    pub fn wanted(&self) -> Option<(BlockNum, BlockNum)> {
        let head = self.head.as_ref()?;
        let round = self.log_round();
        let from = match self.log.tip() {
            // After a long gap the slots before this round cannot be attributed any more: start with it.
            Some(tip) if head.num().0.saturating_sub(tip.num().0) <= round.saturating_mul(2) => tip.num().next(),
            _ => BlockNum(head.num().back(round).0.max(1)),
        };
        (from <= head.num()).then_some((from, head.num()))
    }

    fn log_round(&self) -> u32 {
        self.log.round_length().unwrap_or(21)
    }

    /// Takes in blocks that were read. `Forked`: ask [`Self::wanted`] again.
    pub fn learn(&mut self, blocks: Vec<Block>) -> Fit {
        let fit = self.log.extend(blocks);
        // The blocks came from another branch than the head: the next round of answers tells which is right.
        if let (Some(head), Some(tip)) = (&self.head, self.log.tip())
            && tip.num() == head.num()
            && tip.id != head.id
        {
            self.log.drop_tip();
        }
        fit
    }

    /// Whether the endpoints that answer, the quorum of them at least, have all stood at the same old block for a while.
    /// If that block is another one each time, the chain goes on, and it is this machine's clock that is wrong.
    fn stands_still(&mut self, now: Time, readings: &[EndpointReading], fresh: &[Voice<'_>]) -> Standstill {
        let heads: Vec<BlockId> = readings.iter().filter_map(|r| r.result.as_ref().ok()).map(|r| r.head.id).collect();
        let answering = readings.iter().filter(|r| r.result.is_ok()).map(|r| r.endpoint.as_str());
        let enough = self.voices(answering) >= self.need().max(2);
        let common = heads.first().copied().filter(|first| heads.iter().all(|id| id == first));
        let before = self.common.filter(|(id, _)| Some(*id) == common);
        self.common = before.or(common.map(|id| (id, now)));
        let long = before.is_some_and(|(_, since)| now.since(since).saturating_mul(2) >= self.config.stale_after);
        if enough && fresh.is_empty() && long { Standstill::AllAtTheSameBlock } else { Standstill::No }
    }

    /// What the endpoints say of a witness: what the quorum of them says, if it is also more than half.
    fn witness_reading(&self, trusted: &[Voice<'_>], index: usize) -> WitnessReading {
        let states: Vec<(&str, Option<&WitnessState>)> = trusted
            .iter()
            .filter_map(|(endpoint, reading)| Some((*endpoint, reading.witnesses.get(index)?.as_ref())))
            .collect();
        let mut keys: Vec<PublicKey> =
            states.iter().filter_map(|(_, state)| Some(state.as_ref()?.signing_key)).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            return if states.is_empty() { WitnessReading::Unread } else { WitnessReading::NoSuchWitness };
        }
        let quorum = usize::try_from(self.config.quorum).unwrap_or(usize::MAX);
        let everybody = self.voices(states.iter().map(|(endpoint, _)| *endpoint));
        let agreed = keys.iter().find_map(|key| {
            let says = |state: &Option<&WitnessState>| state.is_some_and(|state| state.signing_key == *key);
            let of_key = || states.iter().filter(|(_, state)| says(state));
            let voices = self.voices(of_key().map(|(endpoint, _)| *endpoint));
            let most = voices >= quorum && voices.saturating_mul(2) > everybody;
            let all = of_key().count() == states.len();
            let newest = of_key().filter_map(|(_, state)| *state).max_by_key(|state| state.last_confirmed_block);
            newest.filter(|_| most || all)
        });
        agreed.map_or(WitnessReading::Split(keys), |state| WitnessReading::Agreed(state.clone()))
    }
}

/// An endpoint and its answer.
type Voice<'a> = (&'a str, &'a Reading);

#[cfg(test)]
mod tests;
