//! A failover script as operators have them: it reads a counter, and moves the key when that has grown enough.

use std::time::Duration;

use dogwatch_chain::Time;
use rand::Rng as _;
use rand::rngs::SmallRng;

use crate::world::NightWorld;

/// A script.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    every: Duration,
    misses: u32,
    /// When it first reads, and how many blocks had been missed then.
    next: Option<Time>,
    phase: Duration,
    done: bool,
}

impl Peer {
    pub(super) fn new(every: Duration, misses: u32, rng: &mut SmallRng) -> Self {
        let millis = u64::try_from(every.as_millis()).unwrap_or(u64::MAX).max(1);
        Self { every, misses, next: None, phase: Duration::from_millis(rng.random_range(0..millis)), done: false }
    }

    /// Reads the counter if that is due, and moves the key to the first standby that is alive.
    pub(crate) fn look(&mut self, world: &mut NightWorld) {
        let now = world.time(Duration::ZERO);
        let next = *self.next.get_or_insert(now.plus(self.phase));
        if self.done || now < next {
            return;
        }
        self.next = Some(next.plus(self.every));
        let misses = world.chain.truth_of(0).map_or(0, |truth| truth.misses);
        if misses < self.misses {
            return;
        }
        let holder = world.holder(0);
        let alive =
            world.nodes.iter().enumerate().find(|(place, node)| Some(*place) != holder && node.produces(world.slot));
        if let Some((_, node)) = alive {
            let key = node.key(0);
            world.set_key(0, key);
            self.done = true;
        }
    }
}
