//! Panics: their message and place reach the plugin's author.

/// What to use instead of what the sandbox does not have, where a message of the standard library shows that it was used.
#[cfg(any(test, target_family = "wasm"))]
fn advice(message: &str) -> Option<&'static str> {
    if message.contains("time not implemented") {
        return Some(
            "a plugin has no clock: a policy finds the time in `situation.now`, a channel in its alert's or heartbeat's `at`",
        );
    }
    if message.contains("spawn thread") {
        return Some("a plugin has no threads: one call is one computation");
    }
    message
        .contains("not supported on this platform")
        .then_some("a plugin has no files, network or environment: what it needs comes as its settings and arguments")
}

#[cfg(not(target_family = "wasm"))]
pub(crate) const fn tell() {}

/// From now on a panic is told to the host before the call ends.
#[cfg(target_family = "wasm")]
pub(crate) fn tell() {
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or_default();
        let (file, line) = panic.location().map_or(("", 0), |location| (location.file(), location.line()));
        let report = crate::bindings::diagnostics_v0_1::dogwatch::diagnostics::failure::panicked;
        match advice(message) {
            Some(advice) => report(&[message, "; ", advice].concat(), file, line),
            None => report(message, file, line),
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::advice;

    #[test]
    fn what_the_sandbox_lacks_is_named() {
        let words = |message| advice(message).unwrap_or_default();
        assert!(words("time not implemented on this platform").contains("situation.now"));
        let threads = "failed to spawn thread: Error { kind: Unsupported, message: \"operation not supported on this platform\" }";
        assert!(words(threads).contains("threads"));
        assert!(words("operation not supported on this platform").contains("files"));
        assert_eq!(advice("index out of bounds"), None);
    }
}
