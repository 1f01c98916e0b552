//! Hands alerts to a Prometheus Alertmanager, which groups, routes and repeats them as its own configuration says.
//!
//! Alertmanager identifies an alert by its labels. All but one follow from the alert's key. The other is the severity,
//! because routes decide by it, and because Alertmanager notifies nobody when an annotation changes. So an alert that
//! becomes more severe is a new one to Alertmanager, which notifies again. A severity never falls while an alert is
//! open, so the resolution ends the alert at its own severity and at all lower ones. An inhibition rule with `equal:
//! [dogwatch_key]` keeps the less severe one quiet in the meantime.
//!
//! Alertmanager has no acknowledgement: an annotation shows who acknowledged. Reports are not sent, because
//! Alertmanager would show them as problems.

mod alerts;
mod judge;

use std::time::Duration;

use dogwatch_sdk::channel::{Alert, Channel, Event, Header, HttpRequest, Judgement, Method, Request, Response};
use dogwatch_sdk::{Reader, Settings};

/// The Alertmanager channel.
#[derive(Debug)]
pub struct Alertmanager;

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The address, without a trailing slash.
    pub url: String,
    /// How to log in.
    pub login: Login,
    /// How long Alertmanager waits for news of an open alert before it considers the alert resolved.
    pub resolve_after: Duration,
}

/// How to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// Without credentials.
    Open,
    /// By a bearer token, which is a secret.
    Token,
    /// By this user, and a password, which is a secret.
    User(String),
}

/// A week: a warning is sent once, and must not seem resolved while it is open.
const RESOLVE_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);
const SHORTEST: Duration = Duration::from_secs(15 * 60);
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

impl Channel for Alertmanager {
    const NAME: &'static str = "alertmanager";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Hands alerts to a Prometheus Alertmanager.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        let url = read
            .text(
                "url",
                "Alertmanager's address, such as https://alertmanager.example.com:9093, with its path prefix if it has one. \
                 For a cluster, use one channel per member: Alertmanagers do not pass alerts on.",
            )
            .base_address("https://alertmanager.example.com:9093")
            .required();
        let resolve_after = read
            .duration(
                "resolve_after",
                "How long Alertmanager keeps an open alert that it does not hear of again. Warnings are sent once, so \
                 this must be longer than they may last.",
            )
            .range(SHORTEST..=LONGEST)
            .or(RESOLVE_AFTER);
        let user = read.text("user", "The user for HTTP's basic authentication.").optional();
        let password = read.secret("password", "The password of that user.");
        let token = read.secret("token", "A bearer token, if Alertmanager or the proxy in front of it wants one.");
        match (&user, password, token) {
            (Some(_), _, true) => read.problem("token", "is given as well as a user; keep one of them"),
            (Some(_), false, false) => read.problem("password", "must be given as a secret: the user has none"),
            (None, true, _) => read.problem("user", "must be given: there is a password without a user"),
            _ => {}
        }
        let login = match user {
            Some(user) => Login::User(user),
            None if token => Login::Token,
            None => Login::Open,
        };
        Config { url, login, resolve_after }
    }

    fn compose(config: &Config, _memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        if alert.event == Event::Report {
            return Ok(Vec::new());
        }
        let body = alerts::of(alert, config.resolve_after);
        Ok(vec![request(config, Method::Post, "/api/v2/alerts").json(vec![body.into()]).into()])
    }

    fn judge(_settings: &Settings, _alert: &Alert, _index: u32, response: &Response) -> Judgement {
        judge::of_message(response)
    }

    /// Asks for the receivers: a short list, behind the same login as alerts.
    fn self_test(config: &Config, _memory: &str) -> Result<Vec<Request>, String> {
        Ok(vec![request(config, Method::Get, "/api/v2/receivers").into()])
    }

    fn judge_self_test(_settings: &Settings, _index: u32, response: &Response) -> Judgement {
        judge::of_receivers(response)
    }
}

fn request(config: &Config, method: Method, path: &str) -> HttpRequest {
    let request = HttpRequest::new(method, vec![config.url.as_str().into(), path.into()]);
    match &config.login {
        Login::Open => request,
        Login::Token => request.header(Header::bearer("token")),
        Login::User(user) => request.header(Header::basic(user, "password")),
    }
}

dogwatch_sdk::export_channel!(Alertmanager);

#[cfg(test)]
mod tests;
