//! Machine code that was compiled before.

use std::path::Path;

use wasmtime::component::Component;
use wasmtime::{Engine, Error};

/// A component, from what [`translate`](super::translate::translate) made for an engine with the same settings.
#[expect(unsafe_code, reason = "machine code cannot be checked")]
pub(super) fn from_bytes(engine: &Engine, code: &[u8]) -> Result<Component, Error> {
    // SAFETY: the compiler of this program made it, here or in a process of its own, and nobody else could write it since.
    unsafe { Component::deserialize(engine, code) }
}

/// The same, from a file that stays as it is: it is mapped, so that only what is used takes memory.
#[expect(unsafe_code, reason = "machine code cannot be checked")]
pub(super) fn from_file(engine: &Engine, path: &Path) -> Result<Component, Error> {
    // SAFETY: as above: the file is in a directory that only this user may write, is written before it gets its name, and is
    // never written again.
    unsafe { Component::deserialize_file(engine, path) }
}
