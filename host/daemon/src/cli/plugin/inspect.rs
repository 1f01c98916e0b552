//! `dogwatch plugin inspect`.

use std::path::Path;

use dogwatch_client::{Exit, Failure};
use dogwatch_plugins::{
    AnyPlugin, Checked, Description, Inspection, Library, PluginSignature, SignatureInfo, World, inspect,
};
use serde::Serialize;

use crate::cli::common::Format;
use crate::plugin_cache;

/// What is known about a file.
#[derive(Debug, Serialize)]
struct Inspected {
    #[serde(flatten)]
    file: Inspection,
    /// What it is, if it loads.
    plugin: Option<Loaded>,
    /// Why it does not load.
    problem: Option<String>,
    /// Who signed it, as the file beside it says.
    signature: Option<SignatureInfo>,
    /// Why that file is no signature.
    signature_problem: Option<String>,
}

#[derive(Debug, Serialize)]
struct Loaded {
    world: World,
    interface: &'static str,
    description: Option<Description>,
}

pub(super) fn run(file: &Path, format: Format) -> Result<(), Failure> {
    let sandbox = plugin_cache::authors_sandbox().map_err(Failure::other)?;
    let (bytes, loading) = Library::read_file(sandbox, file).map_err(Failure::input)?;
    let inspection = inspect(&bytes).map_err(|error| Failure::input(format!("{} {error}", file.display())))?;
    let (plugin, problem) = match loading {
        Ok(plugin) => (Some(loaded(&plugin)), None),
        Err(problem) => (None, Some(problem.to_string())),
    };
    let (signature, signature_problem) = match signature(file) {
        Ok(signature) => (signature, None),
        Err(why) => (None, Some(why)),
    };
    let inspected = Inspected { file: inspection, plugin, problem, signature, signature_problem };
    format.print(&inspected, words)?;
    if inspected.problem.is_none() { Ok(()) } else { Err(Failure::with(Exit::Input, "")) }
}

fn loaded(plugin: &AnyPlugin) -> Loaded {
    Loaded { world: plugin.world(), interface: plugin.interface(), description: plugin.describe().ok() }
}

/// Who signed a file, as it says: whether that is true, `verify` tells.
fn signature(file: &Path) -> Result<Option<SignatureInfo>, String> {
    let signature = PluginSignature::beside(file);
    let signature =
        signature.map_err(|error| format!("its signature {} {error}", PluginSignature::path(file).display()))?;
    Ok(signature.map(|signature| signature.info(Checked::Unverified)))
}

/// What a plugin says that it is.
pub(super) fn summary(plugin: &AnyPlugin) -> String {
    lines(&loaded(plugin)).join("\n")
}

fn lines(Loaded { world, interface, description }: &Loaded) -> Vec<String> {
    let mut lines = vec![format!("{:<9} {interface}", world.to_string())];
    if let Some(Description { name, version, about, settings, secrets, .. }) = description {
        lines.push(format!("name      {name} {version}: {about}"));
        lines.extend(settings.iter().map(|doc| format!("setting   {}: {}", doc.name, doc.about)));
        lines.extend(secrets.iter().map(|doc| format!("secret    {}: {}", doc.name, doc.about)));
    }
    lines
}

fn words(inspected: &Inspected) -> String {
    let Inspected { file, plugin, problem, signature, signature_problem } = inspected;
    let mut lines = plugin.as_ref().map(lines).unwrap_or_default();
    lines.push(format!("sha256    {}", file.sha256));
    lines.push(format!("size      {} bytes", file.size));
    let list = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join("\n          ") };
    lines.push(format!("imports   {}", list(&file.imports)));
    lines.push(format!("exports   {}", list(&file.exports)));
    let tools: Vec<String> =
        file.made_by.iter().map(|tool| format!("{} {}", tool.name, tool.version).trim_end().to_owned()).collect();
    lines.push(format!("made by   {}", list(&tools)));
    lines.extend(signature.iter().map(|signature| format!("signed    {signature}")));
    lines.extend(signature_problem.iter().map(|problem| format!("! {problem}")));
    lines.extend(problem.iter().map(|problem| format!("! {problem}")));
    lines.join("\n")
}
