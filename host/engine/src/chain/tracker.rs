//! One chain as its endpoints show it: round by round, which answers are trusted and what follows from them.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch_agreement::{AgreementRules, AgreementVerdict, Heard, Judge, JudgedVoice, Round, Standing, Voice};
use dogwatch_chain::{AccountName, Block, BlockNum, Head, Schedule, Slot, Time};

use crate::chain::claims::HeadClaims;
use crate::chain::clock_reading::{ClockReading, ClockStep};
use crate::chain::finality::Finality;
use crate::chain::log::{BlockLog, Fit, ROUNDS_KEPT};
use crate::chain::offset::{ClockCorrection, ClockOffset};
use crate::chain::parameters::{Parameters, SlotLength};
use crate::chain::reading::{Doubt, EndpointReading, WitnessReading};
use crate::chain::schedules::WrongSchedules;
use crate::chain::slot_clock::SlotClock;
use crate::chain::unfresh::{Standstill, WallClock};
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
    /// How far the quorum calls the chain irreversible.
    irreversible: Option<BlockNum>,
    judge: Judge<String>,
    verdict: AgreementVerdict,
    /// How many operators must agree.
    need: usize,
    /// How many operators have an endpoint that counts.
    sound: usize,
    fresh: u32,
    total: u32,
    doubts: BTreeMap<String, Doubt>,
    witnesses: Vec<WitnessReading>,
    claims: HeadClaims,
    finality: Finality,
    slot_length: SlotLength,
    wrong_schedules: WrongSchedules,
    clock_correction: ClockCorrection,
    /// The endpoints that stand at the head.
    at_head: Vec<String>,
    /// When a round of answers was last taken in, and the newest slot that any of them shows a block of.
    last_round: Option<(Time, Slot)>,
}

impl Tracker {
    /// A tracker that has seen nothing.
    pub fn new(config: TrackerConfig) -> Self {
        let TrackerConfig { quorum, stale_after, block_interval: interval, .. } = config;
        Self {
            judge: Judge::new(AgreementRules { quorum, stale_after, interval }),
            config,
            log: BlockLog::default(),
            head: None,
            irreversible: None,
            verdict: AgreementVerdict::Blind,
            need: 1,
            sound: 0,
            fresh: 0,
            total: 0,
            doubts: BTreeMap::new(),
            witnesses: Vec::new(),
            claims: HeadClaims::default(),
            finality: Finality::default(),
            slot_length: SlotLength::default(),
            wrong_schedules: WrongSchedules::default(),
            clock_correction: ClockCorrection::default(),
            at_head: Vec::new(),
            last_round: None,
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

    /// The highest block that the quorum has shown as its head. Without a quorum: the head that those who are
    /// left have reached.
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
        self.verdict.into()
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
        self.verdict.into()
    }

    /// How many operators must agree.
    pub(crate) fn need(&self) -> usize {
        self.need
    }

    /// Whether enough operators answer, and have shown no block in common yet.
    pub(crate) fn has_no_common_block(&self) -> bool {
        self.verdict == AgreementVerdict::Thin && self.sound >= self.need
    }

    /// How well the endpoints agree, in full.
    pub fn agreement_verdict(&self) -> AgreementVerdict {
        self.verdict
    }

    /// How well the endpoints agree, as policies see it.
    pub fn agreement(&self) -> Agreement {
        self.verdict.into()
    }

    /// Whether the quorum agrees on the chain.
    pub fn quorum_agrees(&self) -> bool {
        matches!(self.agreement(), Agreement::Agreed | Agreement::Single)
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
            agreement: self.agreement(),
            endpoints_fresh: self.fresh,
            endpoints_total: self.total,
        }
    }

    /// The next slots of a witness, as far as the schedule reaches.
    pub fn next_own_slots(&self, witness: &AccountName, now: Time) -> impl Iterator<Item = Slot> {
        let known = self.head.as_ref().zip(self.clock());
        known.into_iter().flat_map(move |(head, clock)| self.log.next_own_slots(witness, head, clock.slot(now)))
    }

