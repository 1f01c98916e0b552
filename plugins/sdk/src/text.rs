//! Texts for humans, fitted to what a service takes: cut without breaking a character, escaped without gaps.

mod body;
mod clean;
mod cut;
mod encode;
mod key;
mod title;

pub use body::{body, body_within, body_within_escaped};
pub use clean::{one_line, plain, quoted};
pub use cut::{Unit, cut, escaped};
pub use encode::{html, percent};
pub use key::{key_within, short_hash};
pub use title::{summary, title};
