//! The `[metrics]` section.

use std::net::SocketAddr;

use crate::config::listen;
use crate::config::problem::Problems;
use crate::config::reader::Section;

/// Reads the address where metrics are served.
pub(super) fn read(mut section: Section<'_>, problems: &mut Problems) -> Option<SocketAddr> {
    let listen = listen::address(&mut section, "listen", "\"127.0.0.1:9464\"", problems);
    section.finish(problems);
    listen
}
