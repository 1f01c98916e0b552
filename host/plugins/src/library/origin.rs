//! Where plugins come from, as an operator is told.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::text::sanitize;

/// Bytes of a path that are shown.
const PATH: usize = 1000;

/// Where a plugin comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PluginOrigin {
    /// It is part of the binary.
    Bundled,
    /// It is a file in the operator's directory.
    File(PathBuf),
}

impl fmt::Display for PluginOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundled => f.write_str("bundled"),
            Self::File(path) => f.write_str(&sanitize(&path.display().to_string(), PATH)),
        }
    }
}