    /// The next of them.
    pub fn next_own_slot(&self, witness: &AccountName, now: Time) -> Option<Slot> {
        self.next_own_slots(witness, now).next()
    }

    /// The first slot that no known schedule covers, if every slot until then is filled.
    pub fn first_unscheduled(&self) -> Option<Slot> {
        self.log.first_unscheduled(self.head.as_ref()?)
    }

    /// The right time, as far as is known, when this machine's clock shows `local`: all that the tracker, a watch or the
    /// chain's alerts are told of the time goes by it.
    pub fn corrected(&self, local: Time) -> Time {
        self.clock_correction.correct(local)
    }

    /// When a round of answers was last taken in, and the newest slot that any of them shows a block of.
    pub(super) fn last_round(&self) -> Option<(Time, Slot)> {
        self.last_round
    }

    /// Whether the endpoints' servers have told how this machine's clock differs.
    pub(crate) fn clock_is_measured(&self) -> bool {
        self.clock_correction.is_measured()
    }

    /// Takes notice if this machine's clock was set between two readings. Corrected times go on as if it had not been, if
    /// answers have told the right time before.
    pub fn note_clock(&mut self, last: &ClockReading, now: &ClockReading) -> Option<ClockStep> {
        let forward = last.set_until(now)?;
        let before = self.corrected(last.at(now.up));
        self.clock_correction.clock_was_set(forward);
        Some(ClockStep { forward, later: self.corrected(now.shown).since(before) })
    }

    /// How this machine's clock differs from the endpoints' servers'. It is corrected for.
    pub fn clock_offset(&self) -> ClockOffset {
        self.clock_correction.offset()
    }

    /// Takes in a round of answers, when this machine's clock shows `local`. Afterwards [`Self::wanted`] tells which blocks
    /// to read.
    pub fn observe(&mut self, local: Time, readings: &[EndpointReading]) {
        self.clock_correction.note(readings);
        let now = self.corrected(local);
        let shown = readings.iter().filter_map(|reading| Some(reading.result.as_ref().ok()?.head.slot)).max();
        self.last_round = shown.map(|newest| (now, newest));
        let (clock, parameters) = (self.clock(), self.parameters());
        let mut round = self.judge.hear(now, readings.iter().map(voice).collect());
        let fresh = || round.voices().iter().filter(|judged| judged.standing.is_fresh());
        self.total = u32::try_from(readings.len()).unwrap_or(u32::MAX);
        self.fresh = u32::try_from(fresh().count()).unwrap_or(u32::MAX);
        self.claims.check(&self.log, fresh().filter_map(named_head));

        round.condemn(self.finality.find_deniers(&round, &self.log));
        let off_branch = off_branch(&round, &mut self.log, &mut self.claims);
        round.condemn(off_branch);
        // With slots of another length no schedule would fit.
        let measured = clock.filter(|_| parameters == Parameters::AsConfigured);
        let wrong = self.wrong_schedules.among(&round, &self.log, measured.as_ref(), &self.config);
        round.distrust_schedules(wrong.iter().cloned());

        let conclusion = round.conclude();
        (self.verdict, self.need, self.sound) = (conclusion.verdict, round.need(), round.operators(is_sound));
        let doubts = readings.iter().zip(round.voices()).filter_map(|(reading, judged)| {
            Some((reading.endpoint.clone(), doubt(now, reading, judged, &self.claims, &self.finality)?))
        });
        self.doubts = doubts.collect();
        self.doubts.extend(wrong.into_iter().map(|endpoint| (endpoint, Doubt::WrongSchedule)));
        self.witnesses = conclusion.witnesses.into_iter().map(WitnessReading::from).collect();
        let is_followed = is_followed(&round);
        self.irreversible = conclusion.irreversible;
        match conclusion.head.or_else(|| round.reached(&is_followed).cloned()) {
            None => self.at_head.clear(),
            Some(head) => {
                // An endpoint that lags a little takes nothing back.
                let tip = self.log.tip().map(|tip| tip.id);
                let known = self.log.id_at(head.num()) == Some(head.id);
                let keep = self.head.as_ref().is_some_and(|old| known && Some(old.id) == tip && old.num() > head.num());
                let head = self.head.take().filter(|_| keep).unwrap_or(head);
                let followed = round.voices().iter().filter(|judged| is_followed(judged));
                let at_head = followed.map(|judged| &judged.voice.endpoint);
                self.at_head = at_head.filter(|endpoint| round.has_shown(endpoint, head.id)).cloned().collect();
                self.slot_length.note(&head);
                self.log.note_head(&head);
                self.head = Some(head);
            }
        }
        self.finality.note(self.head.as_ref(), self.irreversible, &self.log);
        // The blocks up to the head may be known already, and no others be read before the next round of answers.
        let known = measured.filter(|_| self.log.tip().map(|tip| tip.id) == self.head.as_ref().map(|head| head.id));
        let contradicts =
            |schedule: &Schedule| known.as_ref().is_some_and(|clock| self.log.contradicts(schedule, clock));
        if let Some(schedule) = conclusion.schedule.filter(|schedule| !contradicts(schedule)) {
            self.log.learn_schedule(&schedule);
        }
        if let Some(clock) = known {
            self.wrong_schedules.prove(&self.log, &clock);
        }
    }

