//! `dogwatch plugin new` and `dogwatch plugin sdk`.

use std::path::Path;

use dogwatch_authoring::{Kind, Language, PluginName, new_project, write_sdk};
use dogwatch_client::Failure;

use crate::cli::common::say;

pub(super) fn project(name: &str, kind: Kind, language: Language) -> Result<(), Failure> {
    let name = PluginName::new(name).map_err(Failure::input)?;
    let folder = new_project(Path::new("."), &name, kind, language).map_err(Failure::input)?;
    let folder = folder.strip_prefix(".").unwrap_or(&folder).display();
    let test = match language {
        Language::Rust => "cargo test",
        Language::Python | Language::JavaScript => "see README.md for its tests",
    };
    let nights = match kind {
        Kind::Policy => format!("  dogwatch plugin test {}.wasm nights/*.toml\n", name.as_str()),
        Kind::Channel => String::new(),
    };
    say(format!(
        "Wrote {folder}/. Then:\n\
         \n\
         \x20 cd {folder}\n\
         \x20 {test}\n\
         \x20 dogwatch plugin build\n\
         \x20 dogwatch plugin check {name}.wasm\n\
         {nights}\
         \n\
         To use it, put {name}.wasm into the plugin directory.",
        name = name.as_str()
    ))
}

pub(super) fn sdk(folder: &Path) -> Result<(), Failure> {
    write_sdk(folder).map_err(Failure::input)?;
    let folder = folder.display();
    say(format!("Wrote the SDK into {folder}/, and the interfaces into {folder}/wit/."))
}
