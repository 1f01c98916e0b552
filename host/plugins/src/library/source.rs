//! Where the bytes of a plugin are.

use std::path::PathBuf;

use super::origin::PluginOrigin;
use super::stamp::FileStamp;

/// Where the bytes of a plugin are.
#[derive(Clone)]
pub(super) enum PluginSource {
    Bundled(&'static [u8]),
    File {
        path: PathBuf,
        stamp: FileStamp,
    },
    /// The file was deleted while the plugin is in use.
    Gone(PathBuf),
}

impl PluginSource {
    pub(super) fn origin(&self) -> PluginOrigin {
        match self {
            Self::Bundled(_) => PluginOrigin::Bundled,
            Self::File { path, .. } | Self::Gone(path) => PluginOrigin::File(path.clone()),
        }
    }
}
