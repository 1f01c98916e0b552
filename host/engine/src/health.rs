//! A node's fitness, from its probes: it takes several good ones to become healthy and several bad ones to stop. A proof that
//! its process has ended or stands still counts at once.

mod damping;
mod out;

use std::collections::VecDeque;
use std::time::Duration;

use dogwatch_chain::{Block, BlockNum, ChainId, ChainVersion, Head, Time};

use crate::beat::NodeProcess;
use crate::chain::{BlockLog, Tracker};
use crate::evidence::{Evidence, Finding, Grade, Source};
use crate::failure::ProbeFailure;
use crate::health::damping::Run;
use crate::health::out::Out;
use crate::situation::Health;

pub use crate::health::damping::{Damping, Streak};

/// Heads that are remembered of a node: endpoints may be some blocks behind it.
const SHOWN_KEPT: usize = 16;

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The node's own head.
    pub head: Head,
    /// The chain it says it is on, if it says.
    pub chain_id: Option<ChainId>,
    /// The version it runs.
    pub version: String,
}

/// Why a node is not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// The probe failed.
    #[error("the probe failed: {0}")]
    Probe(ProbeFailure),
    /// What listened on its port has ended: an open connection to it was cut, and new ones are refused.
    #[error("nothing listens on its port any more: the connection to it was cut, and new ones are refused")]
    Gone,
    /// Its own machine says that its process has ended.
    #[error("its process has ended, as its own machine says")]
    Ended,
    /// Its own machine says that its process stands still.
    #[error("its process stands still, as its own machine says")]
    Stalled,
    /// It is on another chain.
    #[error("it is on another chain: {0}")]
    WrongChain(ChainId),
    /// Its head is old.
    #[error("its head block {head} is {} s old", .age.as_secs())]
    Behind {
        /// Its head.
        head: BlockNum,
        /// Its age.
        age: Duration,
        /// How many blocks the endpoints had above it, if they agreed.
        missing: u32,
    },
    /// Its head lies in the future.
    #[error("its head block {head} is {} s ahead of this machine's clock", .ahead.as_secs())]
    Ahead {
        /// Its head.
        head: BlockNum,
        /// How far it lies ahead of this machine's clock.
        ahead: Duration,
    },
    /// It has another block than the endpoints at the same height.
    #[error("it is on a fork: its block {0} is not the one the endpoints have")]
    Fork(BlockNum),
}

/// A node's probes so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeHealth {
    health: Health,
    since: Time,
    good: Run,
    bad: Run,
    last_good: Option<(Time, Probe)>,
    last_unfit: Option<Unfit>,
    /// When a good probe last came after a bad one.
    unfit_until: Option<Time>,
    /// The heads that it showed last, fit or not, newest last.
    shown: VecDeque<Head>,
    branch: Branch,
    /// What it was short of at the last probe that it answered.
    short: Shortfall,
    /// What its probes have said lately.
    probes: Option<Finding>,
    /// What its own machine has said lately.
    beats: Option<Finding>,
    /// The proof that it produces nothing, while it stands.
    out: Option<Out>,
}

/// Blocks that a node may be behind and do its work all the same: the difference between one moment and the next.
pub(crate) const MAX_BEHIND: u32 = 2;

/// What keeps an answering node from producing good blocks, though it may be well otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shortfall {
    /// So many of the endpoints' blocks it did not have.
    pub(crate) blocks: u32,
    /// It runs the first version, and most witnesses the second one, whose rules the first does not know.
    pub(crate) version: Option<(ChainVersion, ChainVersion)>,
}

/// Whether a node follows the branch that the endpoints show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Branch {
    /// So many of the newest heads it showed have not been among the endpoints' blocks.
    NotSeen(usize),
    /// One of the heads that it showed since its last bad probe is one of their blocks.
    Theirs,
}

impl NodeHealth {
    /// Not probed yet.
    pub fn new(now: Time) -> Self {
        Self {
            health: Health::Unknown,
            since: now,
            good: Run::default(),
            bad: Run::default(),
            last_good: None,
            last_unfit: None,
            unfit_until: None,
            shown: VecDeque::new(),
            branch: Branch::NotSeen(0),
            short: Shortfall::default(),
            probes: None,
            beats: None,
            out: None,
        }
    }

    /// The health.
    pub fn health(&self) -> Health {
        self.health
    }

    /// When it became what it is.
    pub fn since(&self) -> Time {
        self.since
    }

    /// When a probe last found the node fit.
    pub fn last_good(&self) -> Option<Time> {
        self.last_good.as_ref().map(|(at, _)| *at)
    }

    /// What the last good probe found.
    pub fn last_probe(&self) -> Option<&Probe> {
        self.last_good.as_ref().map(|(_, probe)| probe)
    }

    /// Why the last bad probe was bad, unless a good one came after it.
    pub fn unfit(&self) -> Option<&Unfit> {
        self.last_unfit.as_ref()
    }

