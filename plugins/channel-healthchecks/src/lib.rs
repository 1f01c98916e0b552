//! Pings a check of healthchecks.io or a self-hosted Healthchecks, which raises the alarm when the pings stop.
//!
//! A start is sent as a start and does not count as success: the check gives the first full cycle its grace time. A
//! failure is sent at once, with its reason.

mod check;
mod judge;
mod ping;

use dogwatch_sdk::channel::{Alert, Channel, Heartbeat, Judgement, Request, Response, Role};
use dogwatch_sdk::{Reader, Settings};

pub use check::{Check, Config, Create};

/// The Healthchecks channel.
#[derive(Debug)]
pub struct Healthchecks;

impl Channel for Healthchecks {
    const NAME: &'static str = "healthchecks";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Pings a check of healthchecks.io, which raises the alarm when the pings stop.";
    const ROLES: Role = Role::HEARTBEATS;
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        check::read(read)
    }

    fn compose(_config: &Config, _memory: &str, _alert: &Alert) -> Result<Vec<Request>, String> {
        Ok(Vec::new())
    }

    /// Writes to the check's log, which changes nothing and wakes nobody: no call is read-only.
    fn self_test(config: &Config, _memory: &str) -> Result<Vec<Request>, String> {
        Ok(vec![ping::test(config)])
    }

    fn judge_self_test(settings: &Settings, _index: u32, response: &Response) -> Judgement {
        judge::of_response(settings, response)
    }

    fn beat(config: &Config, heartbeat: &Heartbeat) -> Result<Vec<Request>, String> {
        Ok(vec![ping::of(config, heartbeat)])
    }

    fn judge_beat(settings: &Settings, _index: u32, response: &Response) -> Judgement {
        judge::of_response(settings, response)
    }
}

dogwatch_sdk::export_channel!(Healthchecks);

#[cfg(test)]
mod tests;
