//! Calls a phone or sends it text messages, through Twilio.
//!
//! A call counts only when a human answers it, so it is followed until it is over.

mod config;
mod judge;
mod mode;
mod number;
mod outcome;
mod sms;
mod voice;

use dogwatch_sdk::channel::{Alert, Channel, HttpRequest, Judgement, Method, Progress, Request, Response};
use dogwatch_sdk::text::percent;
use dogwatch_sdk::{Reader, Settings};

pub use config::Config;
pub use mode::Mode;

/// The Twilio channel.
#[derive(Debug)]
pub struct Twilio;

impl Channel for Twilio {
    const NAME: &'static str = "twilio";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Calls a phone or sends it text messages, through Twilio.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        config::read(read)
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
        judge::of_message(response)
    }

    fn follow(config: &Config, _alert: &Alert, receipt: &str) -> Result<Option<Request>, String> {
        let resource = format!("{}/{}.json", outcome::Kind::of(receipt).resource(), percent(receipt));
        Ok(Some(config.request(Method::Get, &resource).into()))
    }

    fn judge_follow(_settings: &Settings, _alert: &Alert, receipt: &str, response: &Response) -> Progress {
        outcome::of(outcome::Kind::of(receipt), response)
    }

    fn self_test(config: &Config, _memory: &str) -> Result<Vec<Request>, String> {
        // A standard API key may not read the account, but it may read what it sent.
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
        judge::of_self_test(settings.get("key_sid").is_some(), response)
    }
}

dogwatch_sdk::export_channel!(Twilio);

#[cfg(test)]
mod tests;
