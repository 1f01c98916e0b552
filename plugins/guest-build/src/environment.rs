//! The variables of an outer cargo that a cargo inside a build script must not see.

use std::ffi::OsString;

/// Variables that say where and how to fetch crates and how to talk to the user: the inner build wants them too.
const KEPT: [&str; 7] =
    ["CARGO_HOME", "CARGO_HTTP_", "CARGO_INCREMENTAL", "CARGO_MAKEFLAGS", "CARGO_NET_", "CARGO_REGISTR", "CARGO_TERM_"];

/// Variables of the outer build, its wrappers and its linters that would interfere with the inner build.
const REMOVED: [&str; 6] =
    ["RUSTC", "RUSTC_BOOTSTRAP", "RUSTC_WORKSPACE_WRAPPER", "RUSTC_WRAPPER", "RUSTDOCFLAGS", "RUSTFLAGS"];

/// Whether the variable concerns only the outer build.
pub(crate) fn disturbs(name: &str) -> bool {
    if REMOVED.contains(&name) || name == "CLIPPY_ARGS" {
        return true;
    }
    name.starts_with("CARGO") && !KEPT.iter().any(|kept| name.starts_with(kept))
}

/// The variables of this process that the inner build must not see.
pub(crate) fn disturbing() -> Vec<OsString> {
    std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_str().is_some_and(disturbs)).collect()
}

#[cfg(test)]
mod tests {
    use super::disturbs;

    #[test]
    fn keeps_the_way_to_crates_and_drops_the_outer_build() {
        for name in ["CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_HTTP_PROXY", "CARGO_REGISTRIES_X_INDEX", "PATH", "HOME"]
        {
            assert!(!disturbs(name), "{name}");
        }
        for name in [
            "RUSTC",
            "RUSTFLAGS",
            "RUSTC_WORKSPACE_WRAPPER",
            "CARGO",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_TARGET",
            "CARGO_MANIFEST_DIR",
            "CARGO_PROFILE_GUEST_DEBUG",
            "CARGO_PKG_NAME",
        ] {
            assert!(disturbs(name), "{name}");
        }
    }
}
