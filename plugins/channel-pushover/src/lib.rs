//! Sends alerts by Pushover: a page repeats on the phone until somebody acknowledges it there, and that acknowledgement
//! comes back to Dogwatch.

mod config;
mod judge;
mod message;
mod text;

use dogwatch_sdk::channel::{
    Alert, Channel, Encoding, HttpRequest, Judgement, Method, Part, Progress, Request, Response,
};
use dogwatch_sdk::{Reader, Settings};

pub use config::Config;

/// The Pushover channel.
#[derive(Debug)]
pub struct Pushover;

impl Channel for Pushover {
    const NAME: &'static str = "pushover";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Sends alerts by Pushover; a page repeats until it is acknowledged on the phone.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        config::read(read)
    }

    fn compose(config: &Config, _memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        Ok(message::requests(config, alert))
    }

    fn judge(_settings: &Settings, alert: &Alert, index: u32, response: &Response) -> Judgement {
        if index == 0 && message::cancels(alert) {
            return judge::of_cancel(alert, response);
        }
        judge::of_message(alert, response)
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
        judge::of_receipt(response)
    }

    fn self_test(config: &Config, _memory: &str) -> Result<Vec<Request>, String> {
        Ok(vec![message::validation(config)])
    }

    fn judge_self_test(_settings: &Settings, _index: u32, response: &Response) -> Judgement {
        judge::of_validation(response)
    }
}

dogwatch_sdk::export_channel!(Pushover);

#[cfg(test)]
mod tests;
