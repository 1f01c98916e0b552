//! One chain as its endpoints show it: round by round, which answers are trusted and what follows from them.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch_chain::{AccountName, Block, BlockId, BlockNum, Head, Slot, Time};

use crate::chain::agreement;
use crate::chain::claims::Claims;
use crate::chain::log::{BlockLog, Fit};
use crate::chain::parameters::{Parameters, SlotLength};
use crate::chain::progress::{HeadProgress, WallClock};
use crate::chain::quorum::Quorum;
use crate::chain::reading::{Doubt, EndpointReading, NamedReading, Reading, WitnessReading};
use crate::chain::schedules::WrongSchedules;
use crate::chain::slot_clock::SlotClock;
use crate::chain::standstill::{CommonHead, Standstill};
use crate::failure::ReadFailure;
use crate::situation::{Agreement, ChainView};

/// The configuration of a tracker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerConfig {
    /// The chain's name.
    pub chain: String,
    /// Time from slot to slot.
    pub block_interval: Duration,
    /// Slots in a round.
    pub round_length: u32,
    /// Operators whose endpoints must agree. With fewer configured, all of them.
    pub quorum: u32,
    /// A head older than this is stale.
    pub stale_after: Duration,
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
    quorum: Quorum,
    progress: HeadProgress,
    claims: Claims,
    common_head: CommonHead,
    slot_length: SlotLength,
    wrong_schedules: WrongSchedules,
    /// How often the log turned out to be another branch's.
    branches_left: u32,
    /// The endpoints that stand at the head.
    at_head: Vec<String>,
}