    /// Whether that endpoint's answers count.
    pub fn trusts(&self, endpoint: &str) -> bool {
        !self.doubts.contains_key(endpoint)
    }

    /// Whether blocks up to the head are to be read from that endpoint: it counts, and has shown that very head.
    pub fn serves(&self, endpoint: &str) -> bool {
        self.at_head.iter().any(|name| name == endpoint)
    }

    /// The blocks to read next, if any: from the first unknown one to the head.
    pub fn wanted(&self) -> Option<(BlockNum, BlockNum)> {
        let head = self.head.as_ref().filter(|_| !self.at_head.is_empty())?;
        let round = self.log_round();
        // After a long gap the slots before this round cannot be attributed any more: start with it. But the blocks of a branch
        // that has won tell what it undid.
        let rounds = if self.log.is_on_a_lost_branch() { ROUNDS_KEPT } else { 2 };
        let gap = |tip: &Block| head.num().0.saturating_sub(tip.num().0);
        let from = match self.log.tip() {
            Some(tip) if gap(tip) <= round.saturating_mul(rounds) => tip.num().next(),
            _ => BlockNum(head.num().back(round).0.max(1)),
        };
        (from <= head.num()).then_some((from, head.num()))
    }

    fn log_round(&self) -> u32 {
        self.log.round_length().unwrap_or(21)
    }

    /// Takes in blocks that were read. `Forked`: ask [`Self::wanted`] again.
    pub fn learn(&mut self, blocks: Vec<Block>) -> Fit {
        let first = blocks.first().map(Block::num);
        let fit = self.log.extend(blocks);
        if let Some((first, head)) = first.zip(self.head.as_ref())
            && self.finality.is_denied(first, fit, head, &self.at_head)
        {
            // Nothing more is read of that branch.
            self.at_head.clear();
        }
        // The blocks came from another branch than the head: the next round of answers tells which is right.
        if let (Some(head), Some(tip)) = (&self.head, self.log.tip())
            && tip.num() == head.num()
            && tip.id != head.id
        {
            self.log.drop_tip();
        }
        self.finality.note(self.head.as_ref(), self.irreversible, &self.log);
        if let Some(clock) = self.clock().filter(|_| self.parameters() == Parameters::AsConfigured) {
            self.log.drop_contradicted(&clock);
            self.wrong_schedules.prove(&self.log, &clock);
        }
        fit
    }
}

fn voice(reading: &EndpointReading) -> Voice<'_, String> {
    let heard = reading.result.as_ref().ok().map(|reading| Heard {
        head: &reading.head,
        schedule: &reading.schedule,
        witnesses: &reading.witnesses,
    });
    Voice { endpoint: reading.endpoint.clone(), operator: &reading.operator, reading: heard }
}

