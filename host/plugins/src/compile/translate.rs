//! The compiler itself.

use wasmtime::{Engine, Module};

use super::bounds;
use super::refusal::Refusal;
use crate::load::magic::MODULE;

/// Compiles a component, or a core module that describes the component that it is to be.
pub(super) fn translate(engine: &Engine, wasm: &[u8]) -> Result<Vec<u8>, Refusal> {
    bounds::check(wasm)?;
    let code = if wasm.starts_with(MODULE) {
        // The component encoder trusts that a module is valid.
        Module::validate(engine, wasm).map_err(|error| Refusal::invalid(&error))?;
        engine.precompile_component(&to_component(wasm)?)
    } else {
        engine.precompile_component(wasm)
    };
    code.map_err(|error| Refusal::invalid(&error))
}

/// Makes a component of a core module, from the description of its type that the bindings left in it.
fn to_component(module: &[u8]) -> Result<Vec<u8>, Refusal> {
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| Refusal::not_component(&error))
}
