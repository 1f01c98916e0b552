//! The problems of a configuration: all of them at once, each with its line and remedy.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// How serious a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The configuration cannot be used.
    Error,
    /// The configuration works, but is weaker than it should be.
    Warning,
    /// The configuration is right, and something is left to do.
    Note,
}

/// A problem with the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How serious it is.
    pub level: Level,
    /// Its line in the file, if it has one.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// All problems of a configuration file.
#[derive(Clone, Debug)]
pub struct Problems {
    path: PathBuf,
    all: Vec<Problem>,
}

impl Problems {
    /// Starts an empty list of problems for this file.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), all: Vec::new() }
    }

    /// Adds an error.
    pub fn error(&mut self, line: Option<usize>, what: String, remedy: impl Into<String>) {
        self.all.push(Problem { level: Level::Error, line, what, remedy: remedy.into() });
    }

    /// Adds a warning.
    pub fn warn(&mut self, line: Option<usize>, what: String, remedy: impl Into<String>) {
        self.all.push(Problem { level: Level::Warning, line, what, remedy: remedy.into() });
    }

    /// Adds a note.
    pub fn note(&mut self, line: Option<usize>, what: String, remedy: impl Into<String>) {
        self.all.push(Problem { level: Level::Note, line, what, remedy: remedy.into() });
    }

    /// Whether any problem is an error.
    pub fn has_errors(&self) -> bool {
        self.all.iter().any(|problem| problem.level == Level::Error)
    }

    /// All problems, in the order of their lines.
    pub fn sorted(&self) -> Vec<&Problem> {
        let mut all: Vec<&Problem> = self.all.iter().collect();
        all.sort_by_key(|problem| problem.line.unwrap_or(0));
        all
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in self.sorted() {
            let level = match problem.level {
                Level::Error => "error",
                Level::Warning => "warning",
                Level::Note => "note",
            };
            write!(f, "{}", self.path.display())?;
            if let Some(line) = problem.line {
                write!(f, ":{line}")?;
            }
            writeln!(f, ": {level}: {}", problem.what)?;
            writeln!(f, "    {}", problem.remedy)?;
        }
        Ok(())
    }
}
