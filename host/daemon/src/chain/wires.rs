//! What the tripwires to a witness's nodes have told.

use dogwatch_chain::Time;
use dogwatch_client::{TripwireState, TripwireStatus, millis};
use dogwatch_engine::{Event, NodeIndex};
use dogwatch_rpc::WireEvent;

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

    /// Notes what happened to one. What it tells of the node's process, if anything: a port that refuses is proof only right
    /// after a connection to it was cut. Before that nobody knows that the node ever listened there.
    pub fn note(&mut self, now: Time, node: NodeIndex, event: WireEvent) -> Option<Event> {
        let wire = self.0.get_mut(node.0)?;
        let news = match (wire.last, event) {
            (Some(WireEvent::Cut), WireEvent::Refused) => Some(Event::Gone(node)),
            (Some(WireEvent::Refused | WireEvent::Silent), WireEvent::Up) => Some(Event::Back(node)),
            _ => None,
        };
        if event == WireEvent::Blip {
            wire.blips = wire.blips.saturating_add(1);
        }
        let state = |event: Option<WireEvent>| event.and_then(state_of);
        if state(wire.last) != state(Some(event)) {
            wire.since = now;
        }
        wire.last = Some(event);
        news
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
        assert_eq!(wires.note(at(1), NODE, WireEvent::Refused), None, "it may never have listened there");
        let story = [
            (WireEvent::Up, Some(Event::Back(NODE))),
            (WireEvent::Cut, None),
            (WireEvent::Silent, None),
            (WireEvent::Refused, None),
            (WireEvent::Up, Some(Event::Back(NODE))),
            (WireEvent::Cut, None),
            (WireEvent::Refused, Some(Event::Gone(NODE))),
            (WireEvent::Refused, None),
            (WireEvent::Up, Some(Event::Back(NODE))),
            (WireEvent::Cut, None),
            (WireEvent::Blip, None),
        ];
        for (event, news) in story {
            assert_eq!(wires.note(at(2), NODE, event), news, "{event:?}");
        }
        assert_eq!(wires.note(at(2), NodeIndex(7), WireEvent::Cut), None, "no such node");
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
