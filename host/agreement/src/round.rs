//! One round of answers, held against each other and against what was said before.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

use dogwatch_chain::{BlockId, BlockNum, Head, Schedule, Time};

use crate::claims::Claims;
use crate::operators;
use crate::progress::{ClockError, HeadProgress};
use crate::rules::AgreementRules;
use crate::shared::{WitnessAgreement, schedule, witness};
use crate::standing::Standing;
use crate::verdict::AgreementVerdict;
use crate::voice::{JudgedVoice, SoundVoice, Voice};

/// One round of answers, and what each is worth.
#[derive(Clone, Debug)]
pub struct Round<'r, 'a, N> {
    now: Time,
    rules: AgreementRules,
    claims: &'r Claims<N>,
    voices: Vec<JudgedVoice<'a, N>>,
    need: usize,
    /// What the voices amount to if none is fresh.
    unfresh: AgreementVerdict,
    /// Endpoints that the caller knows to be on another branch.
    condemned: BTreeSet<N>,
    /// Endpoints whose schedule the caller knows to be wrong.
    misscheduled: BTreeSet<N>,
}

/// How well the endpoints agree, and on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    /// How well they agree.
    pub verdict: AgreementVerdict,
    /// The highest block that the quorum has shown as its head, fresh and undisputed; `None` unless the verdict is good.
    pub head: Option<Head>,
    /// The highest irreversible block that the quorum has reached; `None` unless the verdict is good.
    pub irreversible: Option<BlockNum>,
    /// The schedule that the quorum shows for that head.
    pub schedule: Option<Schedule>,
    /// What they say of each watched witness, in the order they were asked for.
    pub witnesses: Vec<WitnessAgreement>,
}

/// Whom others contradict.
#[derive(Clone, Copy, Debug)]
enum Contest {
    /// Nobody.
    None,
    /// As many operators as say the same have another block.
    Tied(BlockId),
    /// More operators than say the same have another block.
    Outvoted(BlockId),
}

