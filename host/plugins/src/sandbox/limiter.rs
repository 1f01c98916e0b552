//! The memory and tables of one call, counted.

use wasmtime::{Error, ResourceLimiter};

use super::ticker::TickGuard;
use crate::diagnostics::LastWords;

/// Core instances of one component: languages with a runtime of their own have more than one.
pub(super) const INSTANCES: usize = 64;
/// Memories of one component.
pub(super) const MEMORIES: usize = 8;
/// Tables of one component.
pub(super) const TABLES: usize = 32;
/// Elements of all tables together.
pub(super) const TABLE_ELEMENTS: usize = 100_000;

/// Handles of WASI that one call may get.
const HANDLES: usize = 10_000;

/// Counts what one call allocates, against its limits.
#[derive(Debug)]
pub(crate) struct StoreLimiter {
    /// The limit on linear memory, in bytes.
    limit: usize,
    /// Linear memory of all memories together, in bytes.
    memory: usize,
    /// Elements of all tables together.
    elements: usize,
    /// When the call is, in milliseconds since 1970: what a clock says in it.
    pub(crate) now_millis: u64,
    /// How many numbers were drawn.
    drawn: u64,
    /// How many handles were given out.
    handles: usize,
    /// What the plugin said of its failure.
    pub(crate) last_words: LastWords,
    /// Never read: the epoch ticks for as long as the store exists.
    _ticking: TickGuard,
}

impl StoreLimiter {
    /// Allows this many bytes of linear memory.
    pub(super) fn new(limit: usize, ticking: TickGuard) -> Self {
        let last_words = LastWords::default();
        Self { limit, memory: 0, elements: 0, now_millis: 0, drawn: 0, handles: 0, last_words, _ticking: ticking }
    }

    /// The next random number: it follows from the time of the call and from how many were drawn (SplitMix64).
    pub(crate) const fn random(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_add(1);
        let mut z = self.now_millis.wrapping_add(self.drawn.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Counts one more handle. Whether there may be one.
    pub(crate) const fn handle(&mut self) -> bool {
        self.handles = self.handles.saturating_add(1);
        self.handles <= HANDLES
    }

    /// The linear memory of all memories together, in bytes.
    pub(crate) const fn memory(&self) -> usize {
        self.memory
    }
}

/// What a plugin can run out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    Memory,
    TableElements,
}

/// The plugin asked for more than its limit.
#[derive(Debug, thiserror::Error)]
#[error("{resource:?}: {asked}, limit {limit}")]
pub(super) struct LimitExceeded {
    pub(super) resource: Resource,
    pub(super) asked: usize,
    pub(super) limit: usize,
}

/// Adds what a memory or table grows by, unless the sum would exceed the limit.
fn grow(resource: Resource, sum: &mut usize, limit: usize, current: usize, desired: usize) -> Result<bool, Error> {
    let asked = sum.saturating_add(desired.saturating_sub(current));
    if asked > limit {
        return Err(Error::new(LimitExceeded { resource, asked, limit }));
    }
    *sum = asked;
    Ok(true)
}

impl ResourceLimiter for StoreLimiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool, Error> {
        grow(Resource::Memory, &mut self.memory, self.limit, current, desired)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool, Error> {
        grow(Resource::TableElements, &mut self.elements, TABLE_ELEMENTS, current, desired)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}
