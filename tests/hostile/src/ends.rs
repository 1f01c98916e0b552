//! How a hostile plugin must end.

use std::fmt;

use dogwatch_plugins::{Fault, LoadError, PluginFunction};

/// How a hostile plugin must end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ends {
    /// It does not load.
    NotLoaded(Refusal),
    /// It loads, and each call to one of these functions fails. All others work.
    Fails(Vec<PluginFunction>, Failure),
    /// It loads and every call works. What it says is bounded, and is not believed further than that.
    Bounded,
}

/// Why a file does not load: [`LoadError`] without its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is larger than a plugin may be.
    TooLarge,
    /// It is machine code.
    Precompiled,
    /// It is not WebAssembly.
    NotWasm,
    /// It is a core module that describes no component.
    NotComponent,
    /// It is not valid.
    Invalid,
    /// It is more than is given to the compiler.
    TooComplex,
    /// It takes the compiler down, which has a process of its own: nowhere else may it be compiled.
    CompilerEnded,
    /// It imports something.
    Import,
    /// It exports no known interface.
    UnknownWorld,
    /// It exports another version of a known interface.
    UnknownVersion,
    /// It is both a policy and a channel.
    SeveralWorlds,
    /// Its functions do not have the interface's types.
    InterfaceMismatch,
}

impl Refusal {
    /// Which refusal an error is. None if the file is not to blame for it.
    #[must_use]
    pub const fn of(error: &LoadError) -> Option<Self> {
        Some(match error {
            LoadError::TooLarge { .. } => Self::TooLarge,
            LoadError::Precompiled => Self::Precompiled,
            LoadError::NotWasm(_) => Self::NotWasm,
            LoadError::NotComponent(_) => Self::NotComponent,
            LoadError::Invalid(_) => Self::Invalid,
            LoadError::TooComplex(_) => Self::TooComplex,
            LoadError::CompilerEnded(_) => Self::CompilerEnded,
            LoadError::Import { .. } => Self::Import,
            LoadError::UnknownWorld { .. } => Self::UnknownWorld,
            LoadError::UnknownVersion { .. } => Self::UnknownVersion,
            LoadError::SeveralWorlds => Self::SeveralWorlds,
            LoadError::InterfaceMismatch(_) => Self::InterfaceMismatch,
            _ => return None,
        })
    }
}

/// Words of the error, as an operator reads them.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "is larger than a plugin may be",
            Self::Precompiled => "is precompiled machine code",
            Self::NotWasm => "is not WebAssembly",
            Self::NotComponent => "is a core module that cannot be made a component",
            Self::Invalid => "does not compile",
            Self::TooComplex => "is more than this host compiles",
            Self::CompilerEnded => "is not compiled: the compiler crashes",
            Self::Import => "plugins may not import anything",
            Self::UnknownWorld => "exports no interface that this host knows",
            Self::UnknownVersion => "is built for",
            Self::SeveralWorlds => "is both a policy and a channel",
            Self::InterfaceMismatch => "does not match its interface",
        })
    }
}

/// How a call fails: [`Fault`] without its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It used up its fuel.
    OutOfFuel,
    /// It used up its time.
    OutOfTime,
    /// It asked for too much memory.
    OutOfMemory,
    /// It recursed too deep.
    StackOverflow,
    /// It gave up.
    Panicked,
    /// It trapped.
    Trapped,
    /// Its answer is too large.
    AnswerTooLarge,
    /// Its answer is invalid.
    BadAnswer,
}

impl Failure {
    /// Which failure a fault is. None for what is not the plugin's failure: its refusal, and a failure of the sandbox.
    #[must_use]
    pub const fn of(fault: &Fault) -> Option<Self> {
        Some(match fault {
            Fault::OutOfFuel { .. } => Self::OutOfFuel,
            Fault::OutOfTime { .. } => Self::OutOfTime,
            Fault::OutOfMemory { .. } => Self::OutOfMemory,
            Fault::StackOverflow => Self::StackOverflow,
            Fault::Panicked => Self::Panicked,
            Fault::Trapped(_) => Self::Trapped,
            Fault::AnswerTooLarge(_) => Self::AnswerTooLarge,
            Fault::BadAnswer(_) => Self::BadAnswer,
            Fault::Refused(_) | Fault::Sandbox(_) => return None,
        })
    }
}

/// Words of the fault, as an operator reads them.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfFuel => "it used up its",
            Self::OutOfTime => "it was still running after",
            Self::OutOfMemory => "it asked for",
            Self::StackOverflow => "it ran out of stack",
            Self::Panicked => "it panicked",
            Self::Trapped => "it crashed",
            Self::AnswerTooLarge => "its answer is too large",
            Self::BadAnswer => "its answer is invalid",
        })
    }
}
