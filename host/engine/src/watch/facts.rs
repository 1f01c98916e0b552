//! Gathering the facts that the rails look at.

use dogwatch_alerts::Cause;
use dogwatch_chain::Time;

use crate::chain::{Tracker, WitnessReading};
use crate::config::Signing;
use crate::holder::Holder;
use crate::rails::{Candidate, Duty, Facts, PastMove, Refusal};
use crate::situation::SwitchOutcome;
use crate::switch::Origin;
use crate::watch::machine::Watch;

impl Watch {
    /// All that the rails look at before a switch to that target.
    pub(super) fn facts<'a>(&'a self, now: Time, tracker: &Tracker, target: &'a Holder, origin: Origin) -> Facts<'a> {
        let view = tracker.view(now);
        let holder = self.holder();
        let applied = self.state.switches.iter().filter(|record| record.outcome == SwitchOutcome::Applied);
        Facts {
            now,
            limits: &self.config.rails,
            mode: self.config.mode,
            origin,
            target,
            candidate: match target {
                Holder::Node(name) => self.candidate(name),
                Holder::Disabled | Holder::Foreign => None,
            },
            paused_until: self.state.paused_until,
            in_flight: self.state.in_flight.as_ref(),
            verdict: self.verdict(now, tracker),
            agreement: view.agreement,
            head_age: view.head_age,
            stale_after: tracker.config().stale_after,
            key_split_for: self
                .key_is_split(tracker)
                .then(|| self.key_split_since.map(|since| now.since(since)).unwrap_or_default()),
            expiration: self.config.expiration,
            signing: match &holder {
                Some(Holder::Node(name)) => self.node(name).map_or(Signing::Missing, |node| node.signing),
                _ => Signing::Missing,
            },
            holder,
            switches: applied.map(|record| PastMove { at: record.at, cause: record.cause() }).collect(),
            history_lost: self.state.history_lost,
            next_slot: self.upcoming_slot(now, tracker),
            duty: if self.holder_out_since().is_some() { Duty::Dead } else { Duty::Able },
        }
    }

    /// What the rails look at of a node, if there is one of that name.
    pub(super) fn candidate(&self, name: &str) -> Option<Candidate<'_>> {
        let (node, health) = self.config.nodes.iter().zip(&self.health).find(|(node, _)| node.name == name)?;
        Some(Candidate {
            node: &node.name,
            health: health.health(),
            unfit: health.unfit().map(ToString::to_string),
            on_their_branch: health.is_on_their_branch(),
            last_good_probe: health.last_good(),
            head_was: health.head_was(),
            short: health.short(),
            unprobed: node.unprobed,
        })
    }

    /// Whether that node is fit for duty, and known to be so.
    pub(super) fn is_fit(&self, now: Time, name: &str) -> bool {
        self.candidate(name).is_some_and(|candidate| candidate.unfit_for_duty(now, &self.config.rails).is_none())
    }

    /// Whether the endpoints do not show the key on chain. It is read again at the last moment: the key that a switch
    /// replaces must be the one on chain now.
    fn key_is_split(&self, tracker: &Tracker) -> bool {
        let known = self.state.key.map(|record| record.key);
        !matches!(tracker.witness(self.config.tracker_index),
            WitnessReading::Agreed(state) if Some(state.signing_key) == known)
    }

    /// Remembers since when the endpoints have not shown the key on chain. A switch of our own explains it while it is
    /// under way.
    pub(super) fn note_key_split(&mut self, now: Time, tracker: &Tracker) {
        if self.state.in_flight.is_some() || !self.key_is_split(tracker) {
            self.key_split_since = None;
            return;
        }
        // An alert that is still open after a restart tells that it has lasted for longer than this run.
        let key = self.part_key(Cause::Refused, Refusal::LastingKeySplit.code());
        let first = self.state.alerts.opened_at(&key).map_or(now, |opened| opened.min(now));
        let since = self.key_split_since.get_or_insert(first);
        // If the clock was set back, the time starts again.
        *since = (*since).min(now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::holder::Holder;
    use crate::rails::Refusal;
    use crate::situation::Mode;
    use crate::testing::key;
    use crate::watch::event::Event;
    use crate::watch::scene::Scene;

    fn obstacles(scene: &Scene, to: &str) -> Vec<Refusal> {
        scene.watch.obstacles(scene.now(), &scene.tracker, &Holder::Node(to.to_owned()))
    }

    /// Somebody else's pending switch splits the key for as long as it may be pending: that is no obstacle. What splits
    /// it for longer is one, and stays one until the endpoints agree again.
    #[test]
    fn a_split_key_is_an_obstacle_when_it_lasts() {
        let mut scene = Scene::new(Mode::Armed);
        scene.shown = Some(key(2));
        // A switch is pending for 30 s at most: ten slots.
        for slot in 0..=10 {
            scene.run(1);
            assert_eq!(obstacles(&scene, "second"), [], "slot {slot}");
        }
        scene.run(1);
        assert_eq!(obstacles(&scene, "second"), [Refusal::LastingKeySplit]);
        scene.shown = None;
        scene.run(1);
        assert_eq!(obstacles(&scene, "second"), []);
    }

    /// That a node holds the key already does not pass by itself: a policy that names it needs an operator.
    #[test]
    fn the_present_node_is_no_place_to_switch_to() {
        let scene = Scene::new(Mode::Armed);
        assert_eq!(obstacles(&scene, "primary"), [Refusal::AlreadyThere("primary".to_owned())]);
    }

    /// This machine's clock jumps a day ahead during a pause: it ends when ten more slots have passed, and no earlier.
    #[test]
    fn a_pause_goes_by_the_chains_time() {
        let mut scene = Scene::new(Mode::Armed);
        let began = scene.tracker.head().unwrap().time;
        scene.handle(Event::Pause(Duration::from_secs(30)));
        assert_eq!(scene.watch.state().paused_until, Some(began.plus(Duration::from_secs(30))));
        let tomorrow = scene.now().plus(Duration::from_secs(86_400));
        scene.watch.handle(tomorrow, &scene.tracker, Event::Woken);
        assert!(scene.watch.state().paused_until.is_some(), "by the clock it would be over");
        scene.run(9);
        assert!(scene.watch.state().paused_until.is_some());
        scene.run(1);
        assert_eq!(scene.watch.state().paused_until, None);
    }

    /// What a rehearsal must not hide: the mode, and who is not fit.
    #[test]
    fn other_obstacles_are_those_of_the_rails() {
        let mut scene = Scene::new(Mode::Observe);
        scene.unfit = ["second"].into();
        scene.run(3);
        let why = "the probe failed: connection refused (os error 111)".to_owned();
        let unfit = Refusal::Unfit { node: "second".to_owned(), why };
        assert_eq!(obstacles(&scene, "second"), [Refusal::Observing, unfit]);
        assert_eq!(obstacles(&scene, "third"), [Refusal::Observing]);
    }
}
