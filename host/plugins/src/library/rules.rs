//! Which files of the plugin directory are used.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::files;
use super::stamp::FileStamp;
use crate::error::load::LoadError;
use crate::signature::file::PluginSignature;
use crate::signature::key::SignerKey;

/// Which files of the plugin directory are used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileRules {
    /// The SHA-256 that a plugin's file must have, in hexadecimal and small letters, by the plugin's name.
    pub pins: BTreeMap<String, String>,
    /// Who may put files there.
    pub owners: FileOwners,
    /// Whose signatures the files need.
    pub signatures: Signatures,
}

/// Whose signatures plugin files need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Signatures {
    /// Nobody's.
    #[default]
    NotRequired,
    /// One by any of these keys.
    RequiredBy(Vec<SignerKey>),
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
    /// The same for another user: the one that the daemon runs as, where a command looks at its plugins.
    RootAnd(u32),
}

/// Bits of a mode that let the group or everybody write.
const OTHERS_WRITE: u32 = 0o022;

impl FileRules {
    /// Refuses a file that others can change, as it was when it was open.
    pub(super) fn check_owner(&self, path: &Path, file: &Metadata) -> Result<(), LoadError> {
        let user = match self.owners {
            FileOwners::Anybody => return Ok(()),
            FileOwners::RootAndMe => std::fs::metadata("/proc/self")?.uid(),
            FileOwners::RootAnd(user) => user,
        };
        // The directory itself, if the path leads there by a link.
        let directory = std::fs::metadata(path.parent().unwrap_or(path))?;
        for (what, metadata) in [("its directory", &directory), ("it", file)] {
            if let Some(why) = exposure(metadata, user) {
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
            None if self.owners != FileOwners::Anybody && dogwatch_bundled::find(name).is_some() => {
                Err(LoadError::Unpinned { name: name.to_owned() })
            }
            None => Ok(()),
        }
    }

    /// Refuses a file without a signature by one of the keys, where one is needed. Returns the signature.
    pub(super) fn check_signature(&self, path: &Path, wasm: &[u8]) -> Result<Option<PluginSignature>, LoadError> {
        let Signatures::RequiredBy(keys) = &self.signatures else { return Ok(None) };
        let refused = |error| LoadError::BadSignature { signature: PluginSignature::path(path), error };
        let Some(signature) = PluginSignature::beside(path).map_err(refused)? else {
            return Err(LoadError::Unsigned { signature: PluginSignature::path(path) });
        };
        signature.verify(wasm, keys).map_err(refused)?;
        Ok(Some(signature))
    }

    /// The stamp of a plugin's signature, where one is needed.
    pub(super) fn signature_stamp(&self, path: &Path) -> Option<FileStamp> {
        match self.signatures {
            Signatures::NotRequired => None,
            Signatures::RequiredBy(_) => files::stamp(&PluginSignature::path(path)),
        }
    }
}

fn exposure(metadata: &Metadata, user: u32) -> Option<String> {
    let owner = metadata.uid();
    if owner != 0 && owner != user {
        return Some(format!("belongs to user {owner}"));
    }
    let mode = metadata.mode() & 0o7777;
    (mode & OTHERS_WRITE != 0).then(|| format!("can be written by others (mode {mode:04o})"))
}
