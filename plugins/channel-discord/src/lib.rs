//! Posts alerts to a Discord channel, through one of its webhooks.
//!
//! The webhook is given in one of two ways: its whole URL as the secret `webhook`, or its id as the setting
//! `id` and its token as the secret `token`.

mod config;
mod judge;
mod markdown;
mod message;

use dogwatch_sdk::channel::{Alert, Channel, HttpRequest, Judgement, Method, Request, Response};
use dogwatch_sdk::{Reader, Settings};

pub use config::{Config, Mention, Webhook};

/// The Discord channel.
#[derive(Debug)]
pub struct Discord;

impl Channel for Discord {
    const NAME: &'static str = "discord";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Posts alerts to a Discord channel, through one of its webhooks.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        config::read(read)
    }

    fn compose(config: &Config, _memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        let mut url = config.webhook.url();
        // Without this, Discord answers before it knows whether it keeps the message.
        url.push("?wait=true".into());
        if let Some(thread) = &config.thread {
            url.push(format!("&thread_id={thread}").into());
        }
        let body = message::of(config.mention.as_ref(), alert);
        Ok(vec![HttpRequest::new(Method::Post, url).json(vec![body.into()]).into()])
    }

    fn judge(_settings: &Settings, _alert: &Alert, _index: u32, response: &Response) -> Judgement {
        judge::of_message(response)
    }

    /// Checks that the webhook exists; posts nothing.
    fn self_test(config: &Config, _memory: &str) -> Result<Vec<Request>, String> {
        Ok(vec![HttpRequest::new(Method::Get, config.webhook.url()).into()])
    }

    fn judge_self_test(_settings: &Settings, _index: u32, response: &Response) -> Judgement {
        judge::of_self_test(response)
    }
}

dogwatch_sdk::export_channel!(Discord);

#[cfg(test)]
mod tests;
