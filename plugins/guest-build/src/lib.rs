//! Finds a compiler for `wasm32-unknown-unknown` and builds plugins with it.
//!
//! Two kinds of machine have one: those where rustup added the target, and Debian machines whose own compiler comes
//! with the standard library's source. There the standard library is built along with the plugin.

mod build;
mod detect;
mod environment;
mod version;

pub use build::BuildError;
pub use detect::{DEBIAN_PACKAGES, GuestToolchain, MissingToolchain, RUSTUP_COMMAND};
