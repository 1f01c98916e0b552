//! Sends alerts to a Gotify server as push messages.
//!
//! Gotify only shows messages: it has no acknowledgement, and a message that is sent again appears again. The priority
//! decides what rings.

mod judge;
mod message;

use dogwatch_sdk::channel::{Alert, Channel, Header, HttpRequest, Judgement, Method, Part, Request, Response};
use dogwatch_sdk::{Reader, Settings};

/// The Gotify channel.
#[derive(Debug)]
pub struct Gotify;

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The server's address, without a trailing slash.
    pub url: String,
}

/// The secret that is the application's token.
const TOKEN: &str = "token";

impl Channel for Gotify {
    const NAME: &'static str = "gotify";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Sends alerts to a Gotify server; pages with the highest priority.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        let url = read
            .text(
                "url",
                "The address of the Gotify server, such as https://gotify.example.com, with its path if it has one.",
            )
            .base_address("https://gotify.example.com")
            .required();
        read.required_secret(
            TOKEN,
            "The token of an application, not of a client: in Gotify under Apps, Create application.",
        );
        Config { url }
    }

    fn compose(config: &Config, _memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        let token = Header { name: "x-gotify-key".to_owned(), value: vec![Part::secret(TOKEN)] };
        let request = HttpRequest::new(Method::Post, vec![config.url.as_str().into(), "/message".into()])
            .header(token)
            .json(vec![message::of(alert).into()]);
        Ok(vec![request.into()])
    }

    fn judge(_settings: &Settings, _alert: &Alert, _index: u32, response: &Response) -> Judgement {
        judge::of_message(response)
    }

    /// Asks the server for its health, which needs no token. An application's token can only send, so only a message
    /// would show whether it is right.
    fn self_test(config: &Config, _memory: &str) -> Result<Vec<Request>, String> {
        Ok(vec![HttpRequest::new(Method::Get, vec![config.url.as_str().into(), "/health".into()]).into()])
    }

    fn judge_self_test(_settings: &Settings, _index: u32, response: &Response) -> Judgement {
        judge::of_health(response)
    }
}

dogwatch_sdk::export_channel!(Gotify);

#[cfg(test)]
mod tests;
