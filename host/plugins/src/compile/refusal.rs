//! Why a file was not compiled.

use std::fmt;

use serde::{Deserialize, Serialize};
use wasmtime::Error;

use crate::error::load::LoadError;
use crate::text::sanitize;

/// Bytes of what the compiler says. Names in a file may be as long as the file.
const TEXT: usize = 2000;

/// What the compiler has against a file, as its process says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Refusal {
    /// It is more than is worth to be tried.
    TooComplex(String),
    /// It is a core module that cannot be made a component.
    NotComponent(String),
    /// It is not valid, or does not compile.
    Invalid(String),
}

impl Refusal {
    pub(super) fn invalid(error: &Error) -> Self {
        Self::Invalid(sanitize(&format!("{error:#}"), TEXT))
    }

    pub(super) fn not_component(error: &impl fmt::Display) -> Self {
        Self::NotComponent(sanitize(&format!("{error:#}"), TEXT))
    }
}

impl From<Refusal> for LoadError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooComplex(what) => Self::TooComplex(what),
            Refusal::NotComponent(why) => Self::NotComponent(why),
            Refusal::Invalid(why) => Self::Invalid(why),
        }
    }
}

/// How a compiler's process ended that gave neither code nor a reason. Each text continues "the compiler …".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum CompilerEnd {
    /// It used up its processor time.
    #[error("needs more than {seconds} s of processor time; this file is not tried again")]
    Time {
        /// The time that it had.
        seconds: u64,
    },
    /// It used up its memory.
    #[error("needs more than {mebibytes} MiB of memory; this file is not tried again")]
    Memory {
        /// The memory that it had.
        mebibytes: u64,
    },
    /// It crashed.
    #[error("crashes ({how}); this file is not tried again")]
    Crash {
        /// The signal, and what was printed first.
        how: String,
    },
    /// It ended otherwise, and the file need not be the reason.
    #[error("failed ({how}); it is tried again at the next start")]
    Failed {
        /// The signal or exit code, and what was printed first.
        how: String,
    },
    /// It got too little processor time to be done.
    #[error("was not done after {seconds} s: the file is large, or the machine busy; it is tried again")]
    Late {
        /// How long it was waited for.
        seconds: u64,
    },
    /// Somebody killed it: the kernel does, where memory is short.
    #[error("was killed, as the kernel does when memory runs out; it is tried again at the next start")]
    Killed,
}

impl CompilerEnd {
    /// Whether the file is to blame, so that the same would happen again.
    pub(crate) const fn is_final(&self) -> bool {
        matches!(self, Self::Time { .. } | Self::Memory { .. } | Self::Crash { .. })
    }
}
