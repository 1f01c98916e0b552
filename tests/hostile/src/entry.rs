//! One entry of the catalogue.

use std::fmt;

use crate::ends::Ends;

/// What a hostile plugin pretends to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A policy.
    Policy,
    /// A channel.
    Channel,
    /// Nothing in particular: it is hostile before anybody knows what it is.
    File,
}

/// A hostile plugin.
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it does, for the table in the book.
    pub does: String,
    /// What it pretends to be.
    pub kind: Kind,
    /// How it must end.
    pub ends: Ends,
    make: Box<dyn Fn() -> Vec<u8> + Send + Sync>,
}

impl Entry {
    pub(crate) fn new(
        name: impl Into<String>,
        does: impl Into<String>,
        kind: Kind,
        ends: Ends,
        make: impl Fn() -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), does: does.into(), kind, ends, make: Box::new(make) }
    }

    /// Its file's bytes.
    #[must_use]
    pub fn wasm(&self) -> Vec<u8> {
        (self.make)()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).field("ends", &self.ends).finish_non_exhaustive()
    }
}
