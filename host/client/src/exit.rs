//! Exit codes and the errors that carry them.

use std::fmt::Display;

/// How a command ends. The numbers are part of the interface: `dogwatch -h` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Something went wrong.
    Other = 1,
    /// The configuration or the input is wrong.
    Input = 3,
    /// No daemon answers.
    NoDaemon = 4,
    /// A rail is in the way.
    Refused = 5,
    /// The demo's invariants did not hold.
    Invariant = 6,
    /// Something would not work when it is needed.
    Unfit = 7,
}

/// A command that failed: what to say, and with which code to end.
#[derive(Debug)]
pub struct Failure {
    /// What to say; empty when all is said.
    pub message: String,
    /// The exit code.
    pub exit: Exit,
}

impl Failure {
    /// Something went wrong.
    pub fn other(message: impl Display) -> Self {
        Self { message: message.to_string(), exit: Exit::Other }
    }

    /// The input is wrong.
    pub fn input(message: impl Display) -> Self {
        Self { message: message.to_string(), exit: Exit::Input }
    }

    /// That code.
    pub fn with(exit: Exit, message: impl Display) -> Self {
        Self { message: message.to_string(), exit }
    }
}
