//! A compiled plugin: a policy or a channel.

use crate::channel::ChannelPlugin;
use crate::description::Description;
use crate::error::call::PluginError;
use crate::policy::PolicyPlugin;
use crate::world::World;

/// A compiled plugin of either kind.
#[derive(Clone, Debug)]
pub enum AnyPlugin {
    /// A policy.
    Policy(PolicyPlugin),
    /// A channel.
    Channel(ChannelPlugin),
}

impl AnyPlugin {
    /// Which kind it is.
    pub fn world(&self) -> World {
        match self {
            Self::Policy(_) => World::Policy,
            Self::Channel(_) => World::Channel,
        }
    }

    /// The SHA-256 of its file, in hexadecimal.
    pub fn sha256(&self) -> &str {
        match self {
            Self::Policy(plugin) => plugin.sha256(),
            Self::Channel(plugin) => plugin.sha256(),
        }
    }

    /// The interface that it exports, with its version.
    pub fn interface(&self) -> &'static str {
        match self {
            Self::Policy(plugin) => plugin.interface(),
            Self::Channel(plugin) => plugin.interface(),
        }
    }

    /// The interfaces of WASI that it imports: they are there and do nothing.
    pub fn stand_ins(&self) -> &[String] {
        match self {
            Self::Policy(plugin) => plugin.stand_ins(),
            Self::Channel(plugin) => plugin.stand_ins(),
        }
    }

    /// Asks it to describe itself.
    ///
    /// # Errors
    ///
    /// The call fails.
    pub fn describe(&self) -> Result<Description, PluginError> {
        match self {
            Self::Policy(plugin) => plugin.describe(),
            Self::Channel(plugin) => plugin.describe(),
        }
    }
}
