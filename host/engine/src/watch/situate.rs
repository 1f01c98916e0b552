//! Putting together what the policy is told.

use dogwatch_chain::Time;

use crate::situation::{Health, Holder, NextSlot, NodeView, PastSwitch, Situation, SwitchOutcome};
use crate::switch::Target;
use crate::tracker::Tracker;
use crate::watch::{Command, Watch};

impl Watch {
    /// Asks the policy, unless nothing is known yet.
    pub(super) fn ask(&mut self, now: Time, tracker: &Tracker, out: &mut Vec<Command>) {
        if self.state.paused_until.is_some_and(|until| until <= now) {
            self.state.paused_until = None;
        }
        if tracker.head().is_some() {
            out.push(Command::AskPolicy(Box::new(self.situation(now, tracker))));
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
            holder: self.holder().map_or(Holder::Foreign, |holder| self.as_holder(&holder)),
            holder_since: self.state.key.and_then(|record| record.since),
            slots: self.own_slots(),
            next_slot: self.next_slot(now, tracker),
            nodes: self.node_views(now),
            switches: self.past_switches(),
            switching: self.state.in_flight.is_some(),
            paused_until: self.state.paused_until,
        }
    }

    /// The next own slot, where the schedule is known.
    pub fn next_slot(&self, now: Time, tracker: &Tracker) -> Option<NextSlot> {
        let slot = tracker.next_own_slot(&self.config.witness, now)?;
        let starts_in = tracker.clock()?.time(slot).since(now);
        Some(NextSlot { slot, starts_in })
    }

    fn node_views(&self, now: Time) -> Vec<NodeView> {
        let nodes = self.config.nodes.iter().zip(&self.health);
        nodes
            .map(|(node, health)| NodeView {
                name: node.name.clone(),
                health: health.health(),
                health_for: now.since(health.since()),
                head_age: health.head_age(now),
                eligible: self.is_fit(now, &node.name),
            })
            .collect()
    }

    fn past_switches(&self) -> Vec<PastSwitch> {
        let settled = self.state.switches.iter().map(|record| PastSwitch {
            at: record.at,
            from: self.as_holder(&record.from),
            to: self.as_holder(&record.to),
            outcome: record.outcome,
        });
        let pending = self.state.in_flight.iter().map(|flight| PastSwitch {
            at: flight.plan.at,
            from: self.as_holder(&flight.plan.from),
            to: self.as_holder(&flight.plan.to),
            outcome: SwitchOutcome::Pending,
        });
        settled.chain(pending).collect()
    }

    /// Nodes other than the one on duty that could take over now.
    pub(super) fn standbys(&self, now: Time) -> Vec<&str> {
        let holder = self.holder();
        let free = |name: &&str| holder != Some(Target::Node((*name).to_owned()));
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
}
