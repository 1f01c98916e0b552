//! Alerts that bypass the store: the daemon does not start, or its store cannot be written.

pub mod journal;
pub mod last_good;
pub mod start_failure;
pub mod store_failure;
