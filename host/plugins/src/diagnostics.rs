//! What a plugin may tell of its own failures: the one interface, beside stand-ins for WASI, that it can import.

use wasmtime::component::Linker;
use wasmtime::{Error, StoreContextMut};

use crate::message::PluginMessage;
use crate::sandbox::charge;
use crate::sandbox::limiter::StoreLimiter;

/// The interface, as a component's imports name it.
pub(crate) const FAILURE: &str = "dogwatch:diagnostics/failure@0.1.0";

/// Last words that are kept: what comes after pushes out what came before.
const KEPT: usize = 900;

/// What a plugin said before it failed.
#[derive(Debug, Default)]
pub(crate) struct LastWords(Vec<u8>);

impl LastWords {
    /// Forgets what was said, and keeps this.
    fn replace(&mut self, words: &str) {
        self.0.clear();
        self.0.extend(words.bytes().take(KEPT));
    }

    /// Adds what is written to an error stream: a traceback tells the error in its last line.
    pub(crate) fn add(&mut self, written: impl Iterator<Item = u8>) {
        self.0.extend(written);
        let surplus = self.0.len().saturating_sub(KEPT);
        self.0.drain(..surplus);
    }

    /// What was said, if anything was.
    pub(crate) fn message(&self) -> Option<PluginMessage> {
        let text = String::from_utf8_lossy(&self.0);
        let words: Vec<&str> = text.split_whitespace().collect();
        (!words.is_empty()).then(|| PluginMessage::new(&words.join(" ")))
    }
}

/// Puts the interface into the linker.
pub(crate) fn link(linker: &mut Linker<StoreLimiter>) -> Result<(), Error> {
    linker.instance(FAILURE)?.func_wrap("panicked", panicked)
}

fn panicked(
    mut store: StoreContextMut<'_, StoreLimiter>,
    (message, file, line): (String, String, u32),
) -> Result<(), Error> {
    let bytes = message.len().saturating_add(file.len());
    charge(&mut store, u64::try_from(bytes).unwrap_or(u64::MAX))?;
    let place = if file.is_empty() { String::new() } else { format!("{file}:{line}: ") };
    store.data_mut().last_words.replace(&format!("{place}{message}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &LastWords) -> String {
        words.message().map_or_else(String::new, |message| message.to_string())
    }

    #[test]
    fn the_end_of_what_was_said_is_kept() {
        let mut words = LastWords::default();
        assert_eq!(words.message(), None);
        words.add(b" \n".iter().copied());
        assert_eq!(words.message(), None);
        words.add("Traceback:\n".repeat(1000).bytes());
        words.add(b"  ValueError: no\n".iter().copied());
        let text = said(&words);
        assert!(text.ends_with("Traceback: ValueError: no") && text.len() <= KEPT, "{text}");
        words.replace("src/lib.rs:7: gone");
        assert_eq!(said(&words), "src/lib.rs:7: gone");
    }
}
