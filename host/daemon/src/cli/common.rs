//! What commands share: the configuration argument, durations, and standard output.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use dogwatch_client::{Exit, Failure};
use serde::Serialize;

/// The configuration that a command works with.
#[derive(Debug, Args)]
pub(super) struct ConfigFile {
    /// The configuration file
    #[arg(short, long, value_name = "FILE", default_value = "/etc/dogwatch/dogwatch.toml", env = "DOGWATCH_CONFIG")]
    pub(super) config: PathBuf,
}

/// How a command prints its answer.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Format {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Format {
    /// Whether it is JSON.
    pub(super) fn is_json(self) -> bool {
        self.json
    }

    /// Prints the answer as JSON, or in words.
    pub(super) fn print<T: Serialize>(self, answer: &T, words: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        if self.json { say(serde_json::to_string_pretty(answer).map_err(Failure::other)?) } else { say(words(answer)) }
    }

    /// The same for a command that fails: in words, the answer is the failure's message.
    pub(super) fn fail<T: Serialize>(self, exit: Exit, answer: &T, words: impl FnOnce(&T) -> String) -> Failure {
        if !self.json {
            return Failure::with(exit, words(answer));
        }
        match self.print(answer, |_| String::new()) {
            Ok(()) => Failure::with(exit, ""),
            Err(failure) => failure,
        }
    }
}

/// Writes a line to standard output. A reader that has gone away, as with `| head`, is not a failure.
pub(super) fn say(text: impl Display) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::other(format!("cannot write to standard output: {error}"))),
    }
}

/// A text that is not a duration.
#[derive(Debug, thiserror::Error)]
#[error("write a number and a unit, such as 90s, 30m or 2h")]
pub(super) struct DurationError;

/// Reads a duration from the command line.
pub(super) fn duration(text: &str) -> Result<Duration, DurationError> {
    crate::config::parse_duration(text).ok_or(DurationError)
}
