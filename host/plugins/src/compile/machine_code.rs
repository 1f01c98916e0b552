//! Machine code that was compiled before.

use wasmtime::component::Component;
use wasmtime::{Engine, Error};

/// A component, from what [`translate`](super::translate::translate) made for an engine with the same settings.
#[expect(unsafe_code, reason = "machine code cannot be checked")]
pub(super) fn component(engine: &Engine, code: &[u8]) -> Result<Component, Error> {
    // SAFETY: the compiler of this program made it, here or in a process of its own. What was kept meanwhile was in a directory
    // that only this user may write, and has the checksum with which it was written.
    unsafe { Component::deserialize(engine, code) }
}
