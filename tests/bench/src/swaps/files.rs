//! Two policies that take turns as the same plugin.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The plugin's name: no bundled one has it.
pub(super) const NAME: &str = "swapped";
/// Bundled policies, which lie there as files under one name.
const POLICIES: [&str; 2] = ["threshold", "proactive"];

/// Puts the next file into the plugin directory.
#[derive(Debug)]
pub(super) struct PolicyFiles {
    directory: PathBuf,
    turns: usize,
}

impl PolicyFiles {
    pub(super) fn new(directory: &Path) -> anyhow::Result<Self> {
        Ok(Self { directory: std::fs::canonicalize(directory)?, turns: 0 })
    }

    /// Puts the next one in place as an operator should: by a rename.
    pub(super) fn next(&mut self) -> anyhow::Result<()> {
        let name = POLICIES.get(self.turns % POLICIES.len()).context("there is a policy")?;
        let policy = dogwatch_bundled::find(name).with_context(|| format!("{name} is not bundled"))?;
        let half = self.directory.join(format!(".{NAME}.part"));
        std::fs::write(&half, policy.wasm)?;
        std::fs::rename(&half, self.directory.join(NAME).with_extension("wasm"))?;
        self.turns += 1;
        Ok(())
    }
}
