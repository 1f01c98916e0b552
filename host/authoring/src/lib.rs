//! What a plugin's author needs, out of one binary: the SDK and the interfaces as files, projects to start from, and the way to
//! a compiler for WebAssembly, and signatures.

mod build;
mod embedded;
mod files;
mod kind;
mod name;
mod project;
mod sdk;
mod signing;
mod watch;

pub use build::{BuildProblem, build};
pub use files::WriteError;
pub use kind::{Kind, Language};
pub use name::{PluginName, PluginNameError};
pub use project::new_project;
pub use sdk::write_sdk;
pub use signing::{NewPair, Protection, SigningError, SigningKey, put_signature, write_pair};
pub use watch::{SourceWatch, WatchError};
