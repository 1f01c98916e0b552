//! The memory and tables of one call, counted.

use wasmtime::{Error, ResourceLimiter};

use super::ticker::TickGuard;

/// Core instances of one component: languages with a runtime of their own have more than one.
pub(super) const INSTANCES: usize = 64;
/// Memories of one component.
pub(super) const MEMORIES: usize = 8;
/// Tables of one component.
pub(super) const TABLES: usize = 32;
/// Elements of all tables together.
pub(super) const TABLE_ELEMENTS: usize = 100_000;

/// Counts what one call allocates, against its limits.
#[derive(Debug)]
pub(crate) struct StoreLimiter {
    /// The limit on linear memory, in bytes.
    limit: usize,
    /// Linear memory of all memories together, in bytes.
    memory: usize,
    /// Elements of all tables together.
    elements: usize,
    /// Never read: the epoch ticks for as long as the store exists.
    _ticking: TickGuard,
}

impl StoreLimiter {
    /// Allows this many bytes of linear memory.
    pub(super) const fn new(limit: usize, ticking: TickGuard) -> Self {
        Self { limit, memory: 0, elements: 0, _ticking: ticking }
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
