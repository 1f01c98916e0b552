//! The versioned interfaces between host and plugins: the only place where bindings are named.

pub(crate) mod call;
pub(crate) mod channel;
mod channel_v0_1;
pub(crate) mod interface;
pub(crate) mod migration;
pub(crate) mod policy;
mod policy_types;
mod policy_v0_1;
mod policy_v0_2;
mod shared_types;
