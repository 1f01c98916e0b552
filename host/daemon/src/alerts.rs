//! Alerts inside the daemon: the alert desk, the texts of the daemon's own alerts, and pages that nobody got.

pub mod condition;
pub mod desk;
pub mod orphans;
pub mod texts;
pub mod undelivered;
