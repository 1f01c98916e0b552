//! Certificates of the operator's own authorities, for nodes and services in a private network.

use crate::config::problem::Problems;
use crate::config::reader::{At, Section};

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Reads the certificate of the operator's own authority, for nodes and services in a private network.
pub(super) fn read(path: &At<String>, section: &Section<'_>, problems: &mut Problems) -> Option<Vec<u8>> {
    let read = std::fs::read(&path.value).map_err(|error| format!("cannot be read: {error}"));
    match read.and_then(|pem| match pem.windows(BEGIN.len()).any(|window| window == BEGIN) {
        true => Ok(pem),
        false => Err("contains no certificate in PEM form".to_owned()),
    }) {
        Ok(pem) => Some(pem),
        Err(why) => {
            let text = format!("authority: {} {why}", path.value);
            section.error(
                problems,
                path.line,
                &text,
                "Name a file with the authority's certificate, or remove the line.",
            );
            None
        }
    }
}
