//! The nodes that witnesses share: what one witness's slots prove of a node is told to the others, and of what they report of it
//! one alert is made.

use std::collections::BTreeMap;

use dogwatch_alerts::AlertReport;
use dogwatch_chain::AccountName;
use dogwatch_engine::{Event, NodeAlerts, NodeIndex, SharedSlots, Sharing, Watch};
use tokio::sync::mpsc;

use crate::chain::message::Message;
use crate::chain::task::ChainTask;
use crate::chain::witness::WitnessTask;

/// A node of a witness: the witness's index in its chain's task, and the node's in the witness.
type Place = (usize, NodeIndex);

/// The nodes that the witnesses of one chain share.
#[derive(Debug, Default)]
pub struct SharedNodes {
    /// By name, where each witness has it.
    places: BTreeMap<String, Vec<Place>>,
    /// What was told last of each place.
    told: BTreeMap<Place, SharedSlots>,
}

impl SharedNodes {
    /// Those of these witnesses.
    pub fn new<'a>(watches: impl Iterator<Item = &'a Watch>) -> Self {
        let mut places: BTreeMap<String, Vec<Place>> = BTreeMap::new();
        for (witness, watch) in watches.enumerate() {
            let nodes = watch.config().nodes.iter().enumerate();
            for (node, config) in nodes.filter(|(_, node)| node.sharing == Sharing::Shared) {
                places.entry(config.name.clone()).or_default().push((witness, NodeIndex(node)));
            }
        }
        Self { places, told: BTreeMap::new() }
    }

    /// What is new of what a witness's slots tell of its nodes, and which others are to hear it.
    fn news(&mut self, witness: usize, watch: &Watch) -> Vec<(usize, Event)> {
        let Self { places, told } = self;
        let mut events = Vec::new();
        for sharers in places.values() {
            let Some(own) = sharers.iter().find(|(index, _)| *index == witness) else { continue };
            let Some(slots) = watch.shared_slots(own.1).filter(|slots| told.get(own) != Some(slots)) else { continue };
            let others = sharers.iter().filter(|(index, _)| *index != witness);
            events.extend(others.map(|(index, node)| (*index, Event::Shared(*node, Box::new(slots.clone())))));
            told.insert(*own, slots);
        }
        events
    }
}

impl ChainTask {
    /// Tells the others that share a node with a witness what is new of its slots.
    pub(super) async fn tell_others(&mut self, witness: usize, outbox: &mpsc::WeakSender<Message>) {
        let Some(task) = self.witnesses.get(witness) else { return };
        for (other, event) in self.shared.news(witness, task.watch()) {
            self.drive(other, event, outbox).await;
        }
    }

    /// What is told of a witness's reports: of those about a shared node only what no other witness has reported.
    pub(super) fn for_all(&mut self, witness: &AccountName, reports: Vec<AlertReport>) -> Vec<AlertReport> {
        let Self { node_alerts, witnesses, .. } = self;
        let mut told = |report: AlertReport| {
            if NodeAlerts::are_about(&report.notice.key) {
                return node_alerts.take(witness, report, witnesses.iter().map(WitnessTask::watch));
            }
            Some(report)
        };
        reports.into_iter().filter_map(&mut told).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use dogwatch_chain::Time;
    use dogwatch_engine::WatchState;

    use super::*;
    use crate::chain::policy::Policy;
    use crate::config::{Config, Problems};

    const TOML: &str = r#"
        site = "test"
        state_dir = "/tmp/dogwatch"
        [[chain]]
        name = "hive"
        endpoints = ["https://api.hive.blog", "https://api.deathwing.me"]
        [[node]]
        name = "fsn1"
        probe = "http://127.0.0.1:8091"
        [[witness]]
        name = "alice"
        chain = "hive"
        [[witness.node]]
        name = "own"
        public_key = "STM6CvqS9nUvGJnvSX5DVc7mrF6ePiavJGByVTt2fqT1h35SRpbjN"
        [[witness.node]]
        name = "fsn1"
        public_key = "STM6v97htZoYkmzU6dvy5xx5daoVdP6FT5AFomJZF2s7MmD7ExC1d"
        [[witness]]
        name = "bob"
        chain = "hive"
        [[witness.node]]
        name = "fsn1"
        public_key = "STM6nJifz6YP128Ajai8NmSBenLKSMyXej5uU27sWCt72y1aNtehw"
    "#;

    #[test]
    fn what_is_new_is_told_to_the_others_that_have_the_node() {
        let config = Config::parse(TOML, &mut Problems::new(Path::new("dogwatch.toml"))).unwrap();
        let task = |witness| {
            let policy = Policy::Broken("none".to_owned());
            WitnessTask::new(&config, &config.chains[0], witness, 0, policy, WatchState::default(), Time::from_secs(1))
        };
        let tasks: Vec<WitnessTask> = config.witnesses.iter().map(task).collect();
        let mut shared = SharedNodes::new(tasks.iter().map(WitnessTask::watch));
        let mut told = |witness: usize| {
            let news = shared.news(witness, tasks[witness].watch());
            let place = |(index, event)| match event {
                Event::Shared(node, slots) => (index, node, slots.witness.to_string()),
                other => panic!("{other:?}"),
            };
            news.into_iter().map(place).collect::<Vec<_>>()
        };
        assert_eq!(told(0), [(1, NodeIndex(0), "alice".to_owned())]);
        assert_eq!(told(0), [], "it knows that");
        assert_eq!(told(1), [(0, NodeIndex(1), "bob".to_owned())]);
    }
}