impl<'r, 'a, N: Ord + Clone> Round<'r, 'a, N> {
    pub(crate) fn new(
        now: Time,
        rules: AgreementRules,
        progress: &HeadProgress<N>,
        claims: &'r Claims<N>,
        voices: Vec<Voice<'a, N>>,
        need: usize,
    ) -> Self {
        let clock = clock_error(now, &rules, progress, &voices);
        let unfresh = match clock {
            Some(ClockError::Ahead(by)) => AgreementVerdict::ClockAhead { by },
            Some(ClockError::Behind(by)) => AgreementVerdict::ClockBehind { by },
            None if stands_still(now, &rules, progress, &voices, need) => AgreementVerdict::Standstill,
            None => AgreementVerdict::Blind,
        };
        let judged = |voice: Voice<'a, N>| {
            let standing = alone(now, &rules, progress, clock.is_some(), &voice);
            JudgedVoice { voice, standing, contested: None }
        };
        let voices = voices.into_iter().map(judged).collect();
        let mut round = Self {
            now,
            rules,
            claims,
            voices,
            need,
            unfresh,
            condemned: BTreeSet::new(),
            misscheduled: BTreeSet::new(),
        };
        round.weigh();
        round
    }

    /// The voices, in the order in which they were given.
    pub fn voices(&self) -> &[JudgedVoice<'a, N>] {
        &self.voices
    }

    /// How many operators must agree.
    pub fn need(&self) -> usize {
        self.need
    }

    /// How many operators have an endpoint of which that holds.
    pub fn operators(&self, holds: impl Fn(&JudgedVoice<'a, N>) -> bool) -> usize {
        let of = self.voices.iter().filter(|judged| holds(judged));
        operators::count(of.map(|judged| judged.voice.operator))
    }

    /// The highest head that as many operators as must agree have reached, of the endpoints of which that holds. If they are
    /// too few, the head that all of them have reached.
    pub fn reached(&self, holds: impl Fn(&JudgedVoice<'a, N>) -> bool) -> Option<&'a Head> {
        let voices = || self.voices.iter().filter(|judged| holds(judged)).map(|judged| &judged.voice);
        let heads = || voices().filter_map(|voice| Some((voice.reading?.head, voice.operator)));
        let heights = heads().map(|(head, operator)| (head.num(), operator));
        let height = operators::reached(heights, self.need).or_else(|| heads().map(|(head, _)| head.num()).min())?;
        heads().map(|(head, _)| head).find(|head| head.num() == height)
    }

    /// Whether an endpoint has shown that block as its head, now or a moment ago.
    pub fn has_shown(&self, endpoint: &N, block: BlockId) -> bool {
        self.claims.at(endpoint, block.num()) == Some(block)
    }

    /// The heads that an endpoint has shown, now and a while ago, the newest first.
    pub fn shown(&self, endpoint: &N) -> impl Iterator<Item = &Head> {
        self.claims.of(endpoint)
    }

    /// Takes in that these endpoints, whose heads are fresh, are on another branch than the chain. What they have said no
    /// longer counts against others.
    pub fn condemn(&mut self, endpoints: impl IntoIterator<Item = N>) {
        let before = self.condemned.len();
        self.condemned.extend(endpoints);
        if self.condemned.len() > before {
            self.weigh();
        }
    }

    /// Takes in that the schedules of these endpoints are wrong. What else they say counts.
    pub fn distrust_schedules(&mut self, endpoints: impl IntoIterator<Item = N>) {
        self.misscheduled.extend(endpoints);
    }

    /// How well the endpoints agree, and on what.
    pub fn conclude(&self) -> Conclusion {
        let sound: Vec<SoundVoice<'a>> = self.sound().collect();
        let scheduled = self.voices.iter().filter(|judged| !self.misscheduled.contains(&judged.voice.endpoint));
        let scheduled: Vec<SoundVoice<'a>> = scheduled.filter_map(JudgedVoice::sound).collect();
        let head = self.common_head();
        let verdict = self.verdict(head.as_ref());
        let head = head.filter(|_| verdict.is_good());
        let numbers = sound.iter().map(|voice| (voice.reading.head.irreversible, voice.operator));
        let asked =
            self.voices.iter().filter_map(|judged| judged.voice.reading).map(|heard| heard.witnesses.len()).max();
        Conclusion {
            verdict,
            irreversible: head.as_ref().and_then(|_| operators::reached(numbers, self.need)),
            schedule: head.as_ref().and_then(|head| schedule(&scheduled, self.need, head.num())),
            head,
            witnesses: (0..asked.unwrap_or(0)).map(|index| witness(&sound, self.need, index)).collect(),
        }
    }

    fn verdict(&self, head: Option<&Head>) -> AgreementVerdict {
        let fresh = || self.voices.iter().map(|judged| judged.standing).filter(|standing| standing.is_fresh());
        let all = self.operators(|_| true);
        match (self.operators(|judged| judged.standing == Standing::Sound) >= self.need, head) {
            (true, Some(_)) if all == 1 => AgreementVerdict::OneVoice,
            (true, Some(_)) => AgreementVerdict::Agreed,
            _ if fresh().any(Standing::is_contradicted) => AgreementVerdict::Disagreement,
            _ if fresh().next().is_some() => AgreementVerdict::Thin,
            _ => self.unfresh,
        }
    }

    /// The highest fresh block that `need` sound operators, and more than half of them, have shown as their head, now or a
    /// moment ago. Height alone proves nothing: two heads of different heights may be on different branches, and the branch
    /// of a few may be the higher one.
    fn common_head(&self) -> Option<Head> {
        let sound = || self.voices.iter().filter(|judged| judged.standing == Standing::Sound);
        let shown = sound().flat_map(|judged| self.claims.of(&judged.voice.endpoint));
        let mut candidates: Vec<&Head> = shown.filter(|head| self.rules.is_fresh(self.now, head)).collect();
        candidates.sort_by_key(|head| Reverse(head.num()));
        candidates.dedup_by_key(|head| head.id);
        let all = operators::count(sound().map(|judged| judged.voice.operator));
        let enough = |head: &&Head| {
            let by = sound().filter(|judged| self.has_shown(&judged.voice.endpoint, head.id));
            let by = operators::count(by.map(|judged| judged.voice.operator));
            by >= self.need && by.saturating_mul(2) > all
        };
        candidates.into_iter().find(enough).cloned()
    }

    fn sound(&self) -> impl Iterator<Item = SoundVoice<'a>> {
        self.voices.iter().filter_map(JudgedVoice::sound)
    }

    /// Holds all fresh voices against each other.
    fn weigh(&mut self) {
        let mut outvoted = self.condemned.clone();
        let mut contests: Vec<Contest> =
            self.voices.iter().map(|judged| self.contest(judged, &self.condemned)).collect();
        for (judged, contest) in self.voices.iter().zip(&contests) {
            if matches!(contest, Contest::Outvoted(_)) {
                outvoted.insert(judged.voice.endpoint.clone());
            }
        }
        // One that is outvoted ties with nobody.
        for (judged, contest) in self.voices.iter().zip(&mut contests) {
            if let Contest::Tied(_) = contest {
                *contest = match self.contest(judged, &outvoted) {
                    Contest::Outvoted(block) => Contest::Tied(block),
                    contest => contest,
                };
            }
        }
        let counts = |judged: &JudgedVoice<'a, N>| {
            judged.standing.is_fresh() && !self.condemned.contains(&judged.voice.endpoint)
        };
        let highest = self.reached(counts).map(Head::num);
        for (judged, contest) in self.voices.iter_mut().zip(contests) {
            let Some(head) = judged.voice.reading.map(|heard| heard.head).filter(|_| judged.standing.is_fresh()) else {
                continue;
            };
            let above = highest.map_or(0, |highest| head.num().0.saturating_sub(highest.0));
            (judged.standing, judged.contested) = match contest {
                _ if self.condemned.contains(&judged.voice.endpoint) => {
                    let block = judged.contested.unwrap_or(head.id);
                    (Standing::MinorityFork { at: block.num() }, Some(block))
                }
                Contest::Outvoted(block) => (Standing::MinorityFork { at: block.num() }, Some(block)),
                Contest::Tied(block) => (Standing::Disputed { at: block.num() }, Some(block)),
                Contest::None if above > self.rules.farthest() => (Standing::Ahead { blocks: above }, None),
                Contest::None => (Standing::Sound, None),
            };
        }
    }

    /// Whether others contradict a fresh voice: now, or at a block it has shown before. The newest head that more operators
    /// have shown than have another block settles what came before it, too. Until then a tie is as good as it gets.
    fn contest(&self, judged: &JudgedVoice<'a, N>, ignored: &BTreeSet<N>) -> Contest {
        let Some(heard) = judged.voice.reading.filter(|_| judged.standing.is_fresh()) else { return Contest::None };
        let mut tied = Contest::None;
        for shown in self.claims.of(&judged.voice.endpoint) {
            let mut own = BTreeSet::from([judged.voice.operator]);
            let mut rivals: Vec<(BlockId, &str)> = Vec::new();
            let others =
                self.voices.iter().map(|other| &other.voice).filter(|other| !ignored.contains(&other.endpoint));
            for other in others {
                match self.claims.at(&other.endpoint, shown.num()) {
                    Some(id) if id == shown.id => _ = own.insert(other.operator),
                    // Endpoints of one operator contradict each other only with what they say now.
                    Some(id) if other.operator != judged.voice.operator || shown.id == heard.head.id => {
                        rivals.push((id, other.operator));
                    }
                    _ => {}
                }
            }
            let votes =
                |id: BlockId| operators::count(rivals.iter().filter(|(rival, _)| *rival == id).map(|(_, by)| *by));
            let most = rivals.iter().map(|(id, _)| votes(*id)).max().unwrap_or(0);
            match most.cmp(&own.len()) {
                Ordering::Greater => return Contest::Outvoted(shown.id),
                Ordering::Less if own.len() > 1 => break,
                Ordering::Equal if matches!(tied, Contest::None) => tied = Contest::Tied(shown.id),
                Ordering::Equal | Ordering::Less => {}
            }
        }
        tied
    }
}

