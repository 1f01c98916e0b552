//! Which files of the plugin directory are used.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::error::load::LoadError;

/// Which files of the plugin directory are used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileRules {
    /// The SHA-256 that a plugin's file must have, in hexadecimal and small letters, by the plugin's name.
    pub pins: BTreeMap<String, String>,
    /// Who may put files there.
    pub owners: FileOwners,
}

/// Who may put files into the plugin directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileOwners {
    /// Anybody who can.
    #[default]
    Anybody,
    /// Only root and this user: files that others can change are refused, and so are files in the place of bundled plugins that
    /// are not pinned.
    RootAndMe,
}

/// Bits of a mode that let the group or everybody write.
const OTHERS_WRITE: u32 = 0o022;

impl FileRules {
    /// Refuses a file that others can change, as it was when it was open.
    pub(super) fn check_owner(&self, path: &Path, file: &Metadata) -> Result<(), LoadError> {
        if self.owners == FileOwners::Anybody {
            return Ok(());
        }
        let me = std::fs::metadata("/proc/self")?.uid();
        // The directory itself, if the path leads there by a link.
        let directory = std::fs::metadata(path.parent().unwrap_or(path))?;
        for (what, metadata) in [("its directory", &directory), ("it", file)] {
            if let Some(why) = exposure(metadata, me) {
                return Err(LoadError::Exposed { why: format!("{what} {why}") });
            }
        }
        Ok(())
    }

    /// Refuses a file that is not the pinned one, or that must be pinned and is not.
    pub(super) fn check_pin(&self, name: &str, sha256: &str) -> Result<(), LoadError> {
        match self.pins.get(name) {
            Some(pinned) if pinned == sha256 => Ok(()),
            Some(_) => Err(LoadError::NotPinned { name: name.to_owned(), found: sha256.to_owned() }),
            None if self.owners == FileOwners::RootAndMe && dogwatch_bundled::find(name).is_some() => {
                Err(LoadError::Unpinned { name: name.to_owned() })
            }
            None => Ok(()),
        }
    }
}

fn exposure(metadata: &Metadata, me: u32) -> Option<String> {
    let owner = metadata.uid();
    if owner != 0 && owner != me {
        return Some(format!("belongs to user {owner}"));
    }
    let mode = metadata.mode() & 0o7777;
    (mode & OTHERS_WRITE != 0).then(|| format!("can be written by others (mode {mode:04o})"))
}
