//! The status of a chain, for `dogwatch status`.

use dogwatch_chain::Time;
use dogwatch_client::{ChainStatus, EndpointStatus, NodeStatus, SlotCounts, SwitchStatus, WitnessStatus, millis};
use dogwatch_engine::{Holder, NodeIndex, SlotOutcome, Tracker};
use dogwatch_rpc::Pool;

use crate::chain::convert::{endpoint_status, offset_millis};
use crate::chain::witness::WitnessTask;

/// The parts that the status is taken from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sources<'a> {
    pub(super) tracker: &'a Tracker,
    pub(super) pool: &'a Pool,
    pub(super) witnesses: &'a [WitnessTask],
}

impl Sources<'_> {
    /// The chain as `dogwatch status` shows it.
    pub(super) fn status(&self, now: Time) -> ChainStatus {
        let view = self.tracker.view(now);
        let known = self.tracker.head().is_some();
        ChainStatus {
            name: self.tracker.config().chain.clone(),
            agreement: view.agreement,
            // The engine's, which has read the blocks as well: what it decides by is what is shown.
            verdict: self.pool.agreement().map_or_else(
                || "no endpoint was asked lately".to_owned(),
                |_| self.tracker.agreement_verdict().to_string(),
            ),
            head: known.then_some(view.head.0),
            head_age_ms: known.then_some(millis(view.head_age)),
            irreversible: known.then_some(view.irreversible.0),
            clock_offset_ms: offset_millis(self.tracker.clock_offset()),
            participation_percent: u32::from(view.participation).saturating_mul(100) / 128,
            endpoints: self.endpoints(now),
            // The control socket adds the open alerts.
            alerts: Vec::new(),
            witnesses: self.witnesses.iter().map(|task| self.witness(now, task)).collect(),
        }
    }

    fn endpoints(&self, now: Time) -> Vec<EndpointStatus> {
        let endpoint = |status: dogwatch_rpc::EndpointSnapshot| EndpointStatus {
            trouble: self.tracker.doubts().get(status.name.as_str()).map(ToString::to_string),
            ..endpoint_status(&status)
        };
        self.pool.status(now).into_iter().map(endpoint).collect()
    }

    fn witness(&self, now: Time, task: &WitnessTask) -> WitnessStatus {
        let watch = task.watch();
        let (config, state) = (watch.config(), watch.state());
        let holder = watch.holder();
        let nodes = config.nodes.iter().enumerate().map(|(index, node)| {
            let health = watch.health(NodeIndex(index));
            NodeStatus {
                name: node.name.clone(),
                on_duty: holder == Some(Holder::Node(node.name.clone())),
                public_key: node.key.display(&config.profile.prefix).to_string(),
                health: health.map_or(dogwatch_engine::Health::Unknown, |health| health.health()),
                health_for_ms: health.map_or(0, |health| millis(now.since(health.since()))),
                head_age_ms: health.and_then(|health| health.head_age(now)).map(millis),
                version: health.and_then(|health| health.last_probe()).map(|probe| probe.version.clone()),
                trouble: health.and_then(|health| health.unfit()).map(ToString::to_string),
                tripwire: task.wires().status(now, NodeIndex(index)),
                beat: task.beats().status(now, NodeIndex(index)),
            }
        });
        let mark = |outcome| match outcome {
            SlotOutcome::Produced => '+',
            SlotOutcome::Missed => 'x',
            SlotOutcome::ChainWide => '-',
        };
        let count = |outcome| {
            let count = state.slots.iter().filter(|slot| slot.outcome == outcome).count();
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        WitnessStatus {
            name: config.witness.to_string(),
            mode: config.mode,
            verdict: watch.verdict(now, self.tracker),
            on_duty: watch.holder().map_or_else(|| "unknown".to_owned(), |holder| holder.to_string()),
            slots: state.slots.iter().map(|slot| mark(slot.outcome)).collect(),
            slot_counts: SlotCounts {
                produced: count(SlotOutcome::Produced),
                missed: count(SlotOutcome::Missed),
                chain_wide: count(SlotOutcome::ChainWide),
            },
            last_produced: state
                .slots
                .iter()
                .rev()
                .find(|slot| slot.outcome == SlotOutcome::Produced)
                .map(|own| own.slot.0),
            suspected_miss: self.tracker.suspected_miss(&config.witness, now).map(|slot| slot.0),
            next_slot_in_ms: watch.next_slot(now, self.tracker).map(|next| millis(next.starts_in)),
            policy: task.policies().last().cloned(),
            policy_trouble: task.policies().trouble().map(str::to_owned),
            paused_until: state.paused_until.map(|until| until.to_string()),
            nodes: nodes.collect(),
            switching_to: state.in_flight.as_ref().map(|flight| flight.plan.to.to_string()),
            switches: state.switches.iter().map(SwitchStatus::from).collect(),
            alerts: Vec::new(),
        }
    }
}
