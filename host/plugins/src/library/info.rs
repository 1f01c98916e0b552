//! The list of plugins, with what each says about itself.

use serde::Serialize;

use super::any_plugin::AnyPlugin;
use super::catalog::Library;
use super::error::LoadProblem;
use super::origin::PluginOrigin;
use super::rules::Signatures;
use super::source::PluginSource;
use crate::description::Description;
use crate::error::load::LoadError;
use crate::signature::file::{Checked, PluginSignature, SignatureInfo};
use crate::world::{World, interface_version};

/// A plugin, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PluginInfo {
    /// The name by which the configuration asks for it.
    pub name: String,
    /// Where it comes from.
    pub origin: PluginOrigin,
    /// What kind of plugin it is.
    pub world: World,
    /// The version of the interface that it exports.
    pub interface_version: String,
    /// Its description of itself.
    pub description: Description,
    /// The SHA-256 of its file, in hexadecimal.
    pub sha256: String,
    /// The size of its file, in bytes.
    pub size: usize,
    /// Who signed its file, if it is signed.
    pub signature: Option<SignatureInfo>,
}

impl Library {
    /// Lists every plugin, and every one that does not load. Compiles them all and keeps only those already in use:
    /// meant for a command, not for the daemon.
    pub fn list(&self) -> (Vec<PluginInfo>, Vec<LoadProblem>) {
        self.list_those(|_| true)
    }

    /// The plugin of that name, as [`Library::list`] gives it; compiles no other.
    pub fn list_one(&self, name: &str) -> (Vec<PluginInfo>, Vec<LoadProblem>) {
        self.list_those(|known| known == name)
    }

    fn list_those(&self, wanted: impl Fn(&str) -> bool) -> (Vec<PluginInfo>, Vec<LoadProblem>) {
        let entries = self.entries();
        let sources: Vec<(String, PluginSource)> = entries
            .iter()
            .filter(|(name, _)| wanted(name))
            .map(|(name, entry)| (name.clone(), entry.source.clone()))
            .collect();
        drop(entries);
        let (mut infos, mut problems) = (Vec::new(), Vec::new());
        for (name, mut source) in sources {
            let compiled = self.compile(&name, &mut source);
            let listed = compiled.and_then(|(plugin, size)| info(name, source.origin(), &plugin, size));
            match listed.map(|info| PluginInfo { signature: self.signed(&source), ..info }) {
                Ok(info) => infos.push(info),
                Err(problem) => problems.push(problem),
            }
        }
        (infos, problems)
    }

    /// Who signed the file of a plugin that is loaded, or says so.
    fn signed(&self, source: &PluginSource) -> Option<SignatureInfo> {
        let PluginSource::File { path, .. } = source else { return None };
        let signature = PluginSignature::beside(path).ok().flatten()?;
        // Where signatures are required, what is loaded has a good one.
        Some(signature.info(match self.rules.signatures {
            Signatures::RequiredBy(_) => Checked::Verified,
            Signatures::NotRequired => Checked::Unverified,
        }))
    }
}

fn info(name: String, origin: PluginOrigin, plugin: &AnyPlugin, size: usize) -> Result<PluginInfo, LoadProblem> {
    let interface = plugin.interface();
    match plugin.describe() {
        Ok(description) => Ok(PluginInfo {
            name,
            origin,
            world: plugin.world(),
            interface_version: interface_version(interface).to_owned(),
            description,
            sha256: plugin.sha256().to_owned(),
            size,
            signature: None,
        }),
        Err(error) => Err(LoadProblem { name, origin, error: LoadError::DescribeFailed(Box::new(error)) }),
    }
}