impl Tracker {
    /// A tracker that has seen nothing.
    pub fn new(config: TrackerConfig) -> Self {
        Self {
            quorum: Quorum::new(config.quorum),
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
            progress: HeadProgress::default(),
            claims: Claims::default(),
            common_head: CommonHead::default(),
            slot_length: SlotLength::default(),
            wrong_schedules: WrongSchedules::default(),
            branches_left: 0,
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

    /// The highest head that the quorum has reached.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// The chain's time: that of the agreed head. It neither jumps nor runs on while the chain cannot be seen. Before the
    /// first head there is only this machine's clock.
    pub fn time(&self, now: Time) -> Time {
        self.head.as_ref().map_or(now, |head| head.time)
    }

    /// The chain's slots in time.
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

    /// Whether the chain is the one that the configuration describes.
    pub fn parameters(&self) -> Parameters {
        let configured = self.config.round_length;
        match self.log.round_length() {
            Some(found) if found != configured => Parameters::Round { configured, found },
            _ => self.slot_length.compare(self.config.block_interval),
        }
    }

    /// Whether this machine's clock fits the chain's.
    pub fn wall_clock(&self) -> WallClock {
        self.wall_clock
    }

    /// How often the log turned out to be another branch's. What was read of it that is not irreversible may be wrong.
    pub(crate) fn branches_left(&self) -> u32 {
        self.branches_left
    }

    /// How many operators must agree.
    pub(crate) fn need(&self) -> usize {
        self.quorum.need()
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

    /// The first slot that no known schedule covers, if every slot until then is filled.
    pub fn first_unscheduled(&self) -> Option<Slot> {
        self.log.first_unscheduled(self.head.as_ref()?)
    }

    /// Takes in a round of answers. Afterwards [`Self::wanted`] tells which blocks to read.
    pub fn observe(&mut self, now: Time, readings: &[EndpointReading]) {
        self.total = u32::try_from(readings.len()).unwrap_or(u32::MAX);
        self.doubts.clear();
        let mut fresh: Vec<NamedReading<'_>> = Vec::new();
        self.quorum.learn(readings);
        let heads: Vec<(&str, &Head)> =
            readings.iter().filter_map(|r| Some((r.endpoint.as_str(), &r.result.as_ref().ok()?.head))).collect();
        let height = self.height(&heads);
        self.progress.note(now, &heads, height);
        for EndpointReading { endpoint, result, .. } in readings {
            match self.assess(now, result) {
                Ok(reading) => fresh.push((endpoint, reading)),
                Err(doubt) => {
                    let doubt = match doubt {
                        Doubt::Stale { head, age }
                            if self.progress.is_frozen(now, endpoint, head, self.config.stale_after) =>
                        {
                            Doubt::Frozen { head, age }
                        }
                        doubt => doubt,
                    };
                    self.doubts.insert(endpoint.clone(), doubt);
                }
            }
        }
        // Endpoints of several operators that move on together are right about the time if none fits this machine's.
        let several = self.quorum.voices(heads.iter().map(|(endpoint, _)| *endpoint)) > 1;
        self.wall_clock = match fresh.is_empty() && several {
            true => self.progress.wall_clock(now, &heads, self.config.stale_after),
            false => WallClock::Plausible,
        };
        self.fresh = u32::try_from(fresh.len()).unwrap_or(u32::MAX);
        self.standstill = self.stands_still(now, readings, &fresh);
        self.claims.check(&self.log, &fresh);

        let (outvoted, standing) = fresh
            .iter()
            .partition::<Vec<NamedReading<'_>>, _>(|answer| agreement::outvoted(&self.quorum, answer, &fresh));
        let (forked, sound) = standing.iter().partition::<Vec<NamedReading<'_>>, _>(|answer| self.contradicts(answer));
        // The majority stands on another branch than our log: forget the log from there on, the next blocks will tell.
        let wrong_log = self.quorum.voices_of(&forked) > self.quorum.voices_of(&sound);
        if wrong_log {
            if let Some(lowest) = forked.iter().map(|(_, reading)| reading.head.num()).min() {
                self.log.drop_from(lowest);
            }
            self.claims.forget();
        }
        let (mut trusted, against) = if wrong_log { (forked, sound) } else { (sound, forked) };
        let doubted: Vec<NamedReading<'_>> = outvoted.into_iter().chain(against).collect();
        for (endpoint, reading) in &doubted {
            let doubt = if self.claims.disproved(endpoint) { Doubt::BrokenClaim } else { Doubt::Fork(reading.head.id) };
            self.doubts.insert((*endpoint).to_owned(), doubt);
        }
        let wrong = self.wrong_schedules.among(&trusted, &self.log, self.clock().as_ref(), &self.config);
        trusted.retain(|(endpoint, _)| !wrong.contains(*endpoint));
        self.doubts.extend(wrong.into_iter().map(|endpoint| (endpoint, Doubt::WrongSchedule)));
        self.take_head(&mut trusted);
        if let Some(head) = self.head.as_ref().map(Head::num)
            && let Some(schedule) = agreement::schedule(&self.quorum, &trusted, head)
        {
            self.log.learn_schedule(&schedule);
        }

        let watched = readings.iter().filter_map(|r| r.result.as_ref().ok()).map(|r| r.witnesses.len()).max();
        self.witnesses =
            (0..watched.unwrap_or(0)).map(|index| agreement::witness(&self.quorum, &trusted, index)).collect();
        self.agreement = agreement::judge(&self.quorum, &trusted, doubted.len());
    }

    /// The highest head that the quorum has reached, and most of those that count; who is further ahead cannot be checked
    /// yet.
    fn take_head(&mut self, trusted: &mut Vec<NamedReading<'_>>) {
        trusted.sort_by_key(|(_, reading)| std::cmp::Reverse(reading.head.num()));
        if trusted.is_empty() {
            return self.at_head.clear();
        }
        let names: Vec<&str> = trusted.iter().map(|(endpoint, _)| *endpoint).collect();
        let place = self.quorum.reached_by_most(&names).unwrap_or(names.len().saturating_sub(1));
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
        self.slot_length.note(&head);
        self.head = Some(head);
    }

    fn assess<'a>(&self, now: Time, result: &'a Result<Reading, ReadFailure>) -> Result<&'a Reading, Doubt> {
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

    /// The height that the quorum answered with, fresh or not.
    fn height(&self, heads: &[(&str, &Head)]) -> Option<BlockNum> {
        let mut heights: Vec<(BlockNum, &str)> = heads.iter().map(|(endpoint, head)| (head.num(), *endpoint)).collect();
        heights.sort_unstable_by(|one, other| other.cmp(one));
        let names: Vec<&str> = heights.iter().map(|(_, name)| *name).collect();
        let place = self.quorum.reached_at(&names)?;
        heights.get(place).map(|(height, _)| *height)
    }

    /// Whether that answer has another block than the log, or its endpoint claimed one that never came.
    fn contradicts(&self, (endpoint, reading): &NamedReading<'_>) -> bool {
        let head = reading.head.id;
        self.log.id_at(head.num()).is_some_and(|known| known != head) || self.claims.disproved(endpoint)
    }

    /// Whether the endpoints that answer, the quorum of them at least, have all stood at the same old block for a while.
    /// If that block is another one each time, the chain goes on, and it is this machine's clock that is wrong.
    fn stands_still(&mut self, now: Time, readings: &[EndpointReading], fresh: &[NamedReading<'_>]) -> Standstill {
        let heads: Vec<BlockId> = readings.iter().filter_map(|r| r.result.as_ref().ok()).map(|r| r.head.id).collect();
        let answering = readings.iter().filter(|r| r.result.is_ok()).map(|r| r.endpoint.as_str());
        let enough = self.quorum.voices(answering) >= self.quorum.need().max(2);
        let since = self.common_head.note(now, &heads);
        let long = since.is_some_and(|since| now.since(since).saturating_mul(2) >= self.config.stale_after);
        if enough && fresh.is_empty() && long { Standstill::AllAtTheSameBlock } else { Standstill::No }
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
        if fit == Fit::Forked && self.log.tip().is_none() {
            self.branches_left = self.branches_left.wrapping_add(1);
        }
        // The blocks came from another branch than the head: the next round of answers tells which is right.
        if let (Some(head), Some(tip)) = (&self.head, self.log.tip())
            && tip.num() == head.num()
            && tip.id != head.id
        {
            self.log.drop_tip();
        }
        if let Some(clock) = self.clock() {
            self.log.drop_contradicted(&clock);
            self.wrong_schedules.prove(&self.log, &clock, self.config.round_length);
        }
        fit
    }
}

#[cfg(test)]
mod tests;
