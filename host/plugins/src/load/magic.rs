//! The first bytes of a file: what they say without compiling it.

use wasmtime::Engine;

use crate::error::load::LoadError;

/// What a core module begins with.
pub(crate) const MODULE: &[u8] = b"\0asm\x01\0\0\0";
/// What a component begins with.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// Refuses a file whose first bytes show that it is not WebAssembly.
pub(crate) fn check_magic(bytes: &[u8]) -> Result<(), LoadError> {
    if bytes.starts_with(MODULE) || bytes.starts_with(COMPONENT) {
        return Ok(());
    }
    if bytes.starts_with(b"\x7fELF") || Engine::detect_precompiled(bytes).is_some() {
        return Err(LoadError::Precompiled);
    }
    let beginning = bytes.get(..bytes.len().min(8)).unwrap_or_default();
    let found = if beginning.is_empty() { "nothing".to_owned() } else { beginning.escape_ascii().to_string() };
    Err(LoadError::NotWasm(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_what_is_no_plugin() {
        assert!(check_magic(b"\0asm\x01\0\0\0rest").is_ok());
        assert!(check_magic(b"\0asm\x0d\0\x01\0rest").is_ok());
        assert!(matches!(check_magic(b"\x7fELF\x02"), Err(LoadError::Precompiled)));
        assert!(matches!(check_magic(b"#!/bin/sh\n"), Err(LoadError::NotWasm(text)) if text == "#!/bin/s"));
        assert!(matches!(check_magic(b""), Err(LoadError::NotWasm(text)) if text == "nothing"));
        assert!(matches!(check_magic(b"\0asm"), Err(LoadError::NotWasm(_))));
    }
}
