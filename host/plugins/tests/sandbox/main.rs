//! The sandbox, with real plugins in it.

mod channel;
mod hostile;
mod library;
mod loading;
mod policy;
mod support;
