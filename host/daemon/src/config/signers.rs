//! The `[plugins]` section: whose signatures plugin files need.

use dogwatch_plugins::{Signatures, SignerKey};

use crate::config::problem::Problems;
use crate::config::reader::Section;

/// Whose signatures plugin files need. A key that cannot be read is reported; it lets nobody in.
pub(super) fn read(top: &mut Section<'_>, problems: &mut Problems) -> Signatures {
    let Some(mut section) = top.table("plugins", problems) else { return Signatures::NotRequired };
    let line = section.line_of("require_signature");
    let keys = section.texts("require_signature", problems);
    let signatures = match (line, keys) {
        (None, _) => Signatures::NotRequired,
        (Some(line), keys) => {
            if keys.as_ref().is_some_and(Vec::is_empty) {
                section.error(
                    problems,
                    line,
                    "require_signature names no key: no plugin file could be used",
                    "Add the public keys of the authors you trust, or remove require_signature.",
                );
            }
            let mut read = Vec::new();
            for key in keys.into_iter().flatten().flatten() {
                match SignerKey::parse(&key.value) {
                    Ok(key) => read.push(key),
                    // What is written there may be a secret key: it is not repeated.
                    Err(error) => section.error(
                        problems,
                        key.line,
                        &format!("an item of require_signature {error}"),
                        "Write the second line of the author's file that ends in .pub.",
                    ),
                }
            }
            Signatures::RequiredBy(read)
        }
    };
    section.finish(problems);
    signatures
}