/// What a voice is worth by itself: [`Standing::Sound`] if its head is fresh.
fn alone<N: Ord + Clone>(
    now: Time,
    rules: &AgreementRules,
    progress: &HeadProgress<N>,
    clock_is_off: bool,
    voice: &Voice<'_, N>,
) -> Standing {
    let Some(head) = voice.reading.map(|heard| heard.head) else { return Standing::Silent };
    match (rules.stale_by(now, head), rules.future_by(now, head)) {
        (None, None) => Standing::Sound,
        _ if clock_is_off => Standing::OffClock,
        (_, Some(by)) => Standing::Future { by },
        (Some(age), None) if progress.is_frozen(rules, now, &voice.endpoint, head.num()) => {
            Standing::Frozen { at: head.num(), age }
        }
        (Some(age), None) => Standing::Stale { at: head.num(), age },
    }
}

/// By how much this machine's clock is off, if the endpoints of several operators go on together and none is fresh.
fn clock_error<N: Ord + Clone>(
    now: Time,
    rules: &AgreementRules,
    progress: &HeadProgress<N>,
    voices: &[Voice<'_, N>],
) -> Option<ClockError> {
    let answering = || voices.iter().filter_map(|voice| Some((voice.operator, voice.reading?.head)));
    let heads: Vec<&Head> = answering().map(|(_, head)| head).collect();
    let several = operators::count(answering().map(|(operator, _)| operator)) > 1;
    if !several || heads.iter().any(|head| rules.is_fresh(now, head)) {
        return None;
    }
    progress.clock_error(rules, now, &heads)
}

/// Whether the endpoints that answer all stand at one block, and the quorum of them has for a while.
fn stands_still<N: Ord + Clone>(
    now: Time,
    rules: &AgreementRules,
    progress: &HeadProgress<N>,
    voices: &[Voice<'_, N>],
    need: usize,
) -> bool {
    let answering = || voices.iter().filter_map(|voice| Some((voice, voice.reading?.head.id)));
    let mut heads = answering().map(|(_, id)| id);
    let first = heads.next();
    if heads.any(|id| Some(id) != first) {
        return false;
    }
    let long = answering()
        .filter(|(voice, _)| progress.since(&voice.endpoint).is_some_and(|since| rules.has_lasted(now, since)));
    operators::count(long.map(|(voice, _)| voice.operator)) >= need.max(2)
}
