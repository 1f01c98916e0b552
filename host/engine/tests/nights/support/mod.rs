//! A model of the world in virtual time: a chain, its nodes and endpoints, and watchers that live through a night.

pub(crate) mod chain;
pub(crate) mod chaos;
pub(crate) mod check;
pub(crate) mod desk;
pub(crate) mod endpoint;
pub(crate) mod night;
pub(crate) mod node;
pub(crate) mod policy;
pub(crate) mod scenario;
pub(crate) mod watcher;
