//! A node's fitness, from its probes: it takes several good ones to become healthy and several bad ones to stop.

use std::collections::VecDeque;
use std::time::Duration;

use dogwatch_chain::{Block, BlockNum, ChainId, Head, Time};

use crate::chain::{BlockLog, Tracker};
use crate::evidence::{Evidence, Finding, Grade, Source};
use crate::failure::ProbeFailure;
use crate::situation::Health;

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

/// How many probes in a row change a node's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damping {
    /// Good ones to become healthy.
    pub rise: u32,
    /// Bad ones to become unhealthy.
    pub fall: u32,
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
    good: u32,
    bad: u32,
    last_good: Option<(Time, Probe)>,
    last_unfit: Option<Unfit>,
    /// When a good probe last came after a bad one.
    unfit_until: Option<Time>,
    /// The heads that it showed last, fit or not, newest last.
    shown: VecDeque<Head>,
    branch: Branch,
    /// What its probes have said lately.
    probes: Option<Finding>,
    /// When its process ended, unless something has answered for it since.
    gone: Option<Time>,
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
            good: 0,
            bad: 0,
            last_good: None,
            last_unfit: None,
            unfit_until: None,
            shown: VecDeque::new(),
            branch: Branch::NotSeen(0),
            probes: None,
            gone: None,
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

    /// The newest head that it showed, fit or not, and that the log reaches.
    fn shown(&self, log: &BlockLog) -> Option<&Head> {
        self.shown.iter().rev().find(|head| log.id_at(head.num()).is_some())
    }

    /// Looks again at what it showed: the endpoints may have come as far as that only since its probe, which was no good one
    /// then.
    pub(crate) fn compare(&mut self, log: &BlockLog) {
        if let Some(off) = self.off_chain(log).filter(|_| self.last_unfit.is_none()) {
            self.last_unfit = Some(off);
            self.good = 0;
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
        if matches!(grade, Grade::Good | Grade::Unfit) {
            self.gone = None;
        }
        match assessed {
            Ok(probe) => {
                self.last_good = Some((now, probe));
                if self.last_unfit.take().is_some() {
                    self.unfit_until = Some(now);
                }
                self.good = self.good.saturating_add(1);
                self.bad = 0;
            }
            Err(unfit) => {
                self.last_unfit = Some(unfit);
                self.bad = self.bad.saturating_add(1);
                self.good = 0;
                self.branch = Branch::NotSeen(0);
            }
        }
        let health = if self.good >= damping.rise.max(1) {
            Health::Healthy
        } else if self.bad >= damping.fall.max(1) {
            Health::Unhealthy
        } else {
            self.health
        };
        self.set(now, health)
    }

    /// Takes in that its process has ended, and says whether the health changed. A proof needs no second one.
    pub fn note_gone(&mut self, now: Time) -> bool {
        self.gone = Some(now);
        self.last_unfit = Some(Unfit::Gone);
        self.good = 0;
        self.branch = Branch::NotSeen(0);
        self.set(now, Health::Unhealthy)
    }

    /// When its process ended, unless something has answered for it since.
    pub(crate) fn gone_since(&self) -> Option<Time> {
        self.gone
    }

    /// What its tripwire and its probes say.
    pub(crate) fn evidence(&self, now: Time) -> impl Iterator<Item = Evidence> {
        let gone = self.gone.map(|since| Finding { grade: Grade::Gone, since }.evidence(now, Source::Tripwire));
        gone.into_iter().chain(self.probes.map(|finding| finding.evidence(now, Source::Probe)))
    }

    /// Takes in that something listens on its port again.
    pub(crate) fn note_back(&mut self) {
        self.gone = None;
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
}

impl<'a> AgreedChain<'a> {
    pub(crate) fn of(tracker: &'a Tracker) -> Self {
        let read = tracker.log().tip().map(Block::num);
        Self { log: tracker.log(), newest: tracker.head().map(Head::num).max(read) }
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
        return Err(Unfit::Behind { head, age });
    }
    let ahead = probe.head.time.since(now);
    if ahead > stale_after {
        return Err(Unfit::Ahead { head, ahead });
    }
    Ok(probe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Fit;
    use crate::failure::ProbeFault;
    use crate::testing::{block, head, id, time};

    const STALE: Duration = Duration::from_secs(15);

    fn chain(n: u8) -> ChainId {
        ChainId::from_bytes([n; 32])
    }

    fn probe(head: Head) -> Probe {
        Probe { head, chain_id: Some(chain(1)), version: "1".to_owned() }
    }

    #[test]
    fn several_probes_change_the_health() {
        let mut node = NodeHealth::new(time(0));
        let damping = Damping { rise: 3, fall: 2 };
        let story = [
            (true, Health::Unknown),
            (true, Health::Unknown),
            (true, Health::Healthy),
            (false, Health::Healthy),
            (true, Health::Healthy),
            (false, Health::Healthy),
            (false, Health::Unhealthy),
            (true, Health::Unhealthy),
            (true, Health::Unhealthy),
            (false, Health::Unhealthy),
            (true, Health::Unhealthy),
            (true, Health::Unhealthy),
            (true, Health::Healthy),
        ];
        for (slot, (good, health)) in (1..).zip(story) {
            let before = node.health();
            let assessed = if good {
                Ok(probe(head(5, slot)))
            } else {
                Err(Unfit::Probe(ProbeFailure::new(ProbeFault::Unusable, "no")))
            };
            assert_eq!(node.note(time(slot), damping, assessed), before != health, "probe {slot}");
            assert_eq!(node.health(), health, "probe {slot}");
            assert_eq!(node.unfit().is_none(), good);
        }
        assert_eq!((node.since(), node.last_good()), (time(13), Some(time(13))));
    }

    #[test]
    fn a_process_that_has_ended_is_unhealthy_at_once() {
        let mut node = NodeHealth::new(time(0));
        let damping = Damping { rise: 2, fall: 3 };
        let good = |slot| Ok(probe(head(5, slot)));
        node.note(time(1), damping, good(1));
        assert!(node.note(time(2), damping, good(2)));
        assert!(node.note_gone(time(3)));
        assert_eq!((node.health(), node.unfit(), node.since()), (Health::Unhealthy, Some(&Unfit::Gone), time(3)));
        assert!(!node.note_gone(time(4)), "that is known");
        assert!(!node.note(time(5), damping, good(5)), "one good probe is not enough");
        assert!(node.note(time(6), damping, good(6)));
        assert_eq!((node.health(), node.unfit()), (Health::Healthy, None));
    }

    #[test]
    fn only_what_it_showed_since_its_last_bad_probe_tells_its_branch() {
        let mut log = BlockLog::default();
        assert_eq!(log.extend([block(100, 200, "a"), block(101, 201, "b")]), Fit::Linked);
        let damping = Damping { rise: 1, fall: 2 };
        let mut node = NodeHealth::new(time(0));
        let mut show = |slot, shown: Head, fit: bool| {
            node.note_shown(shown.clone());
            node.note(
                time(slot),
                damping,
                if fit { Ok(probe(shown)) } else { Err(Unfit::Probe(ProbeFailure::new(ProbeFault::Unusable, "no"))) },
            );
            node.compare(&log);
            node.is_on_their_branch()
        };
        assert!(!show(202, head(100, 200), false), "a bad probe");
        assert!(!show(203, head(103, 203), true), "a head above the endpoints'");
        assert!(show(204, head(101, 201), true));
        assert!(show(205, head(104, 205), true), "it follows them, ahead of them");
        assert!(!show(206, head(101, 201), false));
        assert!(!show(207, head(105, 207), true), "it may have changed to another branch since");
    }

    #[test]
    fn what_a_probe_is_worth() {
        let mut log = BlockLog::default();
        assert_eq!(log.extend([block(100, 200, "a"), block(101, 201, "b")]), Fit::Linked);
        let new = NodeHealth::new(time(0));
        let agreed = AgreedChain { log: &log, newest: log.tip().map(Block::num) };
        let judge = |slot, probe, agreed| assess(time(slot), Ok(probe), chain(1), STALE, agreed, &new).map(|_| ());
        let forked = Head { id: id(101, 7), ..head(101, 201) };
        assert_eq!(judge(202, probe(head(101, 201)), Some(agreed)), Ok(()));
        assert_eq!(judge(202, probe(head(102, 202)), Some(agreed)), Ok(()), "ahead of the endpoints");
        assert_eq!(judge(202, probe(forked.clone()), Some(agreed)), Err(Unfit::Fork(BlockNum(101))));
        let later = |shown: &Head| {
            let mut health = NodeHealth::new(time(0));
            health.note_shown(shown.clone());
            health.note(time(202), Damping { rise: 3, fall: 2 }, Ok(probe(shown.clone())));
            health.compare(&log);
            health
        };
        assert_eq!(later(&head(101, 201)).unfit(), None);
        assert!(later(&head(101, 201)).is_on_their_branch());
        assert!(!later(&head(102, 202)).is_on_their_branch(), "nobody has that block yet");
        let mut off = later(&forked);
        let fork = Unfit::Fork(BlockNum(101));
        assert_eq!(off.unfit(), Some(&fork), "the endpoints have come that far");
        assert!(!off.is_on_their_branch());
        let now =
            |health: &NodeHealth, head, agreed| assess(time(203), Ok(probe(head)), chain(1), STALE, agreed, health);
        assert_eq!(now(&off, head(103, 203), Some(agreed)), Err(fork.clone()), "what it showed before was another one");
        assert_eq!(now(&off, head(103, 203), None), Err(fork), "it holds until they agree again");
        off.note_shown(head(101, 201));
        assert_eq!(now(&off, head(103, 203), Some(agreed)).map(|_| ()), Ok(()));
        assert_eq!(judge(202, probe(forked), None), Ok(()), "without an agreed chain there is no telling");
        let behind = Unfit::Behind { head: BlockNum(90), age: Duration::from_secs(36) };
        assert_eq!(judge(202, probe(head(90, 190)), Some(agreed)), Err(behind));
        assert_eq!(judge(300, probe(head(101, 201)), Some(agreed)), Ok(()), "the chain itself stands still");
        let unread = AgreedChain { newest: Some(BlockNum(150)), ..agreed };
        let behind = Unfit::Behind { head: BlockNum(103), age: Duration::from_secs(141) };
        assert_eq!(judge(250, probe(head(103, 203)), Some(unread)), Err(behind), "blocks that nobody delivers count");
        let ahead = Unfit::Ahead { head: BlockNum(150), ahead: Duration::from_secs(150) };
        assert_eq!(judge(200, probe(head(150, 250)), Some(agreed)), Err(ahead));
        let other = Probe { chain_id: Some(chain(2)), ..probe(head(101, 201)) };
        assert_eq!(judge(202, other, Some(agreed)), Err(Unfit::WrongChain(chain(2))));
        let failed =
            assess(time(1), Err(ProbeFailure::new(ProbeFault::Unusable, "no")), chain(1), STALE, Some(agreed), &new);
        assert_eq!(failed, Err(Unfit::Probe(ProbeFailure::new(ProbeFault::Unusable, "no"))));
    }

    /// What each source says, and since when.
    #[test]
    fn evidence_lasts_until_the_source_says_something_else() {
        let damping = Damping { rise: 1, fall: 3 };
        let mut health = NodeHealth::new(time(0));
        let said = |health: &NodeHealth, now| -> Vec<(Source, Grade, u64)> {
            health.evidence(time(now)).map(|said| (said.source, said.grade, said.lasts.as_secs())).collect()
        };
        let failed = |fault| Err(Unfit::Probe(ProbeFailure::new(fault, "no")));
        assert_eq!(said(&health, 1), []);
        health.note(time(1), damping, Ok(probe(head(1, 1))));
        health.note(time(2), damping, Ok(probe(head(2, 2))));
        assert_eq!(said(&health, 3), [(Source::Probe, Grade::Good, 6)]);
        health.note_gone(time(4));
        health.note(time(4), damping, failed(ProbeFault::Refused));
        health.note(time(6), damping, failed(ProbeFault::Silent));
        assert_eq!(said(&health, 7), [(Source::Tripwire, Grade::Gone, 9), (Source::Probe, Grade::Silent, 3)]);
        // It is back, and catches up.
        let head = BlockNum(3);
        health.note(time(8), damping, Err(Unfit::Behind { head, age: STALE }));
        assert_eq!(said(&health, 8), [(Source::Probe, Grade::Unfit, 0)]);
    }
}
