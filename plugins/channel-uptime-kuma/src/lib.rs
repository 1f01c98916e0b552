//! Pushes to a push monitor of Uptime Kuma, which raises the alarm when the pushes stop.
//!
//! There is no self-test: any call that shows whether the token is right counts as a push.

mod judge;

use dogwatch_sdk::channel::{
    Alert, Channel, Encoding, Heartbeat, HttpRequest, Judgement, Method, Part, Pulse, Request, Response, Role,
};
use dogwatch_sdk::text::{Unit, cut, one_line, percent};
use dogwatch_sdk::{Reader, Settings};

/// How much of a reason is pushed, in characters: it travels in the address, where a character takes up to twelve
/// bytes, and servers accept addresses of 8 KiB.
const LONGEST_MESSAGE: usize = 250;

/// The Uptime Kuma channel.
#[derive(Debug)]
pub struct UptimeKuma;

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where Uptime Kuma is, without a trailing slash.
    pub url: String,
}

/// What a push says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Up,
    Down,
}

impl Channel for UptimeKuma {
    const NAME: &'static str = "uptime-kuma";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Pushes to a monitor of Uptime Kuma, which raises the alarm when the pushes stop.";
    const ROLES: Role = Role::HEARTBEATS;
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        let about = "The address of Uptime Kuma: https://kuma.example.com. Run it on another machine than Dogwatch. The \
                     monitor's heartbeat interval must be longer than that of Dogwatch's heartbeats.";
        let url = read.text("url", about).check(|url| is_bare(url)).base_address("https://kuma.example.com").required();
        let about = "The token of a monitor of the type Push: what stands in its push URL between /api/push/ and the \
                     question mark.";
        read.required_secret("push_token", about);
        Config { url }
    }

    fn compose(_config: &Config, _memory: &str, _alert: &Alert) -> Result<Vec<Request>, String> {
        Ok(Vec::new())
    }

    fn beat(config: &Config, heartbeat: &Heartbeat) -> Result<Vec<Request>, String> {
        let push = match &heartbeat.pulse {
            // A daemon that restarts again and again would keep the monitor up.
            Pulse::Started => return Ok(Vec::new()),
            Pulse::Well => push(config, Status::Up, "OK"),
            Pulse::Failing(reason) => match one_line(reason).as_str() {
                // Without a message, Uptime Kuma would say OK.
                "" => push(config, Status::Down, "failing"),
                reason => push(config, Status::Down, reason),
            },
        };
        Ok(vec![push])
    }

    fn judge_beat(_settings: &Settings, _index: u32, response: &Response) -> Judgement {
        judge::of_response(response)
    }
}

fn push(config: &Config, status: Status, message: &str) -> Request {
    let status = match status {
        Status::Up => "up",
        Status::Down => "down",
    };
    let message = percent(&cut(message, LONGEST_MESSAGE, Unit::Chars));
    let url = vec![
        format!("{}/api/push/", config.url).into(),
        Part::encoded_secret("push_token", Encoding::Percent),
        format!("?status={status}&msg={message}&ping=").into(),
    ];
    HttpRequest::new(Method::Get, url).into()
}

/// Checks that the URL does not include the rest of the monitor's push URL.
fn is_bare(url: &str) -> Result<(), String> {
    if url.contains("/api/push") {
        return Err("must be the address in front of /api/push; the token goes into the secret push_token".to_owned());
    }
    Ok(())
}

dogwatch_sdk::export_channel!(UptimeKuma);

#[cfg(test)]
mod tests;
