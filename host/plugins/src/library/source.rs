//! Where the bytes of a plugin are.

use std::path::{Path, PathBuf};

use super::origin::PluginOrigin;
use super::stamp::PluginStamp;

/// Where the bytes of a plugin are.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum PluginSource {
    Bundled(&'static [u8]),
    File {
        path: PathBuf,
        stamp: PluginStamp,
    },
    /// The file was deleted while the plugin is in use.
    Gone(PathBuf),
}

impl PluginSource {
    /// Whether it is a file that has not changed since that stamp was taken.
    pub(super) fn is_file_with(&self, stamp: PluginStamp) -> bool {
        matches!(self, Self::File { stamp: known, .. } if *known == stamp)
    }

    /// Whether it is, or was, the file at that path.
    pub(super) fn is_at(&self, at: &Path) -> bool {
        matches!(self, Self::File { path, .. } | Self::Gone(path) if path == at)
    }

    pub(super) fn origin(&self) -> PluginOrigin {
        match self {
            Self::Bundled(_) => PluginOrigin::Bundled,
            Self::File { path, .. } | Self::Gone(path) => PluginOrigin::File(path.clone()),
        }
    }
}
