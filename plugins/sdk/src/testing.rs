//! For the tests of a plugin, on the machine's own target.

mod calls;
pub(crate) mod fixtures;
mod from_json;
mod golden;
mod night;
mod render;

pub use calls::{
    channel_problems, compose, configured, decide, decide_with_memory, default_config, judge, judge_alert,
    judge_follow, problems,
};
pub use fixtures::{HOSTILE, alert, alerts, answer, overlong, own_slot, response, situation, time_of};
pub use golden::golden;
pub use night::{NightFailure, night, night_by};
pub use render::{json_body, shown, shown_all, shown_form};