    /// Whether it is not fit, or was not until a while ago that is no longer than that.
    pub(crate) fn was_unfit_within(&self, now: Time, lately: Duration) -> bool {
        self.last_unfit.is_some() || self.unfit_until.is_some_and(|until| now.since(until) <= lately)
    }

    /// Age of the node's head at the last good probe, as of now.
    pub fn head_age(&self, now: Time) -> Option<Duration> {
        self.last_good.as_ref().map(|(_, probe)| now.since(probe.head.time))
    }

    /// How old its head was at the last good probe.
    pub(crate) fn head_was(&self) -> Duration {
        self.last_good.as_ref().map_or(Duration::ZERO, |(at, probe)| at.since(probe.head.time))
    }

    /// What it was short of at the last probe that it answered.
    pub(crate) fn short(&self) -> Shortfall {
        self.short
    }

    /// Holds what it shows against what the endpoints agree on.
    pub(crate) fn measure(&mut self, shown: &Probe, agreed: AgreedChain<'_>) {
        let known = shown.version.parse::<ChainVersion>().ok().zip(agreed.majority);
        self.short = Shortfall {
            blocks: agreed.above(shown.head.num()),
            version: known.filter(|(own, majority)| !own.knows_rules_of(*majority)),
        };
    }

    /// The newest head that it showed, fit or not, and that the log reaches.
    fn shown(&self, log: &BlockLog) -> Option<&Head> {
        self.shown.iter().rev().find(|head| log.id_at(head.num()).is_some())
    }

    /// Looks again at what it showed: the endpoints may have come as far as that only since its probe, which was no good one
    /// then.
    pub(crate) fn compare(&mut self, log: &BlockLog) {
        if let Some(off) = self.off_chain(log).filter(|_| self.last_unfit.is_none()) {
            self.last_unfit = Some(off);
            self.good = Run::default();
            self.branch = Branch::NotSeen(0);
        }
        if let Branch::NotSeen(newest) = self.branch {
            let is_theirs = |head: &Head| log.id_at(head.num()).is_some_and(|id| id == head.id);
            if self.shown.iter().rev().take(newest).any(is_theirs) {
                self.branch = Branch::Theirs;
            }
        }
    }

    /// Whether it has shown a block of the endpoints' since its last bad probe: a head that is above theirs may be another
    /// branch's.
    pub(crate) fn is_on_their_branch(&self) -> bool {
        self.branch == Branch::Theirs
    }

    /// Whether the newest head that it showed, as far as the log reaches, is not the log's.
    fn off_chain(&self, log: &BlockLog) -> Option<Unfit> {
        self.shown(log).filter(|head| is_off(head, log)).map(|head| Unfit::Fork(head.num()))
    }

    /// The head that it showed last, fit or not.
    pub(crate) fn newest_shown(&self) -> Option<&Head> {
        self.shown.back()
    }

    /// Notes the head that it shows.
    pub(crate) fn note_shown(&mut self, head: Head) {
        self.shown.push_back(head);
        while self.shown.len() > SHOWN_KEPT {
            self.shown.pop_front();
        }
        if let Branch::NotSeen(newest) = &mut self.branch {
            *newest = newest.saturating_add(1).min(SHOWN_KEPT);
        }
    }

    /// Takes in a probe and says whether the health changed.
    pub fn note(&mut self, now: Time, damping: Damping, assessed: Result<Probe, Unfit>) -> bool {
        let grade = assessed.as_ref().err().map_or(Grade::Good, Unfit::grade);
        Finding::note(&mut self.probes, now, grade);
        let beats = self.beats.map(|finding| finding.grade);
        self.out = self.out.filter(|out| !out.is_refuted_by_probe(grade, beats));
        // What answers there is not the process that has ended.
        let assessed = assessed.and_then(|probe| self.out.map_or(Ok(probe), |out| Err(out.unfit())));
        match assessed {
            Ok(probe) => {
                self.last_good = Some((now, probe));
                if self.last_unfit.take().is_some() {
                    self.unfit_until = Some(now);
                }
                self.good.note(now);
                self.bad = Run::default();
            }
            Err(unfit) => {
                self.last_unfit = Some(unfit);
                self.bad.note(now);
                self.good = Run::default();
                self.branch = Branch::NotSeen(0);
            }
        }
        let health = if self.good.is_enough(now, damping.rise) {
            Health::Healthy
        } else if self.bad.is_enough(now, damping.fall) {
            Health::Unhealthy
        } else {
            self.health
        };
        self.set(now, health)
    }

    /// Takes in that an open connection to it was cut and new ones are refused, and says whether the health changed.
    pub fn note_gone(&mut self, now: Time) -> bool {
        self.note_out(Out { since: now, source: Source::Tripwire, grade: Grade::Gone })
    }

