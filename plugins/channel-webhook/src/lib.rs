//! Posts alerts as JSON to an address of the operator's.
//!
//! The address is a setting, or a secret where knowing it is all that it takes to post. A second secret, the token, is
//! sent as a bearer token.

mod body;

use dogwatch_sdk::Reader;
use dogwatch_sdk::channel::{Alert, Channel, Header, HttpRequest, Method, Part, Request};

/// The channel.
#[derive(Debug)]
pub struct Webhook;

/// The settings, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where to post.
    pub url: Url,
    /// Whether there is a token to send along.
    pub token: Token,
}

/// Where the address is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Url {
    /// In the settings.
    Setting(String),
    /// Among the secrets.
    Secret,
}

/// Whether there is a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// There is.
    Bearer,
    /// There is none.
    Absent,
}

impl Channel for Webhook {
    const NAME: &'static str = "webhook";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Posts alerts as JSON to any address.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        let setting =
            read.text("url", "The address to post to, unless it is a secret.").check(|url| is_address(url)).optional();
        let secret = read.secret("url", "The address to post to, where it must not be seen.");
        let token = read.secret("token", "Sent as a bearer token, if there is one.");
        match (&setting, secret) {
            (Some(_), true) => read.problem("url", "is both a setting and a secret; keep one of them"),
            (None, false) if !read.has_problems() => read.problem("url", "must be given, as a setting or as a secret"),
            _ => {}
        }
        Config {
            url: setting.map_or(Url::Secret, Url::Setting),
            token: if token { Token::Bearer } else { Token::Absent },
        }
    }

    fn compose(config: &Config, _memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        let url = match &config.url {
            Url::Setting(url) => Part::from(url.as_str()),
            Url::Secret => Part::secret("url"),
        };
        let mut headers = vec![
            Header::plain("content-type", "application/json"),
            Header::plain("idempotency-key", &alert.message_id),
        ];
        if config.token == Token::Bearer {
            headers.push(Header {
                name: "authorization".to_owned(),
                value: vec!["Bearer ".into(), Part::secret("token")],
            });
        }
        let body = vec![body::of(alert).into()];
        Ok(vec![HttpRequest { method: Method::Post, url: vec![url], headers, body }.into()])
    }
}

/// Whether this may be an address; the host has the last word.
fn is_address(url: &str) -> Result<(), String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !url.contains(char::is_whitespace) => Ok(()),
        _ => Err("must be an address such as https://example.com/hook".to_owned()),
    }
}

dogwatch_sdk::export_channel!(Webhook);

#[cfg(test)]
mod tests;
