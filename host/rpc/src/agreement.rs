//! What several endpoints say, held against each other: who agrees, who does not, and in which way not.
//!
//! Pure: readings and a time in, a judgement out. Who counts is told by operators, since two names of one provider are
//! one voice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use dogwatch_chain::{BlockId, BlockNum, Head, PublicKey, Schedule, Time, WitnessState};

use crate::member::EndpointIndex;
use crate::operator::Operator;
use crate::poll::Reading;
use crate::standing::{Standing, Verdict};

/// Heads that were claimed are remembered for so many blocks.
const REMEMBERED: u32 = 64;
/// Two endpoints that follow one chain are no further apart than this.
const TOGETHER: u32 = 3;

/// What counts as agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How many operators must say the same. With fewer configured, all of them.
    pub quorum: u32,
    /// A head older than this is stale.
    pub stale_after: Duration,
    /// Time from block to block.
    pub interval: Duration,
}

/// What one endpoint said; nothing if it did not answer properly.
#[derive(Clone, Copy, Debug)]
pub struct Voice<'a> {
    /// Which endpoint.
    pub endpoint: EndpointIndex,
    /// Who runs it.
    pub operator: &'a Operator,
    /// Its answer.
    pub reading: Option<&'a Reading>,
}

/// What the endpoints agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// How well they agree.
    pub verdict: Verdict,
    /// The highest head that the quorum has shown, fresh and undisputed; nothing unless the verdict is good.
    pub head: Option<Head>,
    /// The highest irreversible block that the quorum has reached.
    pub irreversible: Option<BlockNum>,
    /// The schedule that the quorum shows for that head.
    pub schedule: Option<Schedule>,
    /// What they say of each witness that was asked for.
    pub witnesses: Vec<WitnessAgreement>,
    /// What each endpoint's answer is worth, in the order of the voices.
    pub standings: Vec<(EndpointIndex, Standing)>,
}

/// What the endpoints say of a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WitnessAgreement {
    /// The quorum of them, and more than half, say this. Nodes answer from pending state: only blocks prove it.
    Agreed(WitnessState),
    /// They name different keys.
    Split(Vec<PublicKey>),
    /// The quorum of them say that there is no such witness.
    NoSuchWitness,
    /// Too few say anything.
    Unknown,
}

/// Compares rounds of readings of the same endpoints.
#[derive(Clone, Debug)]
pub struct Comparison {
    rules: Rules,
    past: BTreeMap<EndpointIndex, Past>,
    claims: BTreeMap<BlockNum, Vec<(EndpointIndex, Head)>>,
    /// The height that the quorum has reached, and when that last grew.
    height: Option<(BlockNum, Time)>,
}

/// What an endpoint said before.
#[derive(Clone, Copy, Debug)]
struct Past {
    head: BlockId,
    since: Time,
    before: Option<BlockId>,
}

impl Comparison {
    /// One that has seen nothing.
    pub fn new(rules: Rules) -> Self {
        Self { rules, past: BTreeMap::new(), claims: BTreeMap::new(), height: None }
    }