    /// Takes in what its own machine says, and says whether the health changed.
    pub fn note_beat(&mut self, now: Time, process: NodeProcess) -> bool {
        Finding::note(&mut self.beats, now, process.grade());
        match process.grade() {
            grade @ (Grade::Stalled | Grade::Gone) => {
                let since = self.beats.map_or(now, |finding| finding.since);
                self.note_out(Out { since, source: Source::Beat, grade })
            }
            _ => {
                let is_probed = self.probes.is_some();
                if self.out.take_if(|out| out.is_refuted_by_beat(now, process, is_probed)).is_none() || is_probed {
                    return false;
                }
                // Nothing else will ever tell whether it is fit.
                self.last_unfit = None;
                self.set(now, Health::Unknown)
            }
        }
    }

    /// A proof needs no second one.
    fn note_out(&mut self, out: Out) -> bool {
        self.out = Some(out);
        self.last_unfit = Some(out.unfit());
        self.good = Run::default();
        self.branch = Branch::NotSeen(0);
        self.set(out.since, Health::Unhealthy)
    }

    /// Since when it is proven that it produces nothing, while that proof stands.
    pub(crate) fn out_since(&self) -> Option<Time> {
        self.out.map(|out| out.since)
    }

    /// Since when it has shown an old head where the endpoints have newer blocks, while it does and is unhealthy.
    pub(crate) fn behind_since(&self) -> Option<Time> {
        let says = self.probes.filter(|finding| finding.grade == Grade::Behind && self.health == Health::Unhealthy)?;
        Some(says.since)
    }

    /// What its tripwire, its own machine and its probes say.
    pub(crate) fn evidence(&self, now: Time) -> impl Iterator<Item = Evidence> {
        let wire = self.out.filter(|out| out.source == Source::Tripwire);
        let wire = wire.map(|Out { since, grade, .. }| Finding { grade, since }.evidence(now, Source::Tripwire));
        let beats = self.beats.map(|finding| finding.evidence(now, Source::Beat));
        wire.into_iter().chain(beats).chain(self.probes.map(|finding| finding.evidence(now, Source::Probe)))
    }

    /// Takes in that something listens on its port again.
    pub(crate) fn note_back(&mut self) {
        self.out = self.out.filter(|out| out.source != Source::Tripwire);
    }

    fn set(&mut self, now: Time, health: Health) -> bool {
        let changed = health != self.health;
        if changed {
            self.health = health;
            self.since = now;
        }
        changed
    }
}

/// The chain as the endpoints agree on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AgreedChain<'a> {
    log: &'a BlockLog,
    /// The newest block that they have shown, whether it was read or not.
    newest: Option<BlockNum>,
    /// What most witnesses run.
    majority: Option<ChainVersion>,
}

impl<'a> AgreedChain<'a> {
    pub(crate) fn of(tracker: &'a Tracker) -> Self {
        let read = tracker.log().tip().map(Block::num);
        let newest = tracker.head().map(Head::num).max(read);
        Self { log: tracker.log(), newest, majority: tracker.majority_version() }
    }

    /// How many blocks it has above that one.
    fn above(self, head: BlockNum) -> u32 {
        self.newest.map_or(0, |newest| newest.0.saturating_sub(head.0))
    }

    /// The blocks of it that are known.
    pub(crate) fn log(self) -> &'a BlockLog {
        self.log
    }
}

fn is_off(head: &Head, log: &BlockLog) -> bool {
    log.id_at(head.num()).is_some_and(|id| id != head.id)
}

/// Judges a probe against the chain as the endpoints show it, if they agree on one, and by what the node showed before.
pub(crate) fn assess(
    now: Time,
    probe: Result<Probe, ProbeFailure>,
    chain_id: ChainId,
    stale_after: Duration,
    agreed: Option<AgreedChain<'_>>,
    before: &NodeHealth,
) -> Result<Probe, Unfit> {
    let probe = probe.map_err(Unfit::Probe)?;
    if let Some(other) = probe.chain_id.filter(|id| *id != chain_id) {
        return Err(Unfit::WrongChain(other));
    }
    let head = probe.head.num();
    let off = match agreed.map(|chain| chain.log) {
        Some(log) if is_off(&probe.head, log) => Some(Unfit::Fork(head)),
        Some(log) => before.off_chain(log),
        // What was found while they agreed holds until they do again.
        None => before.unfit().filter(|unfit| matches!(unfit, Unfit::Fork(_))).cloned(),
    };
    if let Some(off) = off {
        return Err(off);
    }
    let age = now.since(probe.head.time);
    // A node that has all that the endpoints have is not behind: then the chain itself stands still.
    if age > stale_after && agreed.and_then(|chain| chain.newest).is_none_or(|newest| head < newest) {
        let missing = agreed.map_or(0, |chain| chain.above(head));
        return Err(Unfit::Behind { head, age, missing });
    }
    let ahead = probe.head.time.since(now);
    if ahead > stale_after {
        return Err(Unfit::Ahead { head, ahead });
    }
    Ok(probe)
}

#[cfg(test)]
mod tests;
