//! What the nodes' own machines have told a witness.

use std::time::Duration;

use dogwatch_beat::ProcessState;
use dogwatch_chain::Time;
use dogwatch_client::{BeatState, BeatStatus, millis};
use dogwatch_engine::{Beat, MachineTrouble, NodeIndex, NodeProcess};

/// A clock that is off by less is told by no alert: producers tolerate it, and the way of a beat takes a while.
const CLOCK_TOLERANCE: Duration = Duration::from_millis(500);

/// How many beats in a row must show a clock that is off: one of them may have been held up.
const CLOCK_BEATS: u32 = 5;

/// What a machine said, or that it says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A beat.
    Beat {
        /// The node's process; none if the machine has never found one.
        process: Option<ProcessState>,
        /// How long that process has been watched.
        watched: Duration,
        /// When it was sent, by its machine's clock.
        sent: Time,
        /// When it arrived, by this machine's clock.
        arrived: Time,
        /// The free space on its disk, if that is less than its operator wants.
        disk_low: Option<u64>,
        /// Whether anything tells of the node's fitness.
        fitness: Fitness,
    },
    /// None has come for a while but those whose clock is so far off that they may be old ones.
    WrongClock(Duration),
    /// None has come for so long.
    Silence(Duration),
    /// None can be heard, for their port cannot be opened here.
    Deaf,
}

/// Whether anything tells whether a node is fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fitness {
    /// Its probes do, or its machine asks it.
    Told,
    /// Its machine says only that its process runs.
    NotTold,
}

/// The beats of a witness's nodes.
#[derive(Debug)]
pub struct Beats(Vec<Option<Machine>>);

#[derive(Clone, Copy, Debug)]
struct Machine {
    state: BeatState,
    since: Time,
    /// Beats in a row whose clock was off.
    off_in_a_row: u32,
}

impl Beats {
    /// Nothing has been heard yet.
    pub fn new(nodes: usize) -> Self {
        Self(vec![None; nodes])
    }

    /// Takes in what was heard of a node's machine. `arrived` is when the beat came, by the right time.
    pub fn note(&mut self, now: Time, arrived: Time, NodeIndex(node): NodeIndex, heard: Heard) -> Option<Beat> {
        let known = self.0.get_mut(node)?;
        let (process, off) = match heard {
            Heard::Beat { process, watched, sent, .. } => (process_of(process, watched), off(sent, arrived)),
            Heard::WrongClock(_) | Heard::Silence(_) | Heard::Deaf => (NodeProcess::Silent, None),
        };
        let state = state_of(process);
        let before = known.filter(|machine| machine.state == state);
        let off_in_a_row = known.map_or(0, |machine| machine.off_in_a_row);
        let off_in_a_row = off.map_or(0, |_| off_in_a_row.saturating_add(1));
        *known = Some(Machine { state, since: before.map_or(now, |machine| machine.since), off_in_a_row });
        Some(Beat { process, trouble: trouble(heard, process, off.filter(|_| off_in_a_row >= CLOCK_BEATS)) })
    }

    /// What a node's machine says, for the status.
    pub fn status(&self, now: Time, NodeIndex(node): NodeIndex) -> Option<BeatStatus> {
        let Machine { state, since, .. } = (*self.0.get(node)?)?;
        Some(BeatStatus { state, for_ms: millis(now.since(since)) })
    }
}

fn state_of(process: NodeProcess) -> BeatState {
    match process {
        NodeProcess::Running(_) => BeatState::Running,
        NodeProcess::Stalled => BeatState::Stalled,
        NodeProcess::Ended => BeatState::Ended,
        NodeProcess::NotFound => BeatState::NotFound,
        NodeProcess::Silent => BeatState::Silent,
    }
}

fn process_of(process: Option<ProcessState>, watched: Duration) -> NodeProcess {
    match process {
        Some(ProcessState::Running) => NodeProcess::Running(watched),
        Some(ProcessState::Stalled) => NodeProcess::Stalled,
        Some(ProcessState::Ended) => NodeProcess::Ended,
        None => NodeProcess::NotFound,
    }
}

/// How far a machine's clock is off, if that matters.
fn off(sent: Time, arrived: Time) -> Option<Duration> {
    Some(sent.since(arrived).max(arrived.since(sent))).filter(|off| *off >= CLOCK_TOLERANCE)
}

fn trouble(heard: Heard, process: NodeProcess, clock: Option<Duration>) -> Option<MachineTrouble> {
    match heard {
        Heard::Silence(lasts) => Some(MachineTrouble::Silent(lasts)),
        Heard::WrongClock(off) => Some(MachineTrouble::Clock(off)),
        Heard::Deaf => Some(MachineTrouble::NotHeard),
        Heard::Beat { .. } if process == NodeProcess::NotFound => Some(MachineTrouble::NoProcess),
        Heard::Beat { disk_low, fitness, .. } => {
            let not_told = (fitness == Fitness::NotTold).then_some(MachineTrouble::NotAsked);
            clock.map(MachineTrouble::Clock).or(disk_low.map(|free| MachineTrouble::Disk { free })).or(not_told)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: NodeIndex = NodeIndex(0);

    fn at(millis: i64) -> Time {
        Time::from_millis(1_700_000_000_000_i64.saturating_add(millis))
    }

    fn beat(sent: i64, process: Option<ProcessState>) -> Heard {
        let watched = Duration::from_secs(600);
        Heard::Beat { process, watched, sent: at(sent), arrived: at(0), disk_low: None, fitness: Fitness::Told }
    }

    #[test]
    fn one_late_beat_is_no_clock_that_is_off() {
        let mut beats = Beats::new(1);
        let running = Some(ProcessState::Running);
        let mut trouble =
            |sent, arrived| beats.note(at(arrived), at(arrived), NODE, beat(sent, running)).unwrap().trouble;
        assert_eq!(trouble(0, 900), None);
        assert_eq!(trouble(1000, 1001), None);
        for late in [2000, 3000, 4000, 5000] {
            assert_eq!(trouble(late, late - 700), None);
        }
        assert_eq!(trouble(6000, 5300), Some(MachineTrouble::Clock(Duration::from_millis(700))));
        assert_eq!(trouble(7000, 7100), None);
    }

    #[test]
    fn the_status_shows_for_how_long_the_machine_has_said_so() {
        let mut beats = Beats::new(2);
        assert_eq!(beats.status(at(0), NODE), None, "nothing was heard");
        let mut heard = |now: i64, heard| {
            beats.note(at(now), at(now), NODE, heard);
            beats.status(at(now + 500), NODE).unwrap()
        };
        assert_eq!(heard(0, beat(0, None)), BeatStatus { state: BeatState::NotFound, for_ms: 500 });
        let running = beat(0, Some(ProcessState::Running));
        assert_eq!(heard(1000, running), BeatStatus { state: BeatState::Running, for_ms: 500 });
        assert_eq!(heard(2000, running), BeatStatus { state: BeatState::Running, for_ms: 1500 });
        let silence = Heard::Silence(Duration::from_secs(30));
        assert_eq!(heard(3000, silence), BeatStatus { state: BeatState::Silent, for_ms: 500 });
        assert_eq!(heard(4000, Heard::Deaf), BeatStatus { state: BeatState::Silent, for_ms: 1500 });
        assert!(beats.note(at(0), at(0), NodeIndex(7), running).is_none(), "no such node");
    }
}
