//! A policy's file, in the nights of the simulator.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dogwatch_engine::{Decision, PolicyFailure, Situation};
use dogwatch_plugins::{PolicyPlugin, Settings};
use dogwatch_sim::{Decide, Policies, PolicyChoice};

/// A compiled policy that decides at every site, and what became of its calls.
#[derive(Debug)]
pub struct TriedPolicy {
    plugin: PolicyPlugin,
    settings: Settings,
    calls: Arc<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    all: AtomicU64,
    failed: AtomicU64,
    first: Mutex<Option<String>>,
}

impl TriedPolicy {
    /// Tries that plugin with those settings.
    pub fn new(plugin: PolicyPlugin, settings: Settings) -> Self {
        Self { plugin, settings, calls: Arc::default() }
    }

    /// How often it was asked.
    pub fn calls(&self) -> u64 {
        self.calls.all.load(Ordering::Relaxed)
    }

    /// How often it gave no decision.
    pub fn failed(&self) -> u64 {
        self.calls.failed.load(Ordering::Relaxed)
    }

    /// Why it gave none the first time.
    pub fn first_failure(&self) -> Option<String> {
        self.calls.first.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Policies for TriedPolicy {
    fn of_site(&self, _: PolicyChoice, _: u64) -> Box<dyn Decide> {
        let Self { plugin, settings, calls } = self;
        Box::new(AtSite { plugin: plugin.clone(), settings: settings.clone(), calls: Arc::clone(calls) })
    }
}

struct AtSite {
    plugin: PolicyPlugin,
    settings: Settings,
    calls: Arc<Calls>,
}

impl Decide for AtSite {
    fn decide(&mut self, situation: &Situation, memory: &[u8]) -> Result<Decision, PolicyFailure> {
        self.calls.all.fetch_add(1, Ordering::Relaxed);
        match self.plugin.decide(&self.settings, situation, memory) {
            Ok(called) => Ok(called.value),
            Err(error) => {
                self.calls.failed.fetch_add(1, Ordering::Relaxed);
                let mut first = self.calls.first.lock().unwrap_or_else(PoisonError::into_inner);
                first.get_or_insert_with(|| error.to_string());
                Err(PolicyFailure::new(error.to_string()))
            }
        }
    }
}
