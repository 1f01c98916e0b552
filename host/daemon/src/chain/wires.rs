//! What the tripwires to a witness's nodes have told.

use dogwatch_chain::Time;
use dogwatch_client::{TripwireState, TripwireStatus, millis};
use dogwatch_engine::NodeIndex;
use dogwatch_rpc::WireEvent;

/// What is known of a node's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// It has just been proven to have ended.
    Gone,
    /// Nothing new.
    NoNews,
}

/// The tripwires of a witness, by node.
#[derive(Debug)]
pub struct Wires(Vec<Wire>);

#[derive(Clone, Debug)]
struct Wire {
    last: Option<WireEvent>,
    since: Time,
    blips: u32,
}

impl Wires {
    /// Nothing is known yet.
    pub fn new(nodes: usize, now: Time) -> Self {
        Self(vec![Wire { last: None, since: now, blips: 0 }; nodes])
    }

    /// Notes what happened to one. A port that refuses is proof only right after a connection to it was cut: before that
    /// nobody knows that the node ever listened there.
    pub fn note(&mut self, now: Time, NodeIndex(node): NodeIndex, event: WireEvent) -> Process {
        let Some(wire) = self.0.get_mut(node) else { return Process::NoNews };
        let gone = wire.last == Some(WireEvent::Cut) && event == WireEvent::Refused;
        if event == WireEvent::Blip {
            wire.blips = wire.blips.saturating_add(1);
        }
        let state = |event: Option<WireEvent>| event.and_then(state_of);
        if state(wire.last) != state(Some(event)) {
            wire.since = now;
        }
        wire.last = Some(event);
        if gone { Process::Gone } else { Process::NoNews }
    }

    /// A tripwire, for the status. Of a node without a probe there is none.
    pub fn status(&self, now: Time, NodeIndex(node): NodeIndex) -> Option<TripwireStatus> {
        let wire = self.0.get(node)?;
        Some(TripwireStatus { state: state_of(wire.last?)?, for_ms: millis(now.since(wire.since)), blips: wire.blips })
    }
}

/// A wire that was just cut is neither up nor down: the next event tells.
const fn state_of(event: WireEvent) -> Option<TripwireState> {
    match event {
        WireEvent::Up | WireEvent::Blip => Some(TripwireState::Up),
        WireEvent::Refused => Some(TripwireState::Refused),
        WireEvent::Silent => Some(TripwireState::Silent),
        WireEvent::GivenUp { .. } => Some(TripwireState::GivenUp),
        WireEvent::Cut => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: NodeIndex = NodeIndex(0);

    fn at(seconds: u32) -> Time {
        Time::from_secs(seconds)
    }

    #[test]
    fn only_a_port_that_refuses_after_a_cut_proves_the_end_of_a_process() {
        let mut wires = Wires::new(1, at(0));
        assert_eq!(wires.note(at(1), NODE, WireEvent::Refused), Process::NoNews, "it may never have listened there");
        let story = [
            (WireEvent::Up, Process::NoNews),
            (WireEvent::Cut, Process::NoNews),
            (WireEvent::Silent, Process::NoNews),
            (WireEvent::Refused, Process::NoNews),
            (WireEvent::Up, Process::NoNews),
            (WireEvent::Cut, Process::NoNews),
            (WireEvent::Refused, Process::Gone),
            (WireEvent::Refused, Process::NoNews),
        ];
        for (event, process) in story {
            assert_eq!(wires.note(at(2), NODE, event), process, "{event:?}");
        }
        assert_eq!(wires.note(at(2), NodeIndex(7), WireEvent::Cut), Process::NoNews, "no such node");
    }

    #[test]
    fn the_status_counts_blips_and_the_time_in_a_state() {
        let mut wires = Wires::new(1, at(0));
        assert_eq!(wires.status(at(1), NODE), None, "not known yet");
        wires.note(at(1), NODE, WireEvent::Up);
        wires.note(at(2), NODE, WireEvent::Cut);
        assert_eq!(wires.status(at(2), NODE), None);
        wires.note(at(2), NODE, WireEvent::Blip);
        let shown = |state, for_ms, blips| Some(TripwireStatus { state, for_ms, blips });
        assert_eq!(wires.status(at(5), NODE), shown(TripwireState::Up, 3000, 1));
        wires.note(at(6), NODE, WireEvent::Cut);
        wires.note(at(6), NODE, WireEvent::Refused);
        wires.note(at(9), NODE, WireEvent::Refused);
        assert_eq!(wires.status(at(9), NODE), shown(TripwireState::Refused, 3000, 1));
    }
}
