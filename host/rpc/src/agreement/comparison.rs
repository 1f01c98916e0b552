//! Compares what several endpoints say: who agrees, who does not, and how they differ.
//!
//! Pure: readings and a time in, a judgement out. Operators are counted, not endpoints: two names of one provider are one
//! voice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use dogwatch_chain::{BlockId, BlockNum, Head, Time};

use crate::agreement::outcome::EndpointAgreement;
use crate::agreement::quorum::{SoundVoice, highest_reached, operators, reached, schedule, witness};
use crate::agreement::reading::{AgreementRules, EndpointVoice};
use crate::agreement::standing::{AgreementVerdict, Standing};
use crate::endpoint::{EndpointIndex, Operator};

/// For how many blocks claimed heads are remembered.
const REMEMBERED: u32 = 64;
/// Two endpoints that follow one chain are at most this many blocks apart.
const TOGETHER: u32 = 3;

/// Compares rounds of readings of the same endpoints.
#[derive(Clone, Debug)]
pub struct Comparison {
    rules: AgreementRules,
    past: BTreeMap<EndpointIndex, Past>,
    claims: BTreeMap<BlockNum, Vec<(EndpointIndex, Head)>>,
    /// The height that the quorum has reached, and when it last grew.
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
    /// A comparison that has seen no round yet.
    pub fn new(rules: AgreementRules) -> Self {
        Self { rules, past: BTreeMap::new(), claims: BTreeMap::new(), height: None }
    }

    /// Takes in a round of answers.
    pub fn compare(&mut self, now: Time, voices: &[EndpointVoice<'_>]) -> EndpointAgreement {
        self.remember(now, voices);
        let need = self.need(voices);
        self.watch_height(now, voices, need);
        self.forget_claims();
        let clock = self.clock_error(now, voices);
        let mut standings: Vec<(EndpointIndex, Standing)> =
            voices.iter().map(|voice| (voice.endpoint, self.standing(now, voices, voice, clock))).collect();

        let mut sound: Vec<SoundVoice<'_>> = voices
            .iter()
            .zip(&standings)
            .filter(|(_, (_, standing))| *standing == Standing::Sound)
            .filter_map(|(voice, _)| {
                Some(SoundVoice { endpoint: voice.endpoint, operator: voice.operator, reading: voice.reading? })
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
            verdict = AgreementVerdict::Thin;
        }
        let head = head.filter(|_| verdict.is_good());
        let irreversible = head.as_ref().and_then(|_| reached(&sound, need, |head| head.irreversible));
        let schedule = head.as_ref().and_then(|head| schedule(&sound, need, head));
        let asked = voices.iter().filter_map(|voice| voice.reading).map(|reading| reading.witnesses.len()).max();
        let witnesses = (0..asked.unwrap_or(0)).map(|index| witness(&sound, need, index)).collect();
        EndpointAgreement { verdict, head, irreversible, schedule, witnesses, standings }
    }

    /// The highest block that `need` operators have shown as their head, now or a moment ago. Height alone proves nothing:
    /// two heads of different heights may be on different branches.
    fn confirmed(&self, sound: &[SoundVoice<'_>], need: usize) -> Option<Head> {
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

    /// How many operators must agree: the quorum, or all of them if there are fewer.
    fn need(&self, voices: &[EndpointVoice<'_>]) -> usize {
        let all = operators(voices.iter().map(|voice| voice.operator));
        usize::try_from(self.rules.quorum).unwrap_or(usize::MAX).min(all).max(1)
    }

    fn remember(&mut self, now: Time, voices: &[EndpointVoice<'_>]) {
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

    /// Forgets claims far from the quorum's height: they are old, or were never plausible.
    fn forget_claims(&mut self) {
        let Some((height, _)) = self.height else { return };
        self.claims.retain(|num, _| num.0.abs_diff(height.0) <= REMEMBERED);
    }

    fn watch_height(&mut self, now: Time, voices: &[EndpointVoice<'_>], need: usize) {
        let answering: Vec<SoundVoice<'_>> = voices
            .iter()
            .filter_map(|voice| {
                Some(SoundVoice { endpoint: voice.endpoint, operator: voice.operator, reading: voice.reading? })
            })
            .collect();
        let Some(height) = highest_reached(&answering, need).map(Head::num) else { return };
        match self.height {
            Some((known, _)) if height <= known => {}
            // The first height known is not growth.
            known => self.height = Some((height, known.map_or(Time::from_millis(0), |_| now))),
        }
    }

    /// By how much this machine's clock is off, if all endpoints advance together and none is fresh.
    fn clock_error(&self, now: Time, voices: &[EndpointVoice<'_>]) -> Option<ClockError> {
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

    /// The number of blocks that fresh heads can be apart at most.
    fn far_ahead(&self) -> u32 {
        let slots = self.rules.stale_after.as_millis().checked_div(self.rules.interval.as_millis());
        u32::try_from(slots.unwrap_or(0)).unwrap_or(u32::MAX).saturating_mul(2).saturating_add(2)
    }

    fn standing(
        &self,
        now: Time,
        voices: &[EndpointVoice<'_>],
        voice: &EndpointVoice<'_>,
        clock: Option<ClockError>,
    ) -> Standing {
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

    /// Whether other operators claim a different block at a height that this endpoint claimed in this round or the last.
    fn dispute(&self, voices: &[EndpointVoice<'_>], voice: &EndpointVoice<'_>) -> Option<Standing> {
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
        voices: &[EndpointVoice<'_>],
        standings: &[(EndpointIndex, Standing)],
        sound: &[SoundVoice<'_>],
        need: usize,
        clock: Option<ClockError>,
    ) -> AgreementVerdict {
        let agreeing = operators(sound.iter().map(|sound| sound.operator));
        let disputed = standings
            .iter()
            .any(|(_, standing)| matches!(standing, Standing::Disputed { .. } | Standing::MinorityFork { .. }));
        if agreeing >= need {
            return match operators(voices.iter().map(|voice| voice.operator)) {
                1 => AgreementVerdict::OneVoice,
                _ => AgreementVerdict::Agreed,
            };
        }
        match (agreeing, clock) {
            _ if disputed => AgreementVerdict::Disagreement,
            (0, Some(ClockError::Ahead(by))) => AgreementVerdict::ClockAhead { by },
            (0, Some(ClockError::Behind(by))) => AgreementVerdict::ClockBehind { by },
            (0, None) if self.stands_still(now, voices, need) => AgreementVerdict::Standstill,
            (0, None) => AgreementVerdict::Blind,
            _ => AgreementVerdict::Thin,
        }
    }

    /// Whether the quorum has answered for a while with one and the same old block.
    fn stands_still(&self, now: Time, voices: &[EndpointVoice<'_>], need: usize) -> bool {
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

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "test code")]
mod tests;
