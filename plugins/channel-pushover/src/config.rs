//! The settings, and how they are read.

use std::time::Duration;

use dogwatch_sdk::Reader;

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the API is, without a trailing slash.
    pub url: String,
    /// The device to send to, or several, separated by commas; all devices if unset.
    pub device: Option<String>,
    /// The sound of pages and critical alerts.
    pub sound: Option<String>,
    /// The time between two sounds of a page.
    pub retry: Duration,
    /// How long a page goes on sounding.
    pub expire: Duration,
}

/// The shortest time between two repetitions that Pushover allows.
const RETRY_LEAST: Duration = Duration::from_secs(30);
/// The longest time that Pushover repeats a page.
const EXPIRE_MOST: Duration = Duration::from_secs(10_800);

/// Reads the settings and secrets.
pub(crate) fn read(read: &mut Reader<'_>) -> Config {
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
    read.required_secret("user", "The user key or group key to send to: pushover.net, at the top of the first page.");
    Config { url, device, sound, retry, expire }
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

/// Whether this may be the name of a sound; custom sounds have names of at most 20 characters.
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
