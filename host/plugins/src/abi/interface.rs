//! The interfaces that this host speaks, with what speaks them.

use wasmtime::Error;
use wasmtime::component::InstancePre;

use super::channel::ChannelAbi;
use super::policy::PolicyAbi;
use super::{channel_v0_1, policy_v0_1, policy_v0_2};
use crate::sandbox::limiter::StoreLimiter;
use crate::world::{CHANNEL_V0_1, POLICY_V0_1, POLICY_V0_2, World};

/// A compiled plugin, by what it exports.
pub(crate) enum Abi {
    Policy(Box<dyn PolicyAbi>),
    Channel(Box<dyn ChannelAbi>),
}

/// An interface that plugins can export.
pub(crate) struct Interface {
    pub(crate) world: World,
    /// As it stands in a component's exports.
    pub(crate) name: &'static str,
    pub(crate) bind: fn(InstancePre<StoreLimiter>) -> Result<Abi, Error>,
}

/// Every one of them; of one world the newest version first.
pub(crate) const INTERFACES: [Interface; 3] = [
    Interface { world: World::Policy, name: POLICY_V0_2, bind: |pre| Ok(Abi::Policy(policy_v0_2::bind(pre)?)) },
    Interface { world: World::Policy, name: POLICY_V0_1, bind: |pre| Ok(Abi::Policy(policy_v0_1::bind(pre)?)) },
    Interface { world: World::Channel, name: CHANNEL_V0_1, bind: |pre| Ok(Abi::Channel(channel_v0_1::bind(pre)?)) },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::KNOWN_INTERFACES;

    #[test]
    fn every_known_interface_is_bound() {
        assert_eq!(INTERFACES.map(|interface| interface.name), KNOWN_INTERFACES);
    }
}
