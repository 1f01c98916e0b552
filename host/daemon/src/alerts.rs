//! Alerts inside the daemon: the desk they come in at, the texts of the daemon's own, and what nobody was told.

pub mod condition;
pub mod desk;
pub mod orphans;
pub mod texts;
pub mod undelivered;
