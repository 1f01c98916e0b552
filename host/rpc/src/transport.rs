//! One POST to one URL: limits on everything, and what went wrong told apart.

mod answer_date;
mod attempt;
mod connections;
mod failure;
mod http;
mod redirect;
mod retry_after;
mod status;

pub use answer_date::AnswerDate;
pub(crate) use http::Transport;
pub use redirect::Redirect;
pub use retry_after::{LONGEST, retry_after};
