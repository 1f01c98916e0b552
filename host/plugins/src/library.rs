//! The plugins there are: the bundled ones, and those in the operator's directory.

pub(crate) mod any_plugin;
pub(crate) mod catalog;
pub(crate) mod error;
pub(crate) mod files;
pub(crate) mod in_use;
pub(crate) mod info;
pub(crate) mod origin;
pub(crate) mod refresh;
pub(crate) mod rules;
mod source;
mod stamp;
