//! The one engine, and the one place where fuel, time and memory are allotted.

use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Error, ResourceLimiter, Store, Trap, WasmFeatures};

use crate::clock::{Clock, Running, ticks};
use crate::error::Fault;
use crate::limits::{Budget, Limits};

/// Core instances, memories and tables of one component: languages with a runtime of their own have more than one.
const INSTANCES: usize = 64;
const MEMORIES: usize = 8;
const TABLES: usize = 32;
const TABLE_ELEMENTS: usize = 100_000;

/// The sandbox did not start.
#[derive(Debug, thiserror::Error)]
#[error("the WebAssembly sandbox does not start on this machine: {reason}")]
pub struct SandboxError {
    reason: String,
}

/// Where plugins run. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Sandbox {
    engine: Engine,
    clock: Clock,
    limits: Limits,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A sandbox with the default limits.
    pub fn new() -> Result<Self, SandboxError> {
        Self::with_limits(Limits::default())
    }

    /// A sandbox with other limits.
    pub fn with_limits(limits: Limits) -> Result<Self, SandboxError> {
        let failed = |error: &dyn std::fmt::Display| SandboxError { reason: error.to_string() };
        let engine = Engine::new(&config(&limits)).map_err(|error| failed(&format!("{error:#}")))?;
        let clock = Clock::start(&engine).map_err(|error| failed(&error))?;
        Ok(Self { engine, clock, limits })
    }

    /// The limits.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn compile(&self, component: &[u8]) -> Result<Component, Error> {
        Component::from_binary(&self.engine, component)
    }

    /// A linker that links nothing.
    pub(crate) fn linker(&self) -> Linker<Allotment> {
        Linker::new(&self.engine)
    }

    /// A fresh store in which a plugin is instantiated and called once. Whatever runs in it, start functions included,
    /// runs on this budget.
    pub(crate) fn store(&self, budget: Budget) -> Result<Store<Allotment>, Fault> {
        let allotment =
            Allotment { limit: self.limits.memory, _running: Some(self.clock.run()), ..Allotment::default() };
        let mut store = Store::new(&self.engine, allotment);
        store.limiter(|allotment| allotment);
        store.set_fuel(budget.fuel).map_err(|error| Fault::Sandbox(format!("{error:#}")))?;
        store.set_epoch_deadline(ticks(budget.time));
        store.set_hostcall_fuel(self.limits.answer);
        Ok(store)
    }
}

fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config.consume_fuel(true).epoch_interruption(true).concurrency_support(false);
    // The same bits on every machine.
    config.cranelift_nan_canonicalization(true).relaxed_simd_deterministic(true);
    let unneeded = [WasmFeatures::THREADS, WasmFeatures::MEMORY64, WasmFeatures::GC, WasmFeatures::EXCEPTIONS];
    for feature in unneeded {
        config.wasm_features(feature, false);
    }
    // Small boards and containers have no 4 GiB of addresses to reserve for each call.
    let reservation = u64::try_from(limits.memory).unwrap_or(u64::MAX);
    config.memory_reservation(reservation).memory_reservation_for_growth(0).memory_guard_size(64 << 10);
    // Traps need no line numbers, and the maps take memory.
    config.generate_address_map(false);
    config
}

/// What one call has been given, and has asked for.
#[derive(Debug, Default)]
pub(crate) struct Allotment {
    limit: usize,
    memory: usize,
    elements: usize,
    /// Held, and never read: the clock ticks for as long as the store is there.
    _running: Option<Running>,
}

/// The plugin asked for more than its allotment.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {asked}, limit {limit}")]
struct Exceeded {
    what: &'static str,
    asked: usize,
    limit: usize,
}

/// Adds what a memory or table grows by, unless it becomes too much in all.
fn grow(what: &'static str, sum: &mut usize, limit: usize, current: usize, desired: usize) -> Result<bool, Error> {
    let asked = sum.saturating_add(desired.saturating_sub(current));
    if asked > limit {
        return Err(Error::new(Exceeded { what, asked, limit }));
    }
    *sum = asked;
    Ok(true)
}

impl ResourceLimiter for Allotment {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool, Error> {
        grow("memory", &mut self.memory, self.limit, current, desired)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool, Error> {
        grow("table elements", &mut self.elements, TABLE_ELEMENTS, current, desired)
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

/// Why a call ended without an answer.
pub(crate) fn fault(error: &Error, budget: Budget) -> Fault {
    if let Some(exceeded) = error.downcast_ref::<Exceeded>() {
        return match exceeded.what {
            "memory" => Fault::OutOfMemory { limit: exceeded.limit, asked: exceeded.asked },
            _ => Fault::Trapped(format!("it asked for too much: {exceeded}")),
        };
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Fault::OutOfFuel { limit: budget.fuel },
        Some(Trap::Interrupt) => Fault::OutOfTime { millis: budget.time.as_millis() },
        Some(Trap::StackOverflow) => Fault::StackOverflow,
        Some(Trap::UnreachableCodeReached) => Fault::Panicked,
        Some(trap) => Fault::Trapped(trap.to_string()),
        // Wasmtime has no public type for it.
        None if format!("{error:#}").contains("fuel allocated for hostcalls") => {
            Fault::AnswerTooLarge("it is more than the host copies out of a plugin".to_owned())
        }
        None => Fault::Sandbox(format!("{error:#}")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn memories_are_counted_together() {
        let mut allotment = Allotment { limit: 100, ..Allotment::default() };
        assert!(allotment.memory_growing(0, 60, None).unwrap());
        assert!(allotment.memory_growing(0, 30, None).unwrap());
        let error = allotment.memory_growing(30, 41, None).unwrap_err();
        let budget = Budget { fuel: 1, time: Duration::from_secs(1) };
        assert_eq!(fault(&error, budget), Fault::OutOfMemory { limit: 100, asked: 101 });
        assert!(allotment.memory_growing(30, 40, None).unwrap());
        assert!(allotment.memory_growing(0, usize::MAX, None).is_err());
    }
}