fn named_head<'v>(judged: &'v JudgedVoice<'_, String>) -> Option<(&'v str, &'v Head)> {
    Some((judged.voice.endpoint.as_str(), judged.voice.reading?.head))
}

/// What the blocks prove beyond what the judge holds against endpoints: which of them are on another branch. If most are on
/// another one than the log, it is the log that is wrong from there on: the next blocks will tell.
fn off_branch(round: &Round<'_, '_, String>, log: &mut BlockLog, claims: &mut HeadClaims) -> Vec<String> {
    let outvoted = |judged: &JudgedVoice<'_, String>| matches!(judged.standing, Standing::MinorityFork { .. });
    let standing = |judged: &JudgedVoice<'_, String>| judged.standing.is_fresh() && !outvoted(judged);
    let forked = |judged: &JudgedVoice<'_, String>| contradicts(log, claims, judged);
    let fresh = || round.voices().iter().filter(|judged| judged.standing.is_fresh());
    let named = |judged: &JudgedVoice<'_, String>| judged.voice.endpoint.clone();
    let against_log = round.operators(|judged| standing(judged) && forked(judged));
    if against_log <= round.operators(|judged| standing(judged) && !forked(judged)) {
        return fresh().filter(|judged| forked(judged)).map(named).collect();
    }
    let heads = fresh().filter(|judged| forked(judged)).filter_map(named_head);
    let lowest = heads.map(|(_, head)| head.num()).min();
    let with_log = fresh().filter(|judged| standing(judged) && !forked(judged)).map(named).collect();
    if let Some(lowest) = lowest {
        log.drop_from(lowest);
    }
    claims.forget();
    with_log
}

/// Whether that answer has another block than the log, or its endpoint claimed one that never came.
fn contradicts(log: &BlockLog, claims: &HeadClaims, judged: &JudgedVoice<'_, String>) -> bool {
    named_head(judged).is_some_and(|(endpoint, head)| {
        log.id_at(head.num()).is_some_and(|known| known != head.id) || claims.disproved(endpoint)
    })
}

/// Whose heads are followed: the endpoints that count; if there is none, those of which nobody knows better.
fn is_followed(round: &Round<'_, '_, String>) -> impl Fn(&JudgedVoice<'_, String>) -> bool + use<> {
    let any_sound = round.operators(is_sound) > 0;
    move |judged| is_sound(judged) || !any_sound && matches!(judged.standing, Standing::Disputed { .. })
}

fn is_sound(judged: &JudgedVoice<'_, String>) -> bool {
    judged.standing == Standing::Sound
}

/// Why an endpoint does not count, if it does not.
fn doubt(
    now: Time,
    reading: &EndpointReading,
    judged: &JudgedVoice<'_, String>,
    claims: &HeadClaims,
    finality: &Finality,
) -> Option<Doubt> {
    let denied = || finality.denied_by(&reading.endpoint);
    let answer = match &reading.result {
        Ok(answer) => answer,
        Err(why) => return Some(Doubt::Silent(why.clone())),
    };
    let head = answer.head.num();
    let contested = judged.contested.unwrap_or(answer.head.id);
    Some(match judged.standing {
        Standing::Sound => return None,
        Standing::Frozen { age, .. } => Doubt::Frozen { head, age },
        Standing::Stale { age, .. } => Doubt::Stale { head, age },
        Standing::Future { by } => Doubt::Ahead { head, ahead: by },
        Standing::Ahead { blocks } => Doubt::TooHigh { head, blocks },
        Standing::Disputed { .. } => Doubt::Disputed(contested),
        Standing::MinorityFork { .. } if let Some(block) = denied() => Doubt::NotFinal(block),
        Standing::MinorityFork { .. } if claims.disproved(&reading.endpoint) => Doubt::BrokenClaim,
        Standing::MinorityFork { .. } => Doubt::Fork(contested),
        // By this machine's clock, which is wrong.
        _ if answer.head.time > now => Doubt::Ahead { head, ahead: answer.head.time.since(now) },
        _ => Doubt::Stale { head, age: now.since(answer.head.time) },
    })
}

#[cfg(test)]
mod tests;
