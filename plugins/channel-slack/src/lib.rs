//! Posts alerts to a Slack channel, through an incoming webhook.
//!
//! The webhook is given in one of two ways: its whole URL as the secret `webhook`, or what follows the address of the
//! setting `url` as the secret `path`. Only a message can test a webhook, so there is no self-test.

mod config;
mod judge;
mod message;

use dogwatch_sdk::channel::{Alert, Channel, HttpRequest, Judgement, Method, Part, Request, Response};
use dogwatch_sdk::{Reader, Settings};

pub use config::{Config, Mention, Webhook};

/// The Slack channel.
#[derive(Debug)]
pub struct Slack;

impl Channel for Slack {
    const NAME: &'static str = "slack";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Posts alerts to a Slack channel, through an incoming webhook.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        config::read(read)
    }

    fn compose(config: &Config, _memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        let url = match &config.webhook {
            Webhook::Secret => vec![Part::secret("webhook")],
            Webhook::Below(url) => vec![format!("{url}/").into(), Part::secret("path")],
        };
        let body = message::of(config.mention.as_ref(), alert);
        Ok(vec![HttpRequest::new(Method::Post, url).json(vec![body.into()]).into()])
    }

    fn judge(_settings: &Settings, _alert: &Alert, _index: u32, response: &Response) -> Judgement {
        judge::of_message(response)
    }
}

dogwatch_sdk::export_channel!(Slack);

#[cfg(test)]
mod tests;
