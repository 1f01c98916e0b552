//! From a file's bytes to a compiled plugin.

pub(crate) mod magic;

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasmtime::Error;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use crate::abi::interface::{Abi, INTERFACES, Interface};
use crate::abi::migration::{MIGRATION, Migration};
use crate::compile::PluginBytes;
use crate::diagnostics::FAILURE;
use crate::error::load::LoadError;
use crate::limits::{NAME, SENTENCE};
use crate::sandbox::Sandbox;
use crate::text::sanitize;
use crate::wasi;
use magic::check_magic;

/// The namespace of Dogwatch's interfaces.
const NAMESPACE: &str = "dogwatch:";

/// A compiled plugin, and the interface that it exports.
pub(crate) struct CompiledPlugin {
    pub(crate) abi: Abi,
    pub(crate) interface: &'static Interface,
    /// The interfaces of WASI that it imports, and that do nothing.
    pub(crate) stand_ins: Vec<String>,
    /// Where it can take over an older file's memory.
    pub(crate) migration: Option<Migration>,
}

/// Compiles a plugin and finds out which interface it exports.
pub(crate) fn load(sandbox: &Sandbox, plugin: PluginBytes<'_>) -> Result<CompiledPlugin, LoadError> {
    if u64::try_from(plugin.wasm.len()).unwrap_or(u64::MAX) > sandbox.limits().file {
        return Err(LoadError::TooLarge { limit: sandbox.limits().file });
    }
    check_magic(plugin.wasm)?;
    // What panics on a malformed file must not take the daemon down.
    catch_unwind(AssertUnwindSafe(|| build(sandbox, plugin)))
        .unwrap_or_else(|_| Err(LoadError::Invalid("to load it panicked".to_owned())))
}

fn build(sandbox: &Sandbox, plugin: PluginBytes<'_>) -> Result<CompiledPlugin, LoadError> {
    let component = sandbox.compile(plugin)?;
    if let Some(import) = first_import(sandbox, &component) {
        return Err(LoadError::Import { import: sanitize(&import, SENTENCE) });
    }
    let interface = interface(sandbox, &component)?;
    let migrates = component.component_type().exports(sandbox.engine()).any(|(name, _)| name == MIGRATION);
    let invalid = |error: Error| LoadError::Invalid(in_full(&error));
    let mut linker = sandbox.linker().map_err(invalid)?;
    let stand_ins = wasi::stand_in(sandbox.engine(), &component, &mut linker).map_err(invalid)?;
    let pre = linker.instantiate_pre(&component).map_err(invalid)?;
    let mismatch = |error: Error| LoadError::InterfaceMismatch(in_full(&error));
    let migration = migrates.then(|| Migration::bind(pre.clone())).transpose().map_err(mismatch)?;
    let abi = (interface.bind)(pre).map_err(mismatch)?;
    let stand_ins = stand_ins.iter().map(|name| sanitize(name, NAME)).collect();
    Ok(CompiledPlugin { abi, interface, stand_ins, migration })
}

fn in_full(error: &Error) -> String {
    sanitize(&format!("{error:#}"), SENTENCE)
}

/// The component's first import that nothing stands in for. An interface that holds nothing but types only names them, and is no import.
fn first_import(sandbox: &Sandbox, component: &Component) -> Option<String> {
    let engine = sandbox.engine();
    let component_type = component.component_type();
    component_type.imports(engine).filter(|(name, _)| *name != FAILURE && !wasi::has_stand_in(name)).find_map(
        |(name, import)| match import.ty {
            ComponentItem::Type(_) => None,
            ComponentItem::ComponentInstance(instance) => instance
                .exports(engine)
                .find(|(_, item)| !matches!(item.ty, ComponentItem::Type(_)))
                .map(|(item, _)| format!("{item} of {name}")),
            _ => Some(name.to_owned()),
        },
    )
}

/// The Dogwatch interface that the component exports.
fn interface(sandbox: &Sandbox, component: &Component) -> Result<&'static Interface, LoadError> {
    let component_type = component.component_type();
    let exports: Vec<&str> = component_type.exports(sandbox.engine()).map(|(name, _)| name).collect();
    let mut known = INTERFACES.iter().filter(|interface| exports.contains(&interface.name));
    match (known.next(), known.next()) {
        (Some(interface), None) => Ok(interface),
        (Some(first), Some(second)) if first.world != second.world => Err(LoadError::SeveralWorlds),
        // Two versions of one world: the newest counts.
        (Some(interface), Some(_)) => Ok(interface),
        (None, _) => Err(match exports.iter().find(|name| name.starts_with(NAMESPACE)) {
            Some(found) => LoadError::UnknownVersion { found: sanitize(found, NAME) },
            None if exports.is_empty() => LoadError::UnknownWorld { exports: "nothing".to_owned() },
            None => LoadError::UnknownWorld { exports: sanitize(&exports.join(", "), SENTENCE) },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::Maker;

    #[test]
    fn refuses_what_wasmtime_compiled_before() {
        let sandbox = Sandbox::new().unwrap();
        let compiled = sandbox.engine().precompile_component(&wat::parse_str("(component)").unwrap()).unwrap();
        let plugin = PluginBytes { wasm: &compiled, sha256: "00", maker: Maker::Anybody, within: None };
        assert!(matches!(load(&sandbox, plugin), Err(LoadError::Precompiled)));
    }
}
