//! Exit codes, and the errors that carry them.

use std::fmt::Display;

/// How a command ends. The numbers are part of the interface: `dogwatch -h` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Something went wrong.
    Other = 1,
    /// The configuration or the input is invalid.
    Input = 3,
    /// No daemon answers.
    NoDaemon = 4,
    /// A rail has refused.
    Refused = 5,
    /// The demo broke an invariant.
    Invariant = 6,
    /// Something would not work when needed.
    Unfit = 7,
}

/// A failed command: what to print, and its exit code.
#[derive(Debug)]
pub struct Failure {
    /// What to print; empty when everything has been printed.
    pub message: String,
    /// The exit code.
    pub exit: Exit,
}

impl Failure {
    /// A failure without a code of its own.
    pub fn other(message: impl Display) -> Self {
        Self { message: message.to_string(), exit: Exit::Other }
    }

    /// Invalid configuration or input.
    pub fn input(message: impl Display) -> Self {
        Self { message: message.to_string(), exit: Exit::Input }
    }

    /// A failure with this code.
    pub fn with(exit: Exit, message: impl Display) -> Self {
        Self { message: message.to_string(), exit }
    }
}
