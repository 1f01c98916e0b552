//! Sends alerts to a Matrix room. A message that is sent again after a lost response shows only once.

mod config;
mod content;
mod judge;
mod transaction;

use dogwatch_sdk::channel::{Alert, Channel, Header, HttpRequest, Judgement, Method, Request, Response};
use dogwatch_sdk::text::percent;
use dogwatch_sdk::{Reader, Settings};

pub use config::Config;

/// The Matrix channel.
#[derive(Debug)]
pub struct Matrix;

impl Channel for Matrix {
    const NAME: &'static str = "matrix";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Sends alerts to a Matrix room.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        config::read(read)
    }

    fn compose(config: &Config, _memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        let url = format!(
            "{}/_matrix/client/v3/rooms/{}/send/m.room.message/{}",
            config.url,
            percent(&config.room),
            transaction::of(&alert.message_id)
        );
        let request = HttpRequest::new(Method::Put, vec![url.into()]).header(Header::bearer("token"));
        Ok(vec![request.json(vec![content::of(config, alert).into()]).into()])
    }

    fn judge(_settings: &Settings, _alert: &Alert, _index: u32, response: &Response) -> Judgement {
        judge::of_message(response)
    }

    fn self_test(config: &Config, _memory: &str) -> Result<Vec<Request>, String> {
        let request = |path: &str| {
            let url = format!("{}/_matrix/client/v3/{path}", config.url);
            HttpRequest::new(Method::Get, vec![url.into()]).header(Header::bearer("token")).into()
        };
        Ok(vec![request("account/whoami"), request("joined_rooms")])
    }

    fn judge_self_test(settings: &Settings, index: u32, response: &Response) -> Judgement {
        match index {
            0 => judge::of_whoami(response),
            _ => judge::of_rooms(settings, response),
        }
    }
}

dogwatch_sdk::export_channel!(Matrix);

#[cfg(test)]
mod tests;
