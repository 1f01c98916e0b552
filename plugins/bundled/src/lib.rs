//! The plugins that come inside the binary, as WebAssembly core modules compiled from this workspace.

/// A bundled plugin.
#[derive(Clone, Copy)]
pub struct Bundled {
    /// The name by which a configuration asks for it.
    pub name: &'static str,
    /// A core module that carries its component type.
    pub wasm: &'static [u8],
}

impl std::fmt::Debug for Bundled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bundled").field("name", &self.name).field("bytes", &self.wasm.len()).finish()
    }
}

macro_rules! bundled {
    ($name:literal) => {
        Bundled { name: $name, wasm: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".wasm")) }
    };
}

/// The plugins that come inside the binary.
pub const ALL: &[Bundled] = &[
    // Policies.
    bundled!("threshold"),
    // Channels.
    bundled!("alertmanager"),
    bundled!("discord"),
    bundled!("email"),
    bundled!("gotify"),
    bundled!("healthchecks"),
    bundled!("heartbeat"),
    bundled!("matrix"),
    bundled!("ntfy"),
    bundled!("opsgenie"),
    bundled!("pagerduty"),
    bundled!("pushover"),
    bundled!("slack"),
    bundled!("telegram"),
    bundled!("twilio"),
    bundled!("uptime-kuma"),
    bundled!("webhook"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plugin_is_a_small_module() {
        for plugin in ALL {
            assert!(plugin.wasm.starts_with(b"\0asm\x01\0\0\0"), "{plugin:?}");
            assert!(plugin.wasm.len() < 256 * 1024, "{plugin:?}");
        }
    }
}
