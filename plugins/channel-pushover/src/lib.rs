//! Sends alerts by Pushover: a page repeats on the phone until somebody acknowledges it there, and that acknowledgement
//! comes back to Dogwatch.

mod answers;
mod message;
mod text;

use std::time::Duration;

use dogwatch_sdk::channel::{
    Alert, Channel, Encoding, HttpRequest, Judgement, Method, Part, Progress, Request, Response,
};
use dogwatch_sdk::{Reader, Settings};

/// The channel.
#[derive(Debug)]
pub struct Pushover;

/// The settings, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the API is, without a slash at its end.
    pub url: String,
    /// The one device to send to, or several, separated by commas; all of them when there is none.
    pub device: Option<String>,
    /// The sound of pages and critical alerts.
    pub sound: Option<String>,
    /// How often a page sounds again.
    pub retry: Duration,
    /// How long it does so.
    pub expire: Duration,
}

/// The shortest time between two repetitions that Pushover allows.
const RETRY_LEAST: Duration = Duration::from_secs(30);
/// The longest time that Pushover repeats a page.
const EXPIRE_MOST: Duration = Duration::from_secs(10_800);

impl Channel for Pushover {
    const NAME: &'static str = "pushover";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Sends alerts by Pushover; a page repeats until it is acknowledged on the phone.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        let url = read
            .text("url", "Where Pushover's API is.")
            .base_address("https://api.pushover.net")
            .or("https://api.pushover.net".to_owned());
        let device = read
            .text("device", "Sends to this device alone, or to several, separated by commas; to all when unset.")
            .check(|device| is_devices(device))
            .optional();
        let sound = read
            .text("sound", "The sound of pages and critical alerts, such as \"siren\"; the phone's default when unset.")
            .check(|sound| is_sound(sound))
            .optional();
        let retry = read
            .duration("retry", "How often a page sounds again until it is acknowledged.")
            .range(RETRY_LEAST..=EXPIRE_MOST)
            .or(Duration::from_secs(60));
        let expire = read
            .duration("expire", "How long a page repeats; Pushover stops after 50 times in any case.")
            .range(RETRY_LEAST..=EXPIRE_MOST)
            .or(Duration::from_secs(3600));
        if expire < retry {
            read.problem("expire", "must not be shorter than retry, or a page would not repeat");
        }
        read.required_secret("token", "The API token of the application: pushover.net, Your Applications.");
        read.required_secret(
            "user",
            "The user key or group key to send to: pushover.net, at the top of the first page.",
        );
        Config { url, device, sound, retry, expire }
    }

    fn compose(config: &Config, _memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        Ok(message::requests(config, alert))
    }

    fn judge(_settings: &Settings, alert: &Alert, index: u32, response: &Response) -> Judgement {
        if index == 0 && message::cancels(alert) {
            return answers::of_cancel(alert, response);
        }
        answers::of_message(alert, response)
    }

    fn follow(config: &Config, _alert: &Alert, receipt: &str) -> Result<Option<Request>, String> {
        let receipt = dogwatch_sdk::text::percent(receipt);
        let url = vec![
            format!("{}/1/receipts/{receipt}.json?token=", config.url).into(),
            Part::encoded_secret("token", Encoding::Percent),
        ];
        Ok(Some(HttpRequest::new(Method::Get, url).into()))
    }

    fn judge_follow(_settings: &Settings, _alert: &Alert, _receipt: &str, response: &Response) -> Progress {
        answers::of_receipt(response)
    }

    fn self_test(config: &Config, _memory: &str) -> Result<Vec<Request>, String> {
        Ok(vec![message::validation(config)])
    }

    fn judge_self_test(_settings: &Settings, _index: u32, response: &Response) -> Judgement {
        answers::of_validation(response)
    }
}

/// Whether these may be names of devices: each has at most 25 letters, digits, underscores and hyphens.
fn is_devices(device: &str) -> Result<(), String> {
    let fits = |name: &str| (1..=25).contains(&name.len()) && name.bytes().all(is_name_byte);
    if device.split(',').all(fits) {
        Ok(())
    } else {
        Err("must be the name of a device as pushover.net shows it, or several, separated by commas".to_owned())
    }
}

/// Whether this may be the name of a sound; own sounds have names of at most 20 characters.
fn is_sound(sound: &str) -> Result<(), String> {
    if (1..=20).contains(&sound.len()) && sound.bytes().all(is_name_byte) {
        Ok(())
    } else {
        Err("must be the name of a sound, such as \"siren\" or \"persistent\"".to_owned())
    }
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

dogwatch_sdk::export_channel!(Pushover);

#[cfg(test)]
mod tests;
