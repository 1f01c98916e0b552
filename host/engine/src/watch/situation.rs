//! The situation that the policy is asked about.

use std::time::Duration;

use dogwatch_chain::{Slot, Time};

use crate::chain::Tracker;
use crate::holder::Holder;
use crate::rails::UpcomingSlot;
use crate::situation::{Health, NextSlot, NodeIndex, NodeView, PastSwitch, Situation, SlotOutcome, SwitchOutcome};
use crate::slots::SlotRecord;
use crate::watch::event::Command;
use crate::watch::machine::Watch;
use crate::watch::turn::Turn;

/// How long a transaction takes to reach the producers: a few hops from node to node, each well under 100 ms.
const TO_PRODUCERS: Duration = Duration::from_millis(300);

impl Watch {
    /// Asks the policy, unless nothing is known yet.
    pub(super) fn ask(&mut self, turn: &mut Turn<'_>) {
        if turn.chain.head().is_some() {
            turn.push(Command::AskPolicy(Box::new(self.situation(turn.now, turn.chain))));
        }
    }

    /// Everything the policy may base a decision on.
    pub fn situation(&self, now: Time, tracker: &Tracker) -> Situation {
        Situation {
            now,
            mode: self.config.mode,
            site: self.config.site.clone(),
            chain: self.config.profile.name.clone(),
            witness: self.config.witness.clone(),
            block_interval: self.interval(),
            round_length: self.config.profile.round_length,
            verdict: self.verdict(now, tracker),
            view: tracker.view(now),
            holder: self.holder().map_or(Holder::Foreign, |holder| self.holder_by_index(&holder)),
            holder_since: self.state.key.and_then(|record| record.since),
            slots: self.own_slots(tracker),
            suspected_miss: tracker.suspected_miss(&self.config.witness, now),
            next_slots: self.next_slots(now, tracker),
            unscheduled: tracker.first_unscheduled().and_then(|slot| Self::upcoming(slot, now, tracker)),
            lands: Self::lands(now, tracker),
            nodes: self.node_views(now, tracker),
            switches: self.past_switches(),
            switching: self.state.in_flight.is_some(),
            paused_until: self.state.paused_until,
        }
    }

    /// The next own slot, where the schedule is known.
    pub fn next_slot(&self, now: Time, tracker: &Tracker) -> Option<NextSlot> {
        Self::upcoming(tracker.next_own_slot(&self.config.witness, now)?, now, tracker)
    }

    fn next_slots(&self, now: Time, tracker: &Tracker) -> Vec<NextSlot> {
        let slots = tracker.next_own_slots(&self.config.witness, now);
        slots.filter_map(|slot| Self::upcoming(slot, now, tracker)).collect()
    }

    /// The first slot whose block can hold a transaction that is sent now.
    fn lands(now: Time, tracker: &Tracker) -> Option<NextSlot> {
        let clock = tracker.clock()?;
        let soon = now.plus(TO_PRODUCERS);
        let nearest = clock.slot(soon);
        let slot = if clock.time(nearest) < soon { nearest.plus(1) } else { nearest };
        Self::upcoming(slot, now, tracker)
    }

    fn upcoming(slot: Slot, now: Time, tracker: &Tracker) -> Option<NextSlot> {
        Some(NextSlot { slot, starts_in: tracker.clock()?.time(slot).since(now) })
    }

    /// The same for the rails: where the schedule ends, too.
    pub(super) fn upcoming_slot(&self, now: Time, tracker: &Tracker) -> UpcomingSlot {
        if let Some(next) = self.next_slot(now, tracker) {
            return UpcomingSlot::In(next.starts_in);
        }
        let unscheduled = tracker.first_unscheduled().and_then(|slot| Self::upcoming(slot, now, tracker));
        unscheduled.map_or(UpcomingSlot::Unknown, |next| UpcomingSlot::UnknownFrom(next.starts_in))
    }

    /// Since when the node on duty produces nothing: its process has ended or stands still, which is proven, and no block that its
    /// key signed since speaks against it.
    pub(super) fn holder_out_since(&self) -> Option<Time> {
        self.unless_produced(self.health_of(&self.holder()?)?.out_since()?)
    }

    /// Since when what the node on duty produces is lost unless it catches up: its own head is old.
    pub(super) fn holder_behind_since(&self) -> Option<Time> {
        self.unless_produced(self.health_of(&self.holder()?)?.behind_since()?)
    }

    /// That time, unless the holder has produced since.
    fn unless_produced(&self, out: Time) -> Option<Time> {
        let holder = self.holder()?;
        // Clocks differ a little, and its last block may have been on its way.
        let alive = out.plus(self.interval());
        let produced = |record: &&SlotRecord| record.outcome == SlotOutcome::Produced && record.holder == holder;
        let last = self.state.slots.iter().rev().find(produced);
        last.is_none_or(|record| record.time < alive).then_some(out)
    }

    fn node_views(&self, now: Time, tracker: &Tracker) -> Vec<NodeView> {
        let nodes = self.config.nodes.iter().zip(&self.health).enumerate();
        nodes
            .map(|(index, (node, health))| NodeView {
                name: node.name.clone(),
                health: health.health(),
                health_for: now.since(health.since()),
                head_age: health.head_age(now),
                eligible: self.is_fit(now, &node.name),
                evidence: health.evidence(now).collect(),
                missed_for_others: self.missed_for_others(NodeIndex(index), tracker).last().map(|miss| miss.slot),
            })
            .collect()
    }

    fn past_switches(&self) -> Vec<PastSwitch> {
        let settled = self.state.switches.iter().map(|record| PastSwitch {
            at: record.at,
            from: self.holder_by_index(&record.from),
            to: self.holder_by_index(&record.to),
            outcome: record.outcome,
            origin: record.origin,
        });
        let pending = self.state.in_flight.iter().map(|flight| PastSwitch {
            at: flight.plan.at,
            from: self.holder_by_index(&flight.plan.from),
            to: self.holder_by_index(&flight.plan.to),
            outcome: SwitchOutcome::Pending,
            origin: flight.plan.origin,
        });
        settled.chain(pending).collect()
    }

    /// Nodes other than the one on duty that could take over now.
    pub(super) fn standbys(&self, now: Time) -> Vec<&str> {
        let holder = self.holder();
        let free = |name: &&str| holder != Some(Holder::Node((*name).to_owned()));
        let names = self.config.nodes.iter().map(|node| node.name.as_str()).filter(free);
        names.filter(|name| self.is_fit(now, name)).collect()
    }

    pub(super) fn health_word(&self, name: &str) -> &'static str {
        match self.node_index(name).and_then(|index| self.health(index)).map(|health| health.health()) {
            Some(Health::Healthy) => "healthy",
            Some(Health::Unhealthy) => "unhealthy",
            Some(Health::Unknown) | None => "unknown",
        }
    }

    /// A holder as policies see it; a node that left the configuration is unknown to them.
    pub(super) fn holder_by_index(&self, holder: &Holder) -> Holder<NodeIndex> {
        match holder {
            Holder::Node(name) => self.node_index(name).map_or(Holder::Foreign, Holder::Node),
            Holder::Disabled => Holder::Disabled,
            Holder::Foreign => Holder::Foreign,
        }
    }
}
