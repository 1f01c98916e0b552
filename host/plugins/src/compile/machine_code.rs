//! Machine code that was compiled before.

use std::path::Path;

use wasmtime::component::Component;
use wasmtime::{Engine, Error};

/// A component, from what [`translate`](super::translate::translate) made for an engine with the same settings. More may follow it.
#[expect(unsafe_code, reason = "machine code cannot be checked")]
pub(super) fn component(engine: &Engine, code: &[u8]) -> Result<Component, Error> {
    // SAFETY: the compiler of this program made it, here or in a process of its own. What was kept meanwhile was in a directory
    // that only this user may write, and has the checksum with which it was written.
    unsafe { Component::deserialize(engine, code) }
}

/// The same, from a file that begins with it. The file is used for as long as the component lives.
#[expect(unsafe_code, reason = "machine code cannot be checked")]
pub(super) fn component_of_file(engine: &Engine, path: &Path) -> Result<Component, Error> {
    // SAFETY: as above. A file of kept code is never written to once it has its name: another one takes its place.
    unsafe { Component::deserialize_file(engine, path) }
}
