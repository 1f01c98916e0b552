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
    Err(LoadError::NotWasm(kind(bytes)))
}

/// What kind of file begins like this. Nothing of it is quoted: it may be a key under another name.
fn kind(bytes: &[u8]) -> &'static str {
    let beginning = bytes.get(..bytes.len().min(8)).unwrap_or_default();
    match beginning {
        [] => "nothing: it is empty",
        [b'\0', b'a', b's', b'm', ..] => "what no version of WebAssembly that this host knows begins with",
        [b'#', b'!', ..] => "a script's first line",
        [0x1f, 0x8b, ..] => "what a gzip archive begins with; unpack it",
        [b'P', b'K', 3, 4, ..] => "what a zip archive begins with; unpack it",
        text if text.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) => "plain text",
        _ => "bytes of no kind that this host knows",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_what_is_no_plugin() {
        assert!(check_magic(b"\0asm\x01\0\0\0rest").is_ok());
        assert!(check_magic(b"\0asm\x0d\0\x01\0rest").is_ok());
        assert!(matches!(check_magic(b"\x7fELF\x02"), Err(LoadError::Precompiled)));
        assert!(matches!(check_magic(b"#!/bin/sh\n"), Err(LoadError::NotWasm("a script's first line"))));
        assert!(matches!(check_magic(b""), Err(LoadError::NotWasm(kind)) if kind.contains("empty")));
        assert!(matches!(check_magic(b"\0asm"), Err(LoadError::NotWasm(kind)) if kind.contains("version")));
        assert!(matches!(check_magic(b"\x1f\x8b\x08"), Err(LoadError::NotWasm(kind)) if kind.contains("gzip")));
        assert!(matches!(check_magic(b"\xff\xfe"), Err(LoadError::NotWasm(_))));
    }

    #[test]
    fn a_key_is_not_quoted() {
        let key = b"5JdeC9P7Pbd1uGdFVEsJ41EkEnADbbHGq6p1BwFxm6txNBsQnsw";
        let text = check_magic(key).unwrap_err().to_string();
        assert!(text.ends_with("it begins with plain text") && !text.contains("5J"), "{text}");
    }
}
