//! `[plugin.NAME]` sections: which file a plugin must be, and what it may use.

use std::collections::BTreeMap;

use crate::config::grant::{self, Grants};
use crate::config::problem::Problems;
use crate::config::reader::Section;

/// The hexadecimal digits of a SHA-256.
const DIGITS: usize = 64;

/// What the sections say.
#[derive(Clone, Debug, Default)]
pub(super) struct Pinned {
    /// The SHA-256 of each pinned plugin's file, in small letters.
    pub(super) pins: BTreeMap<String, String>,
    /// What they may use, where a section says so.
    pub(super) grants: Grants,
}

pub(super) fn read(top: &mut Section<'_>, problems: &mut Problems) -> Pinned {
    let Pinned { mut pins, mut grants } = Pinned::default();
    let Some(mut plugins) = top.table("plugin", problems) else { return Pinned { pins, grants } };
    for (name, mut section) in plugins.named_tables(problems) {
        if let Some(sha256) = section.required("sha256", "\"what sha256sum prints\"", problems) {
            let digits = sha256.value.to_ascii_lowercase();
            if digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                pins.insert(name.clone(), digits);
            } else {
                let text = format!("sha256 is not the {DIGITS} hexadecimal digits of a SHA-256");
                section.error(
                    problems,
                    sha256.line,
                    &text,
                    format!("To have it written: dogwatch plugin trust {name}."),
                );
            }
        }
        if let Some(grant) = grant::read(&mut section, problems) {
            grants.insert(name, grant);
        }
        section.finish(problems);
    }
    Pinned { pins, grants }
}
