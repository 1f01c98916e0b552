//! Calls a telephone or sends it text messages, by Twilio.
//!
//! A call counts only when a human answers it, so it is followed until it is over.

mod answers;
mod number;
mod outcome;
mod sms;
mod voice;

use dogwatch_sdk::channel::{Alert, Channel, Header, HttpRequest, Judgement, Method, Progress, Request, Response};
use dogwatch_sdk::text::percent;
use dogwatch_sdk::{Reader, Settings};

/// The channel.
#[derive(Debug)]
pub struct Twilio;

/// How the human hears of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By a call, in which the alert is spoken.
    Voice,
    /// By a text message.
    Sms,
}

/// The settings, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the API is, without a slash at its end.
    pub url: String,
    /// Call or text message.
    pub mode: Mode,
    /// The account's SID.
    pub account: String,
    /// The SID of the API key whose secret is the token; without one it is the account's own token.
    pub key_sid: Option<String>,
    /// Who calls or sends.
    pub from: String,
    /// Who is called or sent to.
    pub to: String,
}

impl Channel for Twilio {
    const NAME: &'static str = "twilio";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Calls a telephone or sends it text messages, by Twilio.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
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
            .text(
                "to",
                "The one number that is called or sent to, such as \"+491511234567\"; others get a channel each.",
            )
            .check(|to| number::is_number(to))
            .required();
        read.required_secret("token", "The Auth Token of the account, or the secret of the API key: Twilio's console.");
        Config { url, mode, account, key_sid, from, to }
    }

    fn compose(config: &Config, _memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        let fields = match config.mode {
            Mode::Voice => voice::fields(config, alert),
            Mode::Sms => sms::fields(config, alert),
        };
        let resource = match config.mode {
            Mode::Voice => "Calls.json",
            Mode::Sms => "Messages.json",
        };
        let request = |fields: Vec<(&'static str, String)>| {
            let fields = fields.iter().map(|(name, value)| (*name, dogwatch_sdk::channel::FormValue::Text(value)));
            config.request(Method::Post, resource).form(fields).into()
        };
        Ok(fields.map(request).into_iter().collect())
    }

    fn judge(_settings: &Settings, _alert: &Alert, _index: u32, response: &Response) -> Judgement {
        answers::of_message(response)
    }

    fn follow(config: &Config, _alert: &Alert, receipt: &str) -> Result<Option<Request>, String> {
        let resource = format!("{}/{}.json", outcome::Kind::of(receipt).resource(), percent(receipt));
        Ok(Some(config.request(Method::Get, &resource).into()))
    }

    fn judge_follow(_settings: &Settings, _alert: &Alert, receipt: &str, response: &Response) -> Progress {
        outcome::of(outcome::Kind::of(receipt), response)
    }

    fn self_test(config: &Config, _memory: &str) -> Result<Vec<Request>, String> {
        // An ordinary API key may not read the account, but what it sends.
        let request = match (&config.key_sid, config.mode) {
            (None, _) => {
                let url = format!("{}/2010-04-01/Accounts/{}.json", config.url, percent(&config.account));
                config.authorised(HttpRequest::new(Method::Get, vec![url.into()]))
            }
            (Some(_), Mode::Voice) => config.request(Method::Get, "Calls.json?PageSize=1"),
            (Some(_), Mode::Sms) => config.request(Method::Get, "Messages.json?PageSize=1"),
        };
        Ok(vec![request.into()])
    }

    fn judge_self_test(settings: &Settings, _index: u32, response: &Response) -> Judgement {
        answers::of_self_test(settings.get("key_sid").is_some(), response)
    }
}

impl Mode {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "voice" => Ok(Self::Voice),
            "sms" => Ok(Self::Sms),
            _ => Err(format!("must be \"voice\" or \"sms\", found {text:?}")),
        }
    }
}

impl Config {
    /// A request about something below the account.
    fn request(&self, method: Method, resource: &str) -> HttpRequest {
        let url = format!("{}/2010-04-01/Accounts/{}/{resource}", self.url, percent(&self.account));
        self.authorised(HttpRequest::new(method, vec![url.into()]))
    }

    fn authorised(&self, request: HttpRequest) -> HttpRequest {
        let user = self.key_sid.as_deref().unwrap_or(&self.account);
        request.header(Header::basic(user, "token"))
    }
}

dogwatch_sdk::export_channel!(Twilio);

#[cfg(test)]
mod tests;
