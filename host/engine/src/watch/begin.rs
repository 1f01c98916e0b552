//! Starting a switch.

use std::time::Duration;

use dogwatch_alerts::Cause;
use dogwatch_chain::{Time, TransactionId};

use crate::chain::Tracker;
use crate::holder::Holder;
use crate::rails::{Facts, Lifetime, Refusal, check};
use crate::situation::{Agreement, Verdict};
use crate::switch::{InFlight, Origin, SwitchPlan};
use crate::watch::event::{Command, SendReport};
use crate::watch::machine::Watch;
use crate::watch::turn::Turn;

impl Watch {
    /// Starts a switch that the rails let through.
    pub(super) fn begin(&mut self, turn: &mut Turn<'_>, plan: SwitchPlan) {
        let notice = self.switching(&plan);
        self.begun = Some(plan.id(&self.config.profile));
        self.refused_since.clear();
        self.state.in_flight = Some(InFlight { plan: plan.clone(), last_sent: Some(turn.now), sends: 1 });
        turn.push(Command::Send(Box::new(plan)));
        self.update(turn, notice);
    }

    /// The plan of a switch, with everything that its transaction needs, or what is missing for it. The rails should have
    /// refused that already.
    pub(super) fn plan(
        &self,
        now: Time,
        tracker: &Tracker,
        to: Holder,
        origin: Origin,
        reason: String,
    ) -> Result<SwitchPlan, Refusal> {
        let head = tracker.head().ok_or(Refusal::NotAgreed(Agreement::Blind))?;
        let from_key = self.state.key.ok_or(Refusal::ForeignKey)?.key;
        let to_key = match &to {
            Holder::Node(name) => {
                let node = self.config.nodes.iter().find(|node| node.name == *name);
                node.ok_or_else(|| Refusal::NoNodeNamed(name.clone()))?.key
            }
            Holder::Disabled => dogwatch_chain::PublicKey::NULL,
            Holder::Foreign => return Err(Refusal::NoNodeNamed(to.to_string())),
        };
        // Nodes compare with the head block's time; while the chain stands still that lags behind the clock.
        // Whole seconds, rounded up: rounded down, a short one could be over before it is sent.
        let expiration = head.time.max(now).plus(self.config.expiration).plus(Duration::from_millis(999));
        Ok(SwitchPlan {
            witness: self.config.witness.clone(),
            at: now,
            from: self.holder_of(from_key),
            from_key,
            to,
            to_key,
            reference: tracker.log().id_at(head.irreversible).unwrap_or(head.id),
            expiration: Time::from_secs(expiration.as_secs()),
            origin,
            reason,
            first_missed: self.first_blamed(tracker),
        })
    }

    /// The switch as it would be started now: to be looked at, not to be sent.
    ///
    /// # Errors
    ///
    /// What the transaction lacks.
    pub fn rehearse(&self, now: Time, tracker: &Tracker, to: Holder) -> Result<SwitchPlan, Refusal> {
        self.plan(now, tracker, to, Origin::Operator, "a rehearsal".to_owned())
    }

    /// What would stand in the way of that switch if it were needed now, and would not pass by itself.
    pub fn obstacles(&self, now: Time, tracker: &Tracker, to: &Holder) -> Vec<Refusal> {
        let facts = self.facts(now, tracker, to, Origin::Policy);
        let mut refusals = check(&Facts { verdict: Verdict::Me, ..facts });
        refusals.retain(|refusal| refusal.lifetime() == Lifetime::NeedsOperator);
        refusals
    }

    /// Takes in what the endpoints said of the transaction. Whatever they say, only a block settles it.
    pub(super) fn sent(&mut self, turn: &mut Turn<'_>, id: TransactionId, report: &SendReport) {
        let Some(flight) = &self.state.in_flight else { return };
        if flight.plan.id(&self.config.profile) != id {
            return;
        }
        if report.accepted > 0 {
            return self.resolve(turn, Cause::NotTaken, "An endpoint has accepted it. Now it must get into a block.");
        }
        if report.key_mismatch > 0 {
            // Another site was first, or our own switch is already in a block that we have not seen yet.
            return;
        }
        let notice = self.not_taken(&flight.plan, report);
        self.raise(turn, notice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::TrackerConfig;
    use crate::config::{
        Beats, Disable, Failback, NodeConfig, Probing, Rails, Sharing, Signing, Unprobed, WatchConfig,
    };
    use crate::health::{Damping, Streak};
    use crate::situation::Mode;
    use crate::switch::KeyRecord;
    use crate::testing::{head, key, name, says, time};
    use crate::watch::event::{Event, Force};
    use crate::watch::state::WatchState;
    use dogwatch_chain::Profile;

    fn watch(state: WatchState) -> Watch {
        let node = |name: &str, n| NodeConfig {
            name: name.to_owned(),
            key: key(n),
            signing: Signing::Available,
            probing: Probing::Never,
            beats: Beats::Never,
            unprobed: Unprobed::Allowed,
            sharing: Sharing::Own,
        };
        let config = WatchConfig {
            site: "here".to_owned(),
            profile: Profile::hive(),
            witness: name("a"),
            tracker_index: 0,
            mode: Mode::Armed,
            nodes: vec![node("one", 1), node("two", 2)],
            rails: Rails {
                budget: 3,
                budget_window: Duration::from_secs(3600),
                cool_down: Duration::ZERO,
                own_slot_guard: Duration::ZERO,
                min_participation: 85,
                candidate_fresh: Duration::from_secs(30),
                disable: Disable::Never,
            },
            damping: Damping { rise: Streak::of(3), fall: Streak::of(3) },
            expiration: Duration::from_secs(30),
            failback: Failback::Manual,
        };
        Watch::new(config, state, time(1))
    }

    fn tracker(at: Option<u32>) -> Tracker {
        let mut tracker = Tracker::new(TrackerConfig {
            chain: "hive".to_owned(),
            block_interval: crate::testing::INTERVAL,
            round_length: 5,
            quorum: 1,
            stale_after: Duration::from_secs(15),
        });
        if let Some(num) = at {
            tracker.observe(time(u64::from(num)), &[says("e", head(num, u64::from(num)), key(1))]);
        }
        tracker
    }

    #[test]
    fn what_a_plan_cannot_do_without() {
        let known =
            WatchState { key: Some(KeyRecord { key: key(1), since: None, before: None }), ..WatchState::default() };
        let node = |name: &str| Holder::Node(name.to_owned());
        let cases = [
            (None, known.clone(), node("two"), Some("not-agreed")),
            (Some(9), WatchState::default(), node("two"), Some("foreign-key")),
            (Some(9), known.clone(), node("three"), Some("no-such-node")),
            (Some(9), known.clone(), Holder::Foreign, Some("no-such-node")),
            (Some(9), known, node("two"), None),
        ];
        for (at, state, to, missing) in cases {
            let (watch, tracker) = (watch(state), tracker(at));
            let plan = watch.plan(time(9), &tracker, to.clone(), Origin::Operator, String::new());
            assert_eq!(plan.as_ref().err().map(Refusal::code), missing, "{at:?} {to:?}");
            // Whatever comes of it, and whoever forces it: there is one answer.
            let mut watch = watch;
            let commands = watch.handle(time(9), &tracker, Event::Manual(to, Force::Yes));
            let answers: Vec<bool> = commands
                .iter()
                .filter_map(|command| match command {
                    Command::Answer(answer) => Some(answer.is_ok()),
                    _ => None,
                })
                .collect();
            assert_eq!(answers, [missing.is_none()], "{commands:?}");
        }
    }
}
