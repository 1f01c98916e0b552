//! What is in use, as it can be kept for a later start.

use sha2::{Digest as _, Sha256};

use super::catalog::Library;
use super::origin::PluginOrigin;
use super::source::PluginSource;

/// A plugin that is in use.
#[derive(Clone, Debug)]
pub struct PluginInUse {
    /// Where it comes from.
    pub origin: PluginOrigin,
    /// Its bytes.
    pub wasm: Vec<u8>,
    /// Its signature, if the rules require one; it was verified just now.
    pub signature: Option<String>,
}

impl Library {
    /// A plugin that is in use; none if its file is no longer what was loaded, or would be refused by now for its signature.
    pub fn in_use(&self, name: &str) -> Option<PluginInUse> {
        let (sha256, source) = {
            let entries = self.entries();
            let entry = entries.get(name)?;
            (entry.loaded.as_ref()?.sha256().to_owned(), entry.source.clone())
        };
        let wasm = self.bytes(name).filter(|bytes| hex::encode(Sha256::digest(bytes)) == sha256)?;
        let signature = match &source {
            PluginSource::File { path, .. } => self.rules.check_signature(path, &wasm).ok()?,
            PluginSource::Bundled(_) | PluginSource::Gone(_) => None,
        };
        let signature = signature.map(|signature| signature.text().to_owned());
        Some(PluginInUse { origin: source.origin(), wasm, signature })
    }
}
