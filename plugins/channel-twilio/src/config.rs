//! The settings, and how they are read.

use dogwatch_sdk::Reader;
use dogwatch_sdk::channel::{Header, HttpRequest, Method};
use dogwatch_sdk::text::percent;

use crate::mode::Mode;
use crate::number;

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the API is, without a trailing slash.
    pub url: String,
    /// Call or text message.
    pub mode: Mode,
    /// The account's SID.
    pub account: String,
    /// The SID of the API key whose secret is the token; without one it is the account's own token.
    pub key_sid: Option<String>,
    /// The number that calls or sends.
    pub from: String,
    /// The number that is called or sent to.
    pub to: String,
}

/// Reads the settings and secrets.
pub(crate) fn read(read: &mut Reader<'_>) -> Config {
    let url = read
        .text("url", "Where Twilio's API is; another region has another address.")
        .base_address("https://api.twilio.com")
        .or("https://api.twilio.com".to_owned());
    let mode = read
        .text("mode", "\"voice\" to call, \"sms\" to send text messages; use two channels for both.")
        .check(|mode| Mode::read(mode).map(|_| ()))
        .required();
    let mode = Mode::read(&mode).unwrap_or(Mode::Voice);
    let account = read
        .text("account", "The Account SID, which begins with AC: first page of Twilio's console.")
        .check(|sid| number::is_sid(sid, "AC"))
        .required();
    let key_sid = read
        .text("key_sid", "The SID of an API key, which begins with SK, if the token is that key's secret.")
        .check(|sid| number::is_sid(sid, "SK"))
        .optional();
    let from = read
        .text(
            "from",
            "The number that calls or sends, such as \"+15551234567\": one of the account's. For text messages it \
             may be a sender name or the SID of a messaging service.",
        )
        .check(|from| number::is_sender(from, mode))
        .required();
    let to = read
        .text("to", "The one number that is called or sent to, such as \"+491511234567\"; others get a channel each.")
        .check(|to| number::is_number(to))
        .required();
    read.required_secret("token", "The Auth Token of the account, or the secret of the API key: Twilio's console.");
    Config { url, mode, account, key_sid, from, to }
}

impl Config {
    /// A request for a resource of the account.
    pub(crate) fn request(&self, method: Method, resource: &str) -> HttpRequest {
        let url = format!("{}/2010-04-01/Accounts/{}/{resource}", self.url, percent(&self.account));
        self.authorised(HttpRequest::new(method, vec![url.into()]))
    }

    /// The request with the login.
    pub(crate) fn authorised(&self, request: HttpRequest) -> HttpRequest {
        let user = self.key_sid.as_deref().unwrap_or(&self.account);
        request.header(Header::basic(user, "token"))
    }
}
