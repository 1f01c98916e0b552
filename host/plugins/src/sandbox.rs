//! The WebAssembly engine, and the budget of each call: fuel, time and memory.

pub(crate) mod limiter;
pub(crate) mod pool;
mod ticker;
pub(crate) mod trap;

use std::sync::Arc;

use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Error, InstanceAllocationStrategy, Store, StoreContextMut, Trap, WasmFeatures};

use crate::compile::{Compiler, PluginBytes};
use crate::diagnostics;
use crate::error::call::Fault;
use crate::error::load::LoadError;
use crate::limits::{CallBudget, Limits};
use limiter::StoreLimiter;
use pool::{Lane, Turn, Turns};
use ticker::{EpochTicker, ticks};

/// The sandbox failed to start.
#[derive(Debug, thiserror::Error)]
#[error("the WebAssembly sandbox cannot start on this machine: {reason}")]
pub struct SandboxError {
    reason: String,
}

/// Where plugins run. Cheap to clone; clones share one engine.
#[derive(Clone)]
pub struct Sandbox {
    engine: Engine,
    /// Only where the machine gave the addresses for a pool.
    turns: Option<Turns>,
    ticker: EpochTicker,
    limits: Limits,
    compiler: Arc<Compiler>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A sandbox with the default limits.
    ///
    /// # Errors
    ///
    /// The engine or its ticker thread cannot start on this machine.
    pub fn new() -> Result<Self, SandboxError> {
        Self::with_limits(Limits::default())
    }

    /// A sandbox with the default limits whose plugins that compiler compiles.
    ///
    /// # Errors
    ///
    /// The engine or its ticker thread cannot start on this machine.
    pub fn with_compiler(compiler: Compiler) -> Result<Self, SandboxError> {
        Self::start(Limits::default(), compiler)
    }

    /// A sandbox with other limits, which compiles everything itself.
    ///
    /// # Errors
    ///
    /// The engine or its ticker thread cannot start on this machine.
    pub fn with_limits(limits: Limits) -> Result<Self, SandboxError> {
        Self::start(limits, Compiler::here())
    }

    fn start(limits: Limits, compiler: Compiler) -> Result<Self, SandboxError> {
        let failed = |error: &dyn std::fmt::Display| SandboxError { reason: error.to_string() };
        let pool = InstanceAllocationStrategy::Pooling(pool::pool(&limits));
        let (engine, turns) = engine(&config(&limits), pool).map_err(|error| failed(&format!("{error:#}")))?;
        let ticker = EpochTicker::start(&engine).map_err(|error| failed(&error))?;
        Ok(Self { engine, turns, ticker, limits, compiler: Arc::new(compiler) })
    }

    /// The limits.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn compile(&self, plugin: PluginBytes<'_>) -> Result<Component, LoadError> {
        self.compiler.component(&self.engine, plugin)
    }

    /// A linker that offers nothing to import, but a way to tell of a panic.
    pub(crate) fn linker(&self) -> Result<Linker<StoreLimiter>, Error> {
        let mut linker = Linker::new(&self.engine);
        diagnostics::link(&mut linker)?;
        Ok(linker)
    }

    /// Waits until there is room for one more call. Its store must be gone before the turn ends.
    pub(crate) fn turn(&self, lane: Lane) -> Option<Turn> {
        self.turns.as_ref().map(|turns| turns.wait(lane))
    }

    /// A fresh store in which a plugin is instantiated and called once. Everything that runs in it, start functions
    /// included, counts against this budget.
    pub(crate) fn store(&self, budget: CallBudget) -> Result<Store<StoreLimiter>, Fault> {
        let limiter = StoreLimiter::new(self.limits.memory, self.ticker.run());
        let mut store = Store::new(&self.engine, limiter);
        store.limiter(|limiter| limiter);
        store.set_fuel(budget.fuel).map_err(|error| Fault::Sandbox(format!("{error:#}")))?;
        store.set_epoch_deadline(ticks(budget.time));
        store.set_hostcall_fuel(self.limits.answer);
        Ok(store)
    }
}

/// Takes fuel for what the host does in a plugin's place.
pub(crate) fn charge(store: &mut StoreContextMut<'_, StoreLimiter>, fuel: u64) -> Result<(), Error> {
    match store.get_fuel()?.checked_sub(fuel) {
        Some(left) => store.set_fuel(left),
        None => Err(Error::from(Trap::OutOfFuel)),
    }
}

/// An engine with that pool, or without one where the machine does not give the addresses for it.
fn engine(config: &Config, pool: InstanceAllocationStrategy) -> Result<(Engine, Option<Turns>), Error> {
    let mut pooled = config.clone();
    pooled.allocation_strategy(pool);
    match Engine::new(&pooled) {
        Ok(engine) => Ok((engine, Some(Turns::new()))),
        Err(_) => Ok((Engine::new(config)?, None)),
    }
}

pub(crate) fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config.consume_fuel(true).epoch_interruption(true).concurrency_support(false);
    // Floating-point results have the same bits on every machine.
    config.cranelift_nan_canonicalization(true).relaxed_simd_deterministic(true);
    let unneeded = [WasmFeatures::THREADS, WasmFeatures::MEMORY64, WasmFeatures::GC, WasmFeatures::EXCEPTIONS];
    for feature in unneeded {
        config.wasm_features(feature, false);
    }
    // Small boards and containers cannot reserve 4 GiB of addresses for each call.
    let reservation = u64::try_from(limits.memory).unwrap_or(u64::MAX);
    config.memory_reservation(reservation).memory_reservation_for_growth(0).memory_guard_size(64 << 10);
    // Traps need no line numbers, and the address maps take memory.
    config.generate_address_map(false);
    config
}

#[cfg(test)]
mod tests {
    use wasmtime::PoolingAllocationConfig;

    use super::*;

    #[test]
    fn does_without_a_pool_that_is_too_large() {
        let mut pool = PoolingAllocationConfig::new();
        pool.max_memory_size(usize::MAX >> 1);
        let pool = InstanceAllocationStrategy::Pooling(pool);
        let (_, turns) = engine(&config(&Limits::default()), pool).unwrap();
        assert!(turns.is_none());
    }

    #[test]
    fn has_a_pool_by_default() {
        assert!(Sandbox::new().unwrap().turn(Lane::Decisions).is_some());
    }
}
