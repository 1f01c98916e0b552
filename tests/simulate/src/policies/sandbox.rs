//! The bundled policies as compiled WebAssembly, beside the same crate natively: both must decide the same.

use std::sync::{Arc, Mutex, PoisonError};

use dogwatch_engine::{Decision, PolicyFailure, Situation};
use dogwatch_plugins::{Library, PolicyPlugin, Sandbox, Settings, Value};
use dogwatch_sim::{Decide, PolicyChoice};

/// The compiled policies, and where they decided differently.
#[derive(Debug)]
pub(crate) struct SandboxedPolicy {
    threshold: PolicyPlugin,
    proactive: PolicyPlugin,
    differences: Arc<Mutex<Vec<String>>>,
}

impl SandboxedPolicy {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let (library, _) = Library::open(Sandbox::new()?, None);
        Ok(Self {
            threshold: library.policy("threshold")?,
            proactive: library.policy("proactive")?,
            differences: Arc::default(),
        })
    }

    pub(crate) fn differences(&self) -> Vec<String> {
        self.differences.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The native policy of that choice, with the compiled one beside it where there is one.
    pub(crate) fn beside(&self, choice: PolicyChoice, seed: u64) -> Box<dyn Decide> {
        let native = choice.native(seed);
        let (plugin, settings) = match choice {
            PolicyChoice::Threshold(misses) => {
                (&self.threshold, Settings::from([("misses", Value::Integer(misses.into()))]))
            }
            PolicyChoice::Proactive => (&self.proactive, Settings::default()),
            PolicyChoice::Broken | PolicyChoice::Wild => return native,
        };
        Box::new(Both { native, plugin: plugin.clone(), settings, differences: Arc::clone(&self.differences) })
    }
}

struct Both {
    native: Box<dyn Decide>,
    plugin: PolicyPlugin,
    settings: Settings,
    differences: Arc<Mutex<Vec<String>>>,
}

impl Decide for Both {
    fn decide(&mut self, situation: &Situation, memory: &[u8]) -> Result<Decision, PolicyFailure> {
        let natively = self.native.decide(situation, memory);
        let sandboxed = self.plugin.decide(&self.settings, situation, memory);
        let same = matches!((&natively, &sandboxed), (Ok(one), Ok(other)) if *one == other.value);
        if !same {
            let text = format!("natively {natively:?}, in the sandbox {sandboxed:?}, in {situation:?}");
            self.differences.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        }
        natively
    }
}
