//! Addresses that the daemon listens on.

use std::net::SocketAddr;

use crate::config::problem::Problems;
use crate::config::reader::{At, Section};

/// Reads an address with a port.
pub(super) fn address(
    section: &mut Section<'_>,
    key: &'static str,
    example: &str,
    problems: &mut Problems,
) -> Option<SocketAddr> {
    let At { value, line } = section.required(key, example, problems)?;
    match value.parse() {
        Ok(address) => Some(address),
        Err(_) => {
            let text = format!("{key} = {value:?} is not an address with a port");
            section.error(problems, line, &text, format!("Write it like {example}."));
            None
        }
    }
}
