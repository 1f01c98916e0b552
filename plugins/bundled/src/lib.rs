//! The plugins that come inside the binary, as WebAssembly core modules compiled from this workspace.

/// A bundled plugin.
#[derive(Clone, Copy)]
pub struct Bundled {
    /// The name that a configuration uses for it.
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
    ($list:ident: [$($name:literal),*]) => {
        /// Bundled plugins, ordered by name: the policies, the channels, or all, policies first.
        pub const $list: &[Bundled] = &[$(
            Bundled { name: $name, wasm: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".wasm")) },
        )*];
    };
}

// What build.rs has found and built: POLICIES, CHANNELS and ALL.
include!(concat!(env!("OUT_DIR"), "/lists.rs"));

/// The bundled plugin of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Bundled> {
    ALL.iter().find(|plugin| plugin.name == name)
}

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

    #[test]
    fn folders_are_the_list() {
        assert!(POLICIES.iter().any(|plugin| plugin.name == "threshold"), "{POLICIES:?}");
        assert!(CHANNELS.iter().any(|plugin| plugin.name == "uptime-kuma"), "{CHANNELS:?}");
    }

    #[test]
    fn a_name_is_one_plugin() {
        let mut names: Vec<_> = ALL.iter().map(|plugin| plugin.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
}
