//! A plugin's settings: what the operator wrote, and what the plugin makes of it.

mod address;
pub(crate) mod duration;
mod nearest;
pub(crate) mod problem;
pub(crate) mod reader;
pub(crate) mod setting_or_secret;
pub(crate) mod setting_type;
pub(crate) mod value;
