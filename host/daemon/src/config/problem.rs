//! What is wrong with a configuration: all of it at once, each with its line and remedy.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing can be run with it.
    Error,
    /// It runs, and is weaker than it should be.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How bad.
    pub level: Level,
    /// The line, if there is one.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// Everything that is wrong with a file.
#[derive(Clone, Debug)]
pub struct Problems {
    path: PathBuf,
    all: Vec<Problem>,
}

impl Problems {
    /// Nothing is wrong yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), all: Vec::new() }
    }

    /// Notes an error.
    pub fn error(&mut self, line: Option<usize>, what: String, remedy: impl Into<String>) {
        self.all.push(Problem { level: Level::Error, line, what, remedy: remedy.into() });
    }

    /// Notes a warning.
    pub fn warn(&mut self, line: Option<usize>, what: String, remedy: impl Into<String>) {
        self.all.push(Problem { level: Level::Warning, line, what, remedy: remedy.into() });
    }

    /// Whether any of it is an error.
    pub fn has_errors(&self) -> bool {
        self.all.iter().any(|problem| problem.level == Level::Error)
    }

    /// All of it, in the order of the file.
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
