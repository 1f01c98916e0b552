//! Publishes alerts to an ntfy topic, on ntfy.sh or the operator's own server. A page may also ring the phone, if the
//! ntfy account can make calls.

mod call;
mod config;
mod judge;
mod message;
mod text;

use dogwatch_sdk::channel::{Alert, Channel, Encoding, HttpRequest, Judgement, Method, Request, Response};
use dogwatch_sdk::{Reader, Settings};

pub use config::{Config, Login};

/// The ntfy channel.
#[derive(Debug)]
pub struct Ntfy;

impl Channel for Ntfy {
    const NAME: &'static str = "ntfy";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Publishes alerts to an ntfy topic, on ntfy.sh or your own server.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        config::read(read)
    }

    fn compose(config: &Config, memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        Ok(vec![message::request(config, memory, alert)])
    }

    fn judge(settings: &Settings, alert: &Alert, _index: u32, response: &Response) -> Judgement {
        judge::of_message(settings, alert, response)
    }

    fn self_test(config: &Config, _memory: &str) -> Result<Vec<Request>, String> {
        let mut urls = vec![vec![format!("{}/v1/health", config.url).into()]];
        let topic = config.topic.part(Encoding::Percent);
        urls.push(vec![format!("{}/", config.url).into(), topic, "/auth".into()]);
        if config.call.is_some() {
            urls.push(vec![format!("{}/v1/account", config.url).into()]);
        }
        Ok(urls.into_iter().map(|url| config.authorised(HttpRequest::new(Method::Get, url)).into()).collect())
    }

    fn judge_self_test(settings: &Settings, index: u32, response: &Response) -> Judgement {
        match index {
            0 => judge::of_health(response),
            1 => judge::of_access(response),
            _ => call::of_account(settings, response),
        }
    }
}

dogwatch_sdk::export_channel!(Ntfy);

#[cfg(test)]
mod tests;
