//! From a file's bytes to a plugin that can be called.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, InstancePre};
use wasmtime::{Engine, Error, Module};

use crate::error::LoadError;
use crate::sandbox::{Allotment, Sandbox};
use crate::world::{self, Abi, Interface};

/// What a core module begins with.
const MODULE: &[u8] = b"\0asm\x01\0\0\0";
/// What a component begins with.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
/// Where every interface of ours lives.
const NAMESPACE: &str = "dogwatch:";

/// A plugin of some world.
pub(crate) struct Loaded {
    pub(crate) abi: Abi,
    pub(crate) interface: &'static Interface,
}

/// What can be said of a file without compiling it.
pub(crate) fn glance(bytes: &[u8]) -> Result<(), LoadError> {
    if bytes.starts_with(MODULE) || bytes.starts_with(COMPONENT) {
        return Ok(());
    }
    if bytes.starts_with(b"\x7fELF") || Engine::detect_precompiled(bytes).is_some() {
        return Err(LoadError::Precompiled);
    }
    let beginning = bytes.get(..bytes.len().min(8)).unwrap_or_default();
    Err(LoadError::NotWasm(if beginning.is_empty() { "nothing".into() } else { beginning.escape_ascii().to_string() }))
}

/// Compiles a plugin and finds out which world it lives in.
pub(crate) fn load(sandbox: &Sandbox, bytes: &[u8]) -> Result<Loaded, LoadError> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > sandbox.limits().file {
        return Err(LoadError::TooLarge { limit: sandbox.limits().file });
    }
    glance(bytes)?;
    // A compiler that panics on a strange file must not take the watch down.
    catch_unwind(AssertUnwindSafe(|| build(sandbox, bytes)))
        .unwrap_or_else(|_| Err(LoadError::Invalid("the compiler panicked".to_owned())))
}

fn build(sandbox: &Sandbox, bytes: &[u8]) -> Result<Loaded, LoadError> {
    let component = if bytes.starts_with(MODULE) {
        // What makes components of modules trusts that they are whole.
        Module::validate(sandbox.engine(), bytes).map_err(|error| LoadError::Invalid(chain(&error)))?;
        sandbox.compile(&componentise(bytes)?)
    } else {
        sandbox.compile(bytes)
    };
    let component = component.map_err(|error| LoadError::Invalid(chain(&error)))?;
    if let Some(import) = first_import(sandbox, &component) {
        return Err(LoadError::Import { import });
    }
    let interface = interface(sandbox, &component)?;
    let pre = sandbox.linker().instantiate_pre(&component).map_err(|error| LoadError::Invalid(chain(&error)))?;
    bind(interface, pre)
}

fn bind(interface: &'static Interface, pre: InstancePre<Allotment>) -> Result<Loaded, LoadError> {
    let abi = (interface.bind)(pre).map_err(|error| LoadError::Mismatch(chain(&error)))?;
    Ok(Loaded { abi, interface })
}

fn chain(error: &Error) -> String {
    format!("{error:#}")
}

/// Makes a component of a core module, from the description of its type that bindings leave in it.
fn componentise(module: &[u8]) -> Result<Vec<u8>, LoadError> {
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| LoadError::NoComponent(format!("{error:#}")))
}

/// The first thing that the component wants from outside. An interface without functions is only a name for types.
fn first_import(sandbox: &Sandbox, component: &Component) -> Option<String> {
    let engine = sandbox.engine();
    let component_type = component.component_type();
    component_type.imports(engine).find_map(|(name, import)| match import.ty {
        ComponentItem::Type(_) => None,
        ComponentItem::ComponentInstance(instance) => instance
            .exports(engine)
            .find(|(_, item)| !matches!(item.ty, ComponentItem::Type(_)))
            .map(|(item, _)| format!("{item} of {name}")),
        _ => Some(name.to_owned()),
    })
}

/// The one interface of ours that the component exports.
fn interface(sandbox: &Sandbox, component: &Component) -> Result<&'static Interface, LoadError> {
    let component_type = component.component_type();
    let exports: Vec<&str> = component_type.exports(sandbox.engine()).map(|(name, _)| name).collect();
    let mut known = world::INTERFACES.iter().filter(|interface| exports.contains(&interface.name));
    match (known.next(), known.next()) {
        (Some(interface), None) => Ok(interface),
        (Some(first), Some(second)) if first.world != second.world => Err(LoadError::TwoWorlds),
        // Of two versions of one world, the newest.
        (Some(interface), Some(_)) => Ok(interface),
        (None, _) => Err(match exports.iter().find(|name| name.starts_with(NAMESPACE)) {
            Some(found) => LoadError::UnknownVersion { found: (*found).to_owned() },
            None if exports.is_empty() => LoadError::UnknownWorld { exports: "nothing".to_owned() },
            None => LoadError::UnknownWorld { exports: exports.join(", ") },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_tells_what_is_no_plugin() {
        assert!(glance(b"\0asm\x01\0\0\0rest").is_ok());
        assert!(glance(b"\0asm\x0d\0\x01\0rest").is_ok());
        assert!(matches!(glance(b"\x7fELF\x02"), Err(LoadError::Precompiled)));
        assert!(matches!(glance(b"#!/bin/sh\n"), Err(LoadError::NotWasm(text)) if text == "#!/bin/s"));
        assert!(matches!(glance(b""), Err(LoadError::NotWasm(text)) if text == "nothing"));
        assert!(matches!(glance(b"\0asm"), Err(LoadError::NotWasm(_))));
    }

    #[test]
    fn refuses_what_wasmtime_compiled_before() {
        let sandbox = Sandbox::new().unwrap();
        let compiled = sandbox.engine().precompile_component(&wat::parse_str("(component)").unwrap()).unwrap();
        assert!(matches!(load(&sandbox, &compiled), Err(LoadError::Precompiled)));
    }
}
