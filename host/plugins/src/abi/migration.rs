//! The optional export of a policy that takes over an older file's memory, version 0.1.

use wasmtime::Error;
use wasmtime::component::InstancePre;

use super::call::{CallStore, PluginAnswer};
use crate::message::PluginMessage;
use crate::sandbox::limiter::StoreLimiter;

#[allow(missing_docs, missing_debug_implementations, unreachable_pub, unused_qualifications, reason = "generated")]
#[allow(clippy::all, clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::use_self, reason = "generated")]
#[allow(clippy::needless_pass_by_value, clippy::uninlined_format_args, clippy::unwrap_used, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit/migration/v0.1", world: "migration-plugin" });
}

/// As it stands in a component's exports.
pub(crate) const MIGRATION: &str = "dogwatch:migration/migration@0.1.0";

/// A policy that can take over an older file's memory.
pub(crate) struct Migration(bindings::MigrationPluginPre<StoreLimiter>);

impl Migration {
    /// What is exported under that name must be of its type.
    pub(crate) fn bind(pre: InstancePre<StoreLimiter>) -> Result<Self, Error> {
        bindings::MigrationPluginPre::new(pre).map(Self)
    }

    pub(crate) fn migrate(&self, store: &mut CallStore, memory: &[u8]) -> PluginAnswer<Vec<u8>> {
        let instance = self.0.instantiate(&mut *store)?;
        let migrated = instance.dogwatch_migration_migration().call_migrate(store, memory)?;
        Ok(migrated.map_err(|why| PluginMessage::new(&why)))
    }
}
