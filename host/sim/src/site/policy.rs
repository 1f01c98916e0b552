//! The policies of a night: the real ones, natively, and some that no operator should have.

use dogwatch_engine::{Action, Decision, NodeIndex, PolicyFailure, Situation};
use dogwatch_sdk::Policy;
use dogwatch_sdk::testing::default_config;
use policy_proactive::Proactive;
use policy_threshold::{Config, Threshold};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

use crate::site::translate;

/// Decides for one site.
pub trait Decide {
    /// A decision, or why there is none.
    ///
    /// # Errors
    ///
    /// The policy failed.
    fn decide(&mut self, situation: &Situation, memory: &[u8]) -> Result<Decision, PolicyFailure>;
}

/// A policy by its name and settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyChoice {
    /// The bundled policy `threshold`, with so many misses.
    Threshold(u32),
    /// The bundled policy `proactive`, with its defaults.
    Proactive,
    /// It fails at each call.
    Broken,
    /// It wants anything at any time.
    Wild,
}

impl PolicyChoice {
    /// After how many misses in a row it switches at the latest, if it is a policy that operators should have.
    pub(crate) fn misses(self) -> Option<u32> {
        match self {
            Self::Threshold(misses) => Some(misses),
            Self::Proactive => Some(default_config::<Proactive>().misses),
            Self::Broken | Self::Wild => None,
        }
    }

    /// The policy, compiled into this program. What it draws comes from the seed.
    pub fn native(self, seed: u64) -> Box<dyn Decide> {
        match self {
            Self::Threshold(misses) => {
                Box::new(Native::<Threshold>(Config { misses, ..default_config::<Threshold>() }))
            }
            Self::Proactive => Box::new(Native::<Proactive>(default_config::<Proactive>())),
            Self::Broken => Box::new(Broken),
            Self::Wild => Box::new(Wild(SmallRng::seed_from_u64(seed))),
        }
    }
}

/// A policy with its settings.
struct Native<P: Policy>(P::Config);

impl<P: Policy> Decide for Native<P> {
    fn decide(&mut self, situation: &Situation, memory: &[u8]) -> Result<Decision, PolicyFailure> {
        let decided = P::decide(&self.0, &translate::situation(situation), memory);
        decided.map(translate::decision).map_err(PolicyFailure::new)
    }
}

#[derive(Debug)]
struct Broken;

impl Decide for Broken {
    fn decide(&mut self, _: &Situation, _: &[u8]) -> Result<Decision, PolicyFailure> {
        Err(PolicyFailure::new("wasm `unreachable` instruction executed"))
    }
}

#[derive(Debug)]
struct Wild(SmallRng);

impl Decide for Wild {
    fn decide(&mut self, _: &Situation, _: &[u8]) -> Result<Decision, PolicyFailure> {
        let act = |action| Ok(Decision { action, ..Decision::stay("it is wild", Vec::new()) });
        match self.0.random_range(0..12) {
            0..6 => act(Action::SwitchTo(NodeIndex(self.0.random_range(0..5)))),
            6 => act(Action::Disable),
            7 => Err(PolicyFailure::new("a wild error")),
            _ => act(Action::Stay),
        }
    }
}
