//! Every bundled plugin has its page.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::{blocks, page, worked};
use crate::support::built;

#[test]
fn every_bundled_plugin_has_a_page_with_its_settings() {
    let kinds = [("policies", dogwatch_bundled::POLICIES), ("channels", dogwatch_bundled::CHANNELS)];
    for (folder, plugins) in kinds {
        for plugin in plugins {
            let name = format!("docs/src/{folder}/{}.md", plugin.name);
            let page = page::all().into_iter().find(|page| page.name == name);
            let page = page.unwrap_or_else(|| unreachable!("there is no {name}"));
            let listed = format!("$ dogwatch plugin list {}\n", plugin.name);
            let blocks = blocks::of(&page);
            let shown = |language: &str, text: &str| {
                blocks.iter().any(|block| block.language == language && block.text.contains(text))
            };
            assert!(shown("console", &listed), "{name} does not show `{}`", listed.trim_end());
            let used = if folder == "channels" { format!("plugin = {:?}", plugin.name) } else { String::new() };
            assert!(shown("toml", &used), "{name} shows no configuration");
        }
    }
}

#[test]
fn every_bundled_channel_is_in_the_overview() {
    let overview = page::all().into_iter().find(|page| page.name == "docs/src/operators/channels.md").unwrap();
    for plugin in dogwatch_bundled::CHANNELS {
        let link = format!("(../channels/{}.md)", plugin.name);
        assert!(overview.text.contains(&link), "{} has no link to {}", overview.name, plugin.name);
    }
}

/// The policy that the book shows, built as the book describes.
pub(super) fn patient() -> &'static Path {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(|| built("patient"));
    &BUILT
}

/// Puts the policies that the book shows into a plugin directory, those that a text names.
pub(super) fn put_named(text: &str, directory: &Path) {
    let named = |name: &str| text.contains(&format!("{name:?}"));
    if named("patient") {
        std::fs::copy(patient(), directory.join("patient.wasm")).unwrap();
    }
    if page::all().iter().filter_map(|page| page.worked_policy()).any(named) {
        for (name, file) in worked::files().into_iter().filter(|(name, _)| named(name)) {
            std::fs::copy(file, directory.join(name).with_extension("wasm")).unwrap();
        }
    }
}
