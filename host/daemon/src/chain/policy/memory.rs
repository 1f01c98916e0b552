//! Which memory a policy's file decides with.

use dogwatch_engine::{PolicyFile, PolicyMemory};
use dogwatch_plugins::{Fault, PluginError, PolicyPlugin};

/// The file that a plugin was loaded from.
pub(super) fn file(plugin: &PolicyPlugin) -> PolicyFile {
    PolicyFile { name: plugin.name().to_owned(), sha256: plugin.sha256().to_owned() }
}

/// What the plugin's file kept when it last decided; for a file that never has, what it makes of the memory of the one before it.
///
/// # Errors
///
/// The call to migrate that memory fails. A policy that has no use for it starts with an empty one.
pub(super) fn recall(plugin: &PolicyPlugin, memory: &PolicyMemory) -> Result<Vec<u8>, PluginError> {
    let file = file(plugin);
    if let Some(own) = memory.of(&file) {
        return Ok(own.to_vec());
    }
    let Some(before) = memory.before(&file) else { return Ok(Vec::new()) };
    match plugin.migrate(before) {
        Err(PluginError { fault: Fault::Refused(why), .. }) => {
            tracing::info!(policy = plugin.name(), %why, "the policy starts with an empty memory: it has no use for the old one");
            Ok(Vec::new())
        }
        migrated => migrated,
    }
}