    /// Takes in a round of answers.
    pub fn compare(&mut self, now: Time, voices: &[Voice<'_>]) -> Agreement {
        self.remember(now, voices);
        let need = self.need(voices);
        self.watch_height(now, voices, need);
        self.forget_claims();
        let clock = self.clock_error(now, voices);
        let mut standings: Vec<(EndpointIndex, Standing)> =
            voices.iter().map(|voice| (voice.endpoint, self.standing(now, voices, voice, clock))).collect();

        let mut sound: Vec<Sound<'_>> = voices
            .iter()
            .zip(&standings)
            .filter(|(_, (_, standing))| *standing == Standing::Sound)
            .filter_map(|(voice, _)| {
                Some(Sound { endpoint: voice.endpoint, operator: voice.operator, reading: voice.reading? })
            })
            .collect();
        let head = highest_reached(&sound, need).cloned();
        if let Some(head) = &head {
            let limit = self.far_ahead();
            for ((_, standing), voice) in standings.iter_mut().zip(voices) {
                let ahead = voice.reading.map_or(0, |reading| reading.head.num().0.saturating_sub(head.num().0));
                if *standing == Standing::Sound && ahead > limit {
                    *standing = Standing::Ahead { blocks: ahead };
                }
            }
            sound.retain(|sound| sound.reading.head.num().0.saturating_sub(head.num().0) <= limit);
        }
        let head = self.confirmed(&sound, need);
        let mut verdict = self.verdict(now, voices, &standings, &sound, need, clock);
        if verdict.is_good() && head.is_none() {
            verdict = Verdict::Thin;
        }
        let head = head.filter(|_| verdict.is_good());
        let irreversible = head.as_ref().and_then(|_| reached(&sound, need, |head| head.irreversible));
        let schedule = head.as_ref().and_then(|head| schedule(&sound, need, head));
        let asked = voices.iter().filter_map(|voice| voice.reading).map(|reading| reading.witnesses.len()).max();
        let witnesses = (0..asked.unwrap_or(0)).map(|index| witness(&sound, need, index)).collect();
        Agreement { verdict, head, irreversible, schedule, witnesses, standings }
    }

    /// The highest block that so many operators have shown as their head, now or a moment ago. That one is higher than
    /// another says nothing: they may be on different branches.
    fn confirmed(&self, sound: &[Sound<'_>], need: usize) -> Option<Head> {
        let lowest = sound.iter().map(|sound| sound.reading.head.num().0).max()?.saturating_sub(TOGETHER);
        self.claims
            .range(BlockNum(lowest)..)
            .rev()
            .find_map(|(_, claims)| {
                claims.iter().map(|(_, head)| head).find(|head| {
                    let same = |endpoint: EndpointIndex| {
                        claims.iter().any(|(other, claimed)| *other == endpoint && claimed.id == head.id)
                    };
                    let by = sound.iter().filter(|sound| same(sound.endpoint));
                    operators(by.map(|sound| sound.operator)) >= need
                })
            })
            .cloned()
    }

    /// How many operators must agree: no more than there are.
    fn need(&self, voices: &[Voice<'_>]) -> usize {
        let all = operators(voices.iter().map(|voice| voice.operator));
        usize::try_from(self.rules.quorum).unwrap_or(usize::MAX).min(all).max(1)
    }

    fn remember(&mut self, now: Time, voices: &[Voice<'_>]) {
        for voice in voices {
            let Some(reading) = voice.reading else { continue };
            let head = reading.head.id;
            let past = self.past.entry(voice.endpoint).or_insert(Past { head, since: now, before: None });
            if past.head != head {
                *past = Past { head, since: now, before: Some(past.head) };
            }
            let claims = self.claims.entry(head.num()).or_default();
            claims.retain(|(endpoint, _)| *endpoint != voice.endpoint);
            claims.push((voice.endpoint, reading.head.clone()));
        }
    }

    /// Claims far from where the quorum is say nothing any more, or never did.
    fn forget_claims(&mut self) {
        let Some((height, _)) = self.height else { return };
        self.claims.retain(|num, _| num.0.abs_diff(height.0) <= REMEMBERED);
    }

    fn watch_height(&mut self, now: Time, voices: &[Voice<'_>], need: usize) {
        let answering: Vec<Sound<'_>> = voices
            .iter()
            .filter_map(|voice| {
                Some(Sound { endpoint: voice.endpoint, operator: voice.operator, reading: voice.reading? })
            })
            .collect();
        let Some(height) = highest_reached(&answering, need).map(Head::num) else { return };
        match self.height {
            Some((known, _)) if height <= known => {}
            // The first height is no growth.
            known => self.height = Some((height, known.map_or(Time::from_millis(0), |_| now))),
        }
    }

    /// By how much this machine's clock is off, if the endpoints move on together and none is fresh.
    fn clock_error(&self, now: Time, voices: &[Voice<'_>]) -> Option<ClockError> {
        let (height, grew) = self.height?;
        let heads: Vec<(&Operator, &Head)> =
            voices.iter().filter_map(|voice| Some((voice.operator, &voice.reading?.head))).collect();
        let apart = |head: &Head| head.num().0.abs_diff(height.0) > TOGETHER;
        let off = |head: &Head| self.age(now, head).is_some() || self.ahead(now, head).is_some();
        let moving = now.since(grew) < self.rules.stale_after;
        let together = heads.iter().all(|(_, head)| off(head) && !apart(head));
        if !moving || !together || operators(heads.iter().map(|(operator, _)| *operator)) < 2 {
            return None;
        }
        let newest = heads.iter().map(|(_, head)| head.time).max()?;
        Some(if newest > now { ClockError::Behind(newest.since(now)) } else { ClockError::Ahead(now.since(newest)) })
    }

    /// The head's age, if that makes it stale.
    fn age(&self, now: Time, head: &Head) -> Option<Duration> {
        Some(now.since(head.time)).filter(|age| *age > self.rules.stale_after)
    }

    fn ahead(&self, now: Time, head: &Head) -> Option<Duration> {
        Some(head.time.since(now)).filter(|ahead| *ahead > self.rules.stale_after)
    }

    /// Fresh heads cannot be further apart than this.
    fn far_ahead(&self) -> u32 {
        let slots = self.rules.stale_after.as_millis().checked_div(self.rules.interval.as_millis());
        u32::try_from(slots.unwrap_or(0)).unwrap_or(u32::MAX).saturating_mul(2).saturating_add(2)
    }

    fn standing(&self, now: Time, voices: &[Voice<'_>], voice: &Voice<'_>, clock: Option<ClockError>) -> Standing {
        let Some(head) = voice.reading.map(|reading| &reading.head) else { return Standing::Silent };
        if let Some(dispute) = self.dispute(voices, voice) {
            return dispute;
        }
        let (age, ahead) = (self.age(now, head), self.ahead(now, head));
        match (age, ahead) {
            (None, None) => Standing::Sound,
            _ if clock.is_some() => Standing::OffClock,
            (_, Some(by)) => Standing::Future { by },
            (Some(age), None) => {
                let since = self.past.get(&voice.endpoint).map_or(now, |past| past.since);
                let others_went_on = self
                    .height
                    .is_some_and(|(height, grew)| height.0 > head.num().0.saturating_add(TOGETHER) && grew > since);
                match now.since(since).saturating_mul(2) > self.rules.stale_after && others_went_on {
                    true => Standing::Frozen { at: head.num(), age },
                    false => Standing::Stale { at: head.num(), age },
                }
            }
        }
    }

    /// Whether other operators claimed another block at a height that this endpoint claimed, this time or the time before.
    fn dispute(&self, voices: &[Voice<'_>], voice: &Voice<'_>) -> Option<Standing> {
        let past = self.past.get(&voice.endpoint)?;
        let of = |endpoint: EndpointIndex| voices.iter().find(|voice| voice.endpoint == endpoint).map(|v| v.operator);
        let mut dispute = None;
        for claim in [past.before, Some(past.head)].into_iter().flatten() {
            let Some(claims) = self.claims.get(&claim.num()) else { continue };
            let votes = |id: BlockId| operators(claims.iter().filter(|(_, c)| c.id == id).filter_map(|(e, _)| of(*e)));
            let own = votes(claim);
            let rivals: BTreeSet<BlockId> = claims.iter().map(|(_, head)| head.id).filter(|id| *id != claim).collect();
            let most = rivals.into_iter().map(votes).max().unwrap_or(0);
            if most > own {
                return Some(Standing::MinorityFork { at: claim.num() });
            }
            if most == own && most > 0 {
                dispute = Some(Standing::Disputed { at: claim.num() });
            }
        }
        dispute
    }

    fn verdict(
        &self,
        now: Time,
        voices: &[Voice<'_>],
        standings: &[(EndpointIndex, Standing)],
        sound: &[Sound<'_>],
        need: usize,
        clock: Option<ClockError>,
    ) -> Verdict {
        let agreeing = operators(sound.iter().map(|sound| sound.operator));
        let disputed = standings
            .iter()
            .any(|(_, standing)| matches!(standing, Standing::Disputed { .. } | Standing::MinorityFork { .. }));
        if agreeing >= need {
            return match operators(voices.iter().map(|voice| voice.operator)) {
                1 => Verdict::OneVoice,
                _ => Verdict::Agreed,
            };
        }
        match (agreeing, clock) {
            _ if disputed => Verdict::Disagreement,
            (0, Some(ClockError::Ahead(by))) => Verdict::ClockAhead { by },
            (0, Some(ClockError::Behind(by))) => Verdict::ClockBehind { by },
            (0, None) if self.stands_still(now, voices, need) => Verdict::Standstill,
            (0, None) => Verdict::Blind,
            _ => Verdict::Thin,
        }
    }

    /// Whether the quorum answers, all of them at one old block, for a while.
    fn stands_still(&self, now: Time, voices: &[Voice<'_>], need: usize) -> bool {
        let mut heads = BTreeSet::new();
        let mut since = None;
        for voice in voices.iter().filter(|voice| voice.reading.is_some()) {
            let Some(past) = self.past.get(&voice.endpoint) else { continue };
            heads.insert(past.head);
            since = since.max(Some(past.since));
        }
        let answering = voices.iter().filter(|voice| voice.reading.is_some()).map(|voice| voice.operator);
        let long = since.is_some_and(|since| now.since(since).saturating_mul(2) >= self.rules.stale_after);
        long && heads.len() == 1 && operators(answering) >= need.max(2)
    }
}

/// How this machine's clock is off.
#[derive(Clone, Copy, Debug)]
enum ClockError {
    Ahead(Duration),
    Behind(Duration),
}

/// A voice that answered.
#[derive(Clone, Copy, Debug)]
struct Sound<'a> {
    endpoint: EndpointIndex,
    operator: &'a Operator,
    reading: &'a Reading,
}

fn operators<'a>(of: impl Iterator<Item = &'a Operator>) -> usize {
    of.collect::<BTreeSet<_>>().len()
}

/// The highest head that so many operators have reached.
fn highest_reached<'a>(sound: &[Sound<'a>], need: usize) -> Option<&'a Head> {
    let height = reached(sound, need, Head::num)?;
    sound.iter().map(|sound| &sound.reading.head).find(|head| head.num() == height)
}

/// The highest number that so many operators have reached.
fn reached(sound: &[Sound<'_>], need: usize, of: impl Fn(&Head) -> BlockNum) -> Option<BlockNum> {
    let mut numbers: Vec<(BlockNum, &Operator)> =
        sound.iter().map(|sound| (of(&sound.reading.head), sound.operator)).collect();
    numbers.sort_unstable_by(|one, other| other.cmp(one));
    let mut seen = BTreeSet::new();
    numbers.into_iter().find_map(|(number, operator)| {
        seen.insert(operator);
        (seen.len() >= need).then_some(number)
    })
}

/// The schedule that so many operators show, of those that fit the head.
fn schedule(sound: &[Sound<'_>], need: usize, head: &Head) -> Option<Schedule> {
    let same =
        |one: &Schedule, other: &Schedule| one.current == other.current && one.next_shuffle == other.next_shuffle;
    let candidates =
        sound.iter().map(|sound| &sound.reading.schedule).filter(|schedule| schedule.is_in_force_at(head.num()));
    let mut best = candidates.filter(|candidate| {
        let showing = sound.iter().filter(|sound| same(&sound.reading.schedule, candidate));
        operators(showing.map(|sound| sound.operator)) >= need
    });
    best.next().cloned()
}

fn witness(sound: &[Sound<'_>], need: usize, index: usize) -> WitnessAgreement {
    type Said<'a> = (&'a Operator, Option<&'a WitnessState>);
    let said: Vec<Said<'_>> =
        sound.iter().filter_map(|sound| Some((sound.operator, sound.reading.witnesses.get(index)?.as_ref()))).collect();
    let enough = |holds: &dyn Fn(Option<&WitnessState>) -> bool| {
        let by: Vec<&Said<'_>> = said.iter().filter(|(_, state)| holds(*state)).collect();
        let voices = operators(by.iter().map(|(operator, _)| *operator));
        let others = operators(said.iter().filter(|(_, state)| !holds(*state)).map(|(operator, _)| *operator));
        voices >= need && voices > others
    };
    let mut keys: Vec<PublicKey> = said.iter().filter_map(|(_, state)| Some(state.as_ref()?.signing_key)).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in &keys {
        if enough(&|state| state.is_some_and(|state| state.signing_key == *key)) {
            let of_key = said.iter().filter_map(|(_, state)| *state).filter(|state| state.signing_key == *key);
            if let Some(newest) = of_key.max_by_key(|state| state.last_confirmed_block) {
                return WitnessAgreement::Agreed(newest.clone());
            }
        }
    }
    if enough(&|state| state.is_none()) {
        return WitnessAgreement::NoSuchWitness;
    }
    if keys.len() > 1 { WitnessAgreement::Split(keys) } else { WitnessAgreement::Unknown }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "test code")]
mod tests;
