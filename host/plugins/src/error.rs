//! What can go wrong with a plugin: loading it, checking its settings, calling it.

pub(crate) mod call;
pub(crate) mod check;
pub(crate) mod load;
