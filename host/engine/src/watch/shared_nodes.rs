//! Which of its nodes the witnesses of a chain share, and what each of them has heard of the others' slots there.

use std::collections::BTreeMap;

use crate::config::Sharing;
use crate::situation::NodeIndex;
use crate::watch::event::Event;
use crate::watch::machine::Watch;
use crate::watch::shared::SharedSlots;

/// A node of a witness: the witness's place among its chain's, and the node's in the witness.
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
    pub fn news(&mut self, witness: usize, watch: &Watch) -> Vec<(usize, Event)> {
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

#[cfg(test)]
mod tests {
    use dogwatch_chain::AccountName;

    use super::*;
    use crate::situation::Mode;
    use crate::watch::scene::Scene;

    #[test]
    fn what_is_new_is_told_to_the_others_that_have_the_node() {
        let alice = {
            let mut scene = Scene::new(Mode::Armed);
            // Node primary is alice's own.
            for node in scene.watch.config.nodes.iter_mut().skip(1) {
                node.sharing = Sharing::Shared;
            }
            scene.watch
        };
        let mut bob = alice.clone();
        bob.config.witness = AccountName::new("bob").unwrap();
        bob.config.nodes = vec![alice.config.nodes[2].clone()];
        let mut carol = bob.clone();
        carol.config.witness = AccountName::new("carol").unwrap();
        carol.config.nodes[0].sharing = Sharing::Own;

        let watches = [&alice, &bob, &carol];
        let mut shared = SharedNodes::new(watches.into_iter());
        let mut told = |witness: usize| {
            let place = |(index, event)| match event {
                Event::Shared(node, slots) => (index, node, slots.witness.to_string()),
                other => panic!("{other:?}"),
            };
            shared.news(witness, watches[witness]).into_iter().map(place).collect::<Vec<_>>()
        };
        assert_eq!(told(0), [(1, NodeIndex(0), "alice".to_owned())]);
        assert_eq!(told(0), [], "it knows that");
        assert_eq!(told(1), [(0, NodeIndex(2), "bob".to_owned())]);
        assert_eq!(told(2), [], "nobody else has that node");
    }
}
