//! What can go wrong with a plugin.

use std::fmt;

use crate::settings::Problem;
use crate::world::{World, known_interfaces};

/// An answer, and what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called<T> {
    /// The answer.
    pub value: T,
    /// The fuel that the call used.
    pub fuel: u64,
}

/// A function of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Says who it is.
    Describe,
    /// Checks settings.
    Check,
    /// Decides.
    Decide,
    /// Turns an alert into requests.
    Compose,
    /// Judges an answer.
    Judge,
    /// Asks what became of a message.
    Follow,
    /// Judges the answer to that.
    JudgeFollow,
    /// Shows whether alerts would get through.
    SelfTest,
    /// Judges the answer to that.
    JudgeSelfTest,
    /// Carries a heartbeat.
    Beat,
    /// Judges the answer to that.
    JudgeBeat,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Describe => "describe",
            Self::Check => "check",
            Self::Decide => "decide",
            Self::Compose => "compose",
            Self::Judge => "judge",
            Self::Follow => "follow",
            Self::JudgeFollow => "judge-follow",
            Self::SelfTest => "self-test",
            Self::JudgeSelfTest => "judge-self-test",
            Self::Beat => "beat",
            Self::JudgeBeat => "judge-beat",
        })
    }
}

/// A call that failed. The next one starts afresh.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("plugin {plugin} failed in `{call}`: {fault}")]
pub struct PluginError {
    /// The plugin, as the operator calls it.
    pub plugin: String,
    /// The function that was called.
    pub call: Call,
    /// What went wrong.
    pub fault: Fault,
}

/// How a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It used up its fuel.
    #[error("it used up its {limit} units of fuel; it loops, or does more than a plugin should")]
    OutOfFuel {
        /// What it had.
        limit: u64,
    },
    /// It used up its time.
    #[error("it was still running after {millis} ms and was stopped; is this machine overloaded?")]
    OutOfTime {
        /// What it had, in milliseconds.
        millis: u128,
    },
    /// It wanted more memory than it may have.
    #[error("it asked for {asked} bytes of memory and may have {limit}")]
    OutOfMemory {
        /// What it may have.
        limit: usize,
        /// What it asked for, in all.
        asked: usize,
    },
    /// It called itself too deep.
    #[error("it ran out of stack; it calls itself without end")]
    StackOverflow,
    /// It gave up: a panic, a failed assertion.
    #[error("it panicked; this is a bug of the plugin")]
    Panicked,
    /// Any other trap.
    #[error("it crashed ({0}); this is a bug of the plugin")]
    Trapped(String),
    /// It said itself that it cannot.
    #[error("it refuses: {0}")]
    Refused(String),
    /// Its answer is larger than it may be.
    #[error("its answer is too large: {0}")]
    AnswerTooLarge(String),
    /// Its answer makes no sense.
    #[error("its answer makes no sense: {0}; this is a bug of the plugin")]
    BadAnswer(String),
    /// The sandbox itself failed.
    #[error("the sandbox failed: {0}")]
    Sandbox(String),
}

/// Settings were not found to be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The plugin finds something wrong with them.
    #[error("plugin {plugin} does not accept its settings: {}", list(problems))]
    Settings {
        /// The plugin, as the operator calls it.
        plugin: String,
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
    /// The plugin failed to check them.
    #[error(transparent)]
    Plugin(#[from] PluginError),
}

fn list(problems: &[Problem]) -> String {
    let texts: Vec<_> = problems.iter().map(Problem::to_string).collect();
    texts.join("; ")
}

/// A file that is no plugin for this host.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It changed while it was read.
    #[error("changed while it was read; put plugins in place by renaming them")]
    Unsettled,
    /// It is too large.
    #[error("is larger than a plugin may be ({limit} bytes); build it in release mode and strip it")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// It is machine code, which no sandbox can check.
    #[error("is precompiled machine code, which cannot be checked; put the WebAssembly file (.wasm) there instead")]
    Precompiled,
    /// It is not WebAssembly.
    #[error("is not WebAssembly: it begins with {0}")]
    NotWasm(String),
    /// A core module without a component's type, or with one that it does not keep.
    #[error("is a core module that does not become a component; is it built with the SDK's export macro? {0}")]
    NoComponent(String),
    /// It does not compile.
    #[error("does not compile: {0}")]
    Invalid(String),
    /// It wants something from outside.
    #[error(
        "imports {import}, and plugins get nothing from outside; build for wasm32-unknown-unknown, without WASI, clocks \
         and randomness"
    )]
    Import {
        /// What it wants.
        import: String,
    },
    /// It exports no interface of ours.
    #[error("exports no interface that this host knows ({}); it exports {exports}", known_interfaces())]
    UnknownWorld {
        /// What it exports.
        exports: String,
    },
    /// It was written for another version of the interface.
    #[error("is made for {found}, and this host knows {}; rebuild it with the SDK of this release", known_interfaces())]
    UnknownVersion {
        /// What it exports.
        found: String,
    },
    /// It exports more than one interface of ours.
    #[error("is a policy and a channel at once; make it two plugins")]
    TwoWorlds,
    /// It exports the right name with the wrong functions or types.
    #[error("does not keep to its interface: {0}; rebuild it with the SDK of this release")]
    Mismatch(String),
    /// It does not even say who it is.
    #[error("does not describe itself: {0}")]
    Silent(PluginError),
    /// It took the place of a plugin of another kind.
    #[error("is a {found}, and took the place of a {wanted}")]
    OtherWorld {
        /// What it is.
        found: World,
        /// What was there before.
        wanted: World,
    },
}
