//! Files that do not load.

use std::path::PathBuf;

use super::call::PluginError;
use crate::compile::refusal::CompilerEnd;
use crate::limits::NAME;
use crate::signature::error::SignatureError;
use crate::world::{World, known_interfaces};

/// Why a file is not a plugin for this host. Each text continues "plugin NAME (FILE) …".
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// Its file's name is not one that a plugin can have.
    #[error(
        "has a name that no plugin can have; plugins have names of at most {} bytes, without control characters",
        NAME
    )]
    BadName,
    /// It changed while it was read.
    #[error("changed while it was read; write plugins to another name and rename them into place")]
    ChangedWhileRead,
    /// It is too large.
    #[error("is larger than a plugin may be ({limit} bytes); build it in release mode and strip it")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// It is machine code, which no sandbox can check.
    #[error("is precompiled machine code, which cannot be checked; use the WebAssembly file (.wasm) instead")]
    Precompiled,
    /// It is not WebAssembly.
    #[error("is not WebAssembly: it begins with {0}")]
    NotWasm(&'static str),
    /// It is a core module whose description of its component type is missing or does not match it.
    #[error("is a core module that cannot be made a component; is it built with the SDK's export macro? {0}")]
    NotComponent(String),
    /// It does not compile.
    #[error("does not compile: {0}")]
    Invalid(String),
    /// It grows out of all proportion when it is compiled.
    #[error("is more than this host compiles: it has {0}; build it in release mode")]
    TooComplex(String),
    /// The compiler's process ended without a result, now or when the same file was tried before.
    #[error("is not compiled: the compiler {0}")]
    CompilerEnded(CompilerEnd),
    /// The compiler's process cannot be used.
    #[error("is not compiled: the compiler does not run: {0}")]
    NoCompiler(std::io::Error),
    /// It imports something.
    #[error(
        "imports {import}, but plugins may not import anything; build for wasm32-unknown-unknown, without clocks, network \
         or randomness"
    )]
    Import {
        /// The first import.
        import: String,
    },
    /// It exports no Dogwatch interface.
    #[error("exports no interface that this host knows ({}); it exports {exports}", known_interfaces())]
    UnknownWorld {
        /// What it exports.
        exports: String,
    },
    /// It was built for another version of the interface.
    #[error(
        "is built for {found}, but this host knows {}; rebuild it with the SDK of this release",
        known_interfaces()
    )]
    UnknownVersion {
        /// The interface that it exports.
        found: String,
    },
    /// It exports both a policy and a channel.
    #[error("is both a policy and a channel; split it into two plugins")]
    SeveralWorlds,
    /// It exports a known interface with the wrong functions or types.
    #[error("does not match its interface: {0}; rebuild it with the SDK of this release")]
    InterfaceMismatch(String),
    /// It failed to describe itself.
    #[error("does not describe itself: {0}")]
    DescribeFailed(Box<PluginError>),
    /// It replaces a plugin of the other kind.
    #[error("is a {found}, but replaces a {wanted}")]
    WorldChanged {
        /// What it is.
        found: World,
        /// What it replaces.
        wanted: World,
    },
    /// Others can change it, and Dogwatch may act on what it says.
    #[error(
        "can be changed by others: {why}; it and its directory must belong to root or to Dogwatch's user, and nobody else may \
         write them: chown, and chmod go-w"
    )]
    Exposed {
        /// What shows it.
        why: String,
    },
    /// The configuration pins another file.
    #[error(
        "is not the file that the configuration pins: its SHA-256 is {found}; if it is meant: dogwatch plugin trust {name}"
    )]
    NotPinned {
        /// The plugin's name.
        name: String,
        /// The file's SHA-256, in hexadecimal.
        found: String,
    },
    /// It takes the place of a bundled plugin, and the configuration does not pin it.
    #[error(
        "takes the place of the bundled plugin of that name, and the configuration does not pin it; give it another name, or if \
         it is meant: dogwatch plugin trust {name}"
    )]
    Unpinned {
        /// The plugin's name.
        name: String,
    },
    /// A signature is needed, and there is none.
    #[error(
        "is not signed, and the configuration requires a signature: put the author's at {}, or make one: dogwatch plugin sign",
        signature.display()
    )]
    Unsigned {
        /// Where the signature must be.
        signature: PathBuf,
    },
    /// A signature is needed, and this one does not hold.
    #[error("has no valid signature, and the configuration requires one: {} {error}", signature.display())]
    BadSignature {
        /// Where the signature is.
        signature: PathBuf,
        /// Why it does not hold.
        error: SignatureError,
    },
    /// It failed to load before, and has not changed since.
    #[error("{0}")]
    AsBefore(String),
}

impl LoadError {
    /// Whether it stays so until the file changes, or the daemon is started anew.
    pub(crate) const fn is_of_the_file(&self) -> bool {
        match self {
            Self::Unreadable(_) | Self::ChangedWhileRead | Self::NoCompiler(_) | Self::Exposed { .. } => false,
            Self::CompilerEnded(end) => end.is_final(),
            Self::BadSignature { error, .. } => error.is_of_the_file(),
            _ => true,
        }
    }
}
