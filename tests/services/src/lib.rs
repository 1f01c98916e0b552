//! Strict fakes of the services that Dogwatch's channels use, over real TLS. Each refuses what the real service refuses
//! and has its documented rate limits, and all of them can drop, delay, hang and reset on demand.

pub mod alertmanager;
pub mod discord;
pub mod gotify;
pub mod healthchecks;
pub mod heartbeat;
pub mod matrix;
pub mod ntfy;
pub mod opsgenie;
pub mod pagerduty;
pub mod pushover;
pub mod slack;
pub mod smtp;
pub mod telegram;
pub mod twilio;
pub mod uptime_kuma;
pub mod webhook;

mod server;
mod service;
mod tls;

pub use server::{Fake, Fault};
pub use service::{Answer, Seen, Service};
pub use tls::Authority;
