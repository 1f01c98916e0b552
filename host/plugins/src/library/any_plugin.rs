//! A compiled plugin: a policy or a channel.

use crate::channel::ChannelPlugin;
use crate::policy::PolicyPlugin;
use crate::world::World;

/// A compiled plugin of either kind.
#[derive(Clone)]
pub(super) enum AnyPlugin {
    Policy(PolicyPlugin),
    Channel(ChannelPlugin),
}

impl AnyPlugin {
    pub(super) fn world(&self) -> World {
        match self {
            Self::Policy(_) => World::Policy,
            Self::Channel(_) => World::Channel,
        }
    }

    pub(super) fn sha256(&self) -> &str {
        match self {
            Self::Policy(plugin) => plugin.sha256(),
            Self::Channel(plugin) => plugin.sha256(),
        }
    }
}
