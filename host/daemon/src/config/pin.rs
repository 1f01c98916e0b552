//! `[plugin.NAME]` sections: which file a plugin must be.

use std::collections::BTreeMap;

use crate::config::problem::Problems;
use crate::config::reader::Section;

/// The hexadecimal digits of a SHA-256.
const DIGITS: usize = 64;

/// The SHA-256 of each pinned plugin's file, in small letters.
pub(super) fn read(top: &mut Section<'_>, problems: &mut Problems) -> BTreeMap<String, String> {
    let mut pins = BTreeMap::new();
    let Some(mut plugins) = top.table("plugin", problems) else { return pins };
    for (name, mut section) in plugins.named_tables(problems) {
        if let Some(sha256) = section.required("sha256", "\"what sha256sum prints\"", problems) {
            let digits = sha256.value.to_ascii_lowercase();
            if digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                pins.insert(name, digits);
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
        section.finish(problems);
    }
    pins
}
