//! Calls a URL of the operator's choice while all is well: the service behind it raises the alarm when the calls stop.
//!
//! For every dead man's switch that has no channel of its own: Better Stack, Cronitor, Dead Man's Snitch and others. If
//! the service has no URL for failures, a daemon that cannot do its work stays silent, and the silence raises the
//! alarm. There is no self-test, because each call counts as a heartbeat.

mod body;

use dogwatch_sdk::channel::{Alert, Channel, Encoding, Heartbeat, HttpRequest, Method, Pulse, Request, Role};
use dogwatch_sdk::{Reader, SettingOrSecret};

const EXAMPLE: &str = "https://example.com/beat";
const GET: &str = "GET";
const POST: &str = "POST";

/// The generic heartbeat channel.
#[derive(Debug)]
pub struct GenericHeartbeat;

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Called when a full cycle went well.
    pub well: SettingOrSecret,
    /// Called when the daemon has started, if at all.
    pub started: Option<SettingOrSecret>,
    /// Called when it cannot do its work, if at all.
    pub failing: Option<SettingOrSecret>,
    /// How it is called.
    pub call: Call,
}

/// How an address is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// By GET, without a body.
    Get,
    /// By POST, with a body in JSON.
    Post,
}

impl Channel for GenericHeartbeat {
    const NAME: &'static str = "heartbeat";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Calls any URL while all is well, for a dead man's switch.";
    const ROLES: Role = Role::HEARTBEATS;
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        let about = "The address that is called after each full cycle that went well, as a setting or as a secret: a \
                     secret where knowing it is all that it takes to call.";
        let well = read.text("url", about).address(EXAMPLE).or_required_secret(about);
        let about = "The address that is called when Dogwatch has started, as a setting or as a secret. Without one \
                     nothing is called then.";
        let started = read.text("start_url", about).address(EXAMPLE).or_secret(about);
        let about = "The address that is called when Dogwatch runs and cannot do its work, as a setting or as a secret. \
                     Without one nothing is called then, and the silence raises the alarm.";
        let failing = read.text("fail_url", about).address(EXAMPLE).or_secret(about);
        let method = read
            .text("method", "How they are called: GET, or POST with site, state, reason and time in JSON.")
            .check(|method| match method.as_str() {
                GET | POST => Ok(()),
                _ => Err(format!("must be \"{GET}\" or \"{POST}\"")),
            })
            .or(GET.to_owned());
        let call = if method == POST { Call::Post } else { Call::Get };
        Config { well, started, failing, call }
    }

    fn compose(_config: &Config, _memory: &str, _alert: &Alert) -> Result<Vec<Request>, String> {
        Ok(Vec::new())
    }

    fn beat(config: &Config, heartbeat: &Heartbeat) -> Result<Vec<Request>, String> {
        let address = match heartbeat.pulse {
            Pulse::Started => config.started.as_ref(),
            Pulse::Well => Some(&config.well),
            Pulse::Failing(_) => config.failing.as_ref(),
        };
        Ok(address.map(|address| request(config.call, address, heartbeat)).into_iter().collect())
    }
}

fn request(call: Call, address: &SettingOrSecret, heartbeat: &Heartbeat) -> Request {
    let url = vec![address.part(Encoding::Plain)];
    match call {
        Call::Get => HttpRequest::new(Method::Get, url).into(),
        Call::Post => HttpRequest::new(Method::Post, url).json(vec![body::of(heartbeat).into()]).into(),
    }
}

dogwatch_sdk::export_channel!(GenericHeartbeat);

#[cfg(test)]
mod tests;
