//! Strict fakes of the services that Dogwatch's channels speak to, over real TLS: each refuses what the real service
//! refuses and limits rates as the real one says it does, and all of them can drop, delay, hang and reset to order.

mod server;
mod service;
mod tls;

pub use server::{Fake, Fault};
pub use service::{Answer, Seen, Service};
pub use tls::Authority;
