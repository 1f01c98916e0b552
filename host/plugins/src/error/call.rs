//! Calls that fail.

use std::fmt;

use crate::message::PluginMessage;

/// A function that plugins export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluginFunction {
    /// Describes the plugin.
    Describe,
    /// Checks settings.
    Check,
    /// Decides whether the key moves.
    Decide,
    /// Takes over an older file's memory.
    Migrate,
    /// Turns an alert into requests.
    Compose,
    /// Judges the response to one of them.
    Judge,
    /// Composes the request that asks what became of a message.
    Follow,
    /// Judges the response to it.
    JudgeFollow,
    /// Composes requests that show whether alerts would get through.
    SelfTest,
    /// Judges the response to one of them.
    JudgeSelfTest,
    /// Turns a heartbeat into requests.
    Heartbeat,
    /// Judges the response to one of them.
    JudgeHeartbeat,
}

/// Its name in the interface.
impl fmt::Display for PluginFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Describe => "describe",
            Self::Check => "check",
            Self::Decide => "decide",
            Self::Migrate => "migrate",
            Self::Compose => "compose",
            Self::Judge => "judge",
            Self::Follow => "follow",
            Self::JudgeFollow => "judge-follow",
            Self::SelfTest => "self-test",
            Self::JudgeSelfTest => "judge-self-test",
            Self::Heartbeat => "beat",
            Self::JudgeHeartbeat => "judge-beat",
        })
    }
}

/// A call that failed. It leaves nothing behind: the next one starts afresh.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("plugin {plugin} failed in `{function}`: {fault}{}", quoted(said.as_ref()))]
pub struct PluginError {
    /// The operator's name for the plugin.
    pub plugin: String,
    /// The function that was called.
    pub function: PluginFunction,
    /// What went wrong.
    pub fault: Fault,
    /// What the plugin told of it: the message and place of a panic, or the end of what it wrote to its error stream.
    pub said: Option<PluginMessage>,
}

fn quoted(said: Option<&PluginMessage>) -> String {
    said.map_or_else(String::new, |said| format!("; it said: {said}"))
}

/// How a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It used up its fuel.
    #[error("it used up its {limit} units of fuel; it loops, or does more work than a plugin should")]
    OutOfFuel {
        /// The fuel it had.
        limit: u64,
    },
    /// It used up its time.
    #[error("it was still running after {millis} ms and was stopped; is this machine overloaded?")]
    OutOfTime {
        /// The time it had, in milliseconds.
        millis: u128,
    },
    /// It asked for more memory than it may have.
    #[error("it asked for {asked} bytes of memory; the limit is {limit}")]
    OutOfMemory {
        /// The limit, in bytes.
        limit: usize,
        /// What it would have had in all, in bytes.
        asked: usize,
    },
    /// It recursed too deep.
    #[error("it ran out of stack; its recursion does not end")]
    StackOverflow,
    /// It gave up: a panic or a failed assertion.
    #[error("it panicked; this is a bug in the plugin")]
    Panicked,
    /// Any other trap.
    #[error("it crashed ({0}); this is a bug in the plugin")]
    Trapped(String),
    /// It refused the call itself.
    #[error("it refuses: {0}")]
    Refused(PluginMessage),
    /// Its answer exceeds a limit.
    #[error("its answer is too large: {0}")]
    AnswerTooLarge(String),
    /// Its answer is invalid.
    #[error("its answer is invalid: {0}; this is a bug in the plugin")]
    BadAnswer(String),
    /// The sandbox itself failed.
    #[error("the sandbox failed: {0}")]
    Sandbox(String),
}
