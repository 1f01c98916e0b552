//! A mail server that accepts mail from clients. It is strict about protocol and format, and can refuse, drop and hang
//! at any step on demand.

mod fault;
mod mail;
mod options;
mod server;
mod session;
mod state;
mod stream;

#[cfg(test)]
mod tests;

pub use fault::{MailFault, Step, Trouble};
pub use mail::Mail;
pub use options::{Options, Security};
pub use server::Smtp;
