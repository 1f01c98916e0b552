//! Signatures of plugin files, in the format of minisign.

pub(crate) mod error;
pub(crate) mod file;
pub(crate) mod key;
