//! Memory that is kept from call to call. Each call gets it as new: what the one before wrote is cleared when that ends.
//! Mapping fresh memory, and the page faults in it, would cost several times what a policy needs to decide.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use wasmtime::PoolingAllocationConfig;

use super::limiter::{INSTANCES, MEMORIES, TABLE_ELEMENTS, TABLES};
use crate::error::call::PluginFunction;
use crate::limits::Limits;

/// Decisions at once: a daemon has one policy call per chain and witness that is due.
const DECISIONS: u32 = 4;
/// Other calls at once. They do nothing but compute, so that more would not be done sooner. The pool has room for as many
/// calls that each use all they may: addresses, most of which stay without memory.
const OTHERS: u32 = 8;
/// Bytes of each memory that are cleared in place and stay resident: the one page of a bundled policy.
const KEPT: usize = 64 << 10;
/// The same of each table.
const TABLE_KEPT: usize = 4 << 10;
/// Memories that stay resident while no call uses them.
const WARM: u32 = 8;

/// The pool for calls with these limits.
pub(super) fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let calls = DECISIONS.saturating_add(OTHERS);
    let at_once = |each: usize| u32::try_from(each).unwrap_or(u32::MAX).saturating_mul(calls);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_core_instances(at_once(INSTANCES))
        .total_memories(at_once(MEMORIES))
        .max_memories_per_module(u32::try_from(MEMORIES).unwrap_or(u32::MAX))
        .max_memory_size(limits.memory)
        .total_tables(at_once(TABLES))
        .max_tables_per_module(u32::try_from(TABLES).unwrap_or(u32::MAX))
        .table_elements(TABLE_ELEMENTS)
        .linear_memory_keep_resident(KEPT)
        .table_keep_resident(TABLE_KEPT)
        .max_unused_warm_slots(WARM);
    pool
}

/// What a call is for. Decisions have places of their own: channels that use up their time must not hold one up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Whether a key moves.
    Decisions,
    /// Everything else.
    Others,
}

impl Lane {
    pub(crate) const fn of(function: PluginFunction) -> Self {
        match function {
            PluginFunction::Decide | PluginFunction::Migrate => Self::Decisions,
            _ => Self::Others,
        }
    }
}

/// Who may call now: as many as the pool has room for. The others wait until one ends, at the latest when its time is up.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    decisions: Arc<Waiting>,
    others: Arc<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    free: Mutex<u32>,
    freed: Condvar,
}

/// A call's place in the pool, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Arc<Waiting>);

impl Turns {
    pub(super) fn new() -> Self {
        let places = |places| Arc::new(Waiting { free: Mutex::new(places), freed: Condvar::new() });
        Self { decisions: places(DECISIONS), others: places(OTHERS) }
    }

    pub(super) fn wait(&self, lane: Lane) -> Turn {
        let places = match lane {
            Lane::Decisions => &self.decisions,
            Lane::Others => &self.others,
        };
        let free = places.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = places.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free = free.saturating_sub(1);
        Turn(Arc::clone(places))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut free = self.0.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = free.saturating_add(1);
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    #[test]
    fn a_call_waits_until_another_ends() {
        let turns = Turns::new();
        let mut taken: Vec<_> = (0..OTHERS).map(|_| turns.wait(Lane::Others)).collect();
        let (sender, receiver) = channel();
        let waiting = turns.clone();
        let thread = thread::spawn(move || {
            drop(waiting.wait(Lane::Others));
            sender.send(()).unwrap();
        });
        assert!(receiver.try_recv().is_err(), "there is no room");
        drop(turns.wait(Lane::Decisions));
        taken.pop();
        receiver.recv().unwrap();
        thread.join().unwrap();
        drop(taken);
        assert_eq!(*turns.others.free.lock().unwrap(), OTHERS);
    }
}
