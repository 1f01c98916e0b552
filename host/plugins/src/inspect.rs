//! What a file says about itself without being compiled or run.

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use wasmparser::{KnownCustom, Parser, Payload};

use crate::error::load::LoadError;
use crate::limits::{LIST, NAME};
use crate::load::magic::check_magic;
use crate::text::sanitize;

/// The namespace of Dogwatch's interfaces.
const NAMESPACE: &str = "dogwatch:";

/// What is in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Its size, in bytes.
    pub size: usize,
    /// What it imports, but for what is Dogwatch's own.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// What made it, as it says.
    pub made_by: Vec<Tool>,
}

/// A tool that took part in making a file, as the file says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Tool {
    /// The tool or language.
    pub name: String,
    /// Its version; may be empty.
    pub version: String,
}

/// Reads a file's imports, exports and origin. It need not load.
///
/// # Errors
///
/// It is no WebAssembly.
pub fn inspect(wasm: &[u8]) -> Result<Inspection, LoadError> {
    check_magic(wasm)?;
    let mut found = Inspection {
        sha256: hex::encode(Sha256::digest(wasm)),
        size: wasm.len(),
        imports: Vec::new(),
        exports: Vec::new(),
        made_by: Vec::new(),
    };
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(|error| LoadError::Invalid(error.to_string()))?;
        match payload {
            Payload::Version { .. } => depth = depth.saturating_add(1),
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) => {
                if let KnownCustom::Producers(producers) = section.as_known() {
                    found.note_producers(producers);
                }
            }
            // What is inside belongs to whoever put it together.
            _ if depth != 1 => {}
            Payload::ImportSection(section) => {
                let foreign = |import: &wasmparser::Import<'_>| !import.module.starts_with(NAMESPACE);
                for import in section.into_imports().flatten().filter(foreign) {
                    add(&mut found.imports, &format!("{} of {}", import.name, import.module));
                }
            }
            Payload::ExportSection(section) => {
                // The functions of an interface that the module is to export as a component: `INTERFACE#FUNCTION`.
                let interfaces = section
                    .into_iter()
                    .flatten()
                    .filter_map(|export| Some(export.name.split_once('#')?.0))
                    .filter(|name| name.starts_with(NAMESPACE));
                interfaces.for_each(|name| add(&mut found.exports, name));
            }
            Payload::ComponentImportSection(section) => {
                for import in section.into_iter().flatten().filter(|import| !import.name.name.starts_with(NAMESPACE)) {
                    add(&mut found.imports, import.name.name);
                }
            }
            Payload::ComponentExportSection(section) => {
                section.into_iter().flatten().for_each(|export| add(&mut found.exports, export.name.name));
            }
            _ => {}
        }
    }
    found.made_by.sort();
    found.made_by.dedup();
    Ok(found)
}

impl Inspection {
    fn note_producers(&mut self, producers: wasmparser::ProducersSectionReader<'_>) {
        for field in producers.into_iter().flatten() {
            for value in field.values.into_iter().flatten() {
                if self.made_by.len() < LIST {
                    self.made_by
                        .push(Tool { name: sanitize(value.name, NAME), version: sanitize(value.version, NAME) });
                }
            }
        }
    }
}

fn add(list: &mut Vec<String>, name: &str) {
    let name = sanitize(name, NAME);
    if list.len() < LIST && list.last() != Some(&name) {
        list.push(name);
    }
}
