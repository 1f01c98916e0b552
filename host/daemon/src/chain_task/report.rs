//! What `dogwatch status` is told.

use dogwatch_chain::Time;
use dogwatch_engine::{NodeIndex, SlotOutcome, Target};

use crate::chain_task::ChainTask;
use crate::guard::Guard;
use crate::status::{AlertStatus, ChainStatus, EndpointStatus, NodeStatus, SwitchStatus, WitnessStatus, millis};

impl ChainTask {
    pub(super) fn report(&self) -> ChainStatus {
        let now = self.clock.now();
        let view = self.tracker.view(now);
        let known = self.tracker.head().is_some();
        ChainStatus {
            name: self.tracker.config().chain.clone(),
            agreement: view.agreement,
            verdict: self
                .pool
                .agreement()
                .map_or_else(|| "no endpoint was asked lately".to_owned(), |agreement| agreement.verdict.to_string()),
            head: known.then_some(view.head.0),
            head_age_ms: known.then_some(millis(view.head_age)),
            irreversible: known.then_some(view.irreversible.0),
            participation_percent: u32::from(view.participation).saturating_mul(100) / 128,
            endpoints: self.endpoints(now),
            alerts: self.alerts.book().open().into_iter().map(AlertStatus::from).collect(),
            witnesses: self.guards.iter().map(|guard| self.witness(now, guard)).collect(),
        }
    }

    fn endpoints(&self, now: Time) -> Vec<EndpointStatus> {
        let endpoint = |status: dogwatch_rpc::EndpointSnapshot| EndpointStatus {
            trouble: self.tracker.doubts().get(status.name.as_str()).map(ToString::to_string),
            ..EndpointStatus::from(&status)
        };
        self.pool.status(now).into_iter().map(endpoint).collect()
    }

    fn witness(&self, now: Time, guard: &Guard) -> WitnessStatus {
        let watch = guard.watch();
        let (config, state) = (watch.config(), watch.state());
        let holder = watch.holder();
        let nodes = config.nodes.iter().enumerate().map(|(index, node)| {
            let health = watch.health(NodeIndex(index));
            NodeStatus {
                name: node.name.clone(),
                on_duty: holder == Some(Target::Node(node.name.clone())),
                public_key: node.key.display(&config.profile.prefix).to_string(),
                health: health.map_or(dogwatch_engine::Health::Unknown, |health| health.health()),
                health_for_ms: health.map_or(0, |health| millis(now.since(health.since()))),
                head_age_ms: health.and_then(|health| health.head_age(now)).map(millis),
                version: health.and_then(|health| health.last_probe()).map(|probe| probe.version.clone()),
                trouble: health.and_then(|health| health.unfit()).map(ToString::to_string),
            }
        });
        let mark = |outcome| match outcome {
            SlotOutcome::Produced => '+',
            SlotOutcome::Missed => 'x',
            SlotOutcome::ChainWide => '-',
        };
        WitnessStatus {
            name: config.witness.to_string(),
            mode: config.mode,
            verdict: watch.verdict(now, &self.tracker),
            on_duty: watch.holder().map_or_else(|| "unknown".to_owned(), |holder| holder.to_string()),
            slots: state.slots.iter().map(|slot| mark(slot.outcome)).collect(),
            next_slot_in_ms: watch.next_slot(now, &self.tracker).map(|next| millis(next.starts_in)),
            policy_trouble: guard.policy_trouble().map(str::to_owned),
            paused_until: state.paused_until.filter(|until| *until > now).map(|until| until.to_string()),
            nodes: nodes.collect(),
            switching_to: state.in_flight.as_ref().map(|flight| flight.plan.to.to_string()),
            switches: state.switches.iter().map(SwitchStatus::from).collect(),
            alerts: state.alerts.open().into_iter().map(AlertStatus::from).collect(),
        }
    }
}
