//! Opens, acknowledges and closes alerts in Opsgenie, or in its successor, Jira Service Management Operations.
//!
//! The service identifies an alert by its alias: the key and the severity. If an alert comes again under an open alias,
//! Opsgenie counts it and changes nothing else. So an alert that becomes more severe is opened anew; otherwise it would
//! ring as before. A severity never falls while an alert is open, so an acknowledgement or resolution goes to the
//! aliases of its severity and of all lower ones, and does nothing for those that were never opened.
//!
//! Opsgenie processes requests after it answers, and can be asked for their results. Jira Service Management cannot be
//! asked with an integration's key. Reports are not sent: anything opened there notifies somebody.

mod address;
mod alias;
mod body;
mod config;
mod judge;
mod progress;
mod responder;

use dogwatch_sdk::channel::{
    Alert, Channel, Event, Header, HttpRequest, Judgement, Method, Part, Progress, Request, Response, Severity,
};
use dogwatch_sdk::{Reader, Settings};

pub use config::Config;
use config::KEY;

/// The Opsgenie channel.
#[derive(Debug)]
pub struct Opsgenie;

impl Channel for Opsgenie {
    const NAME: &'static str = "opsgenie";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str =
        "Opens, acknowledges and closes alerts in Opsgenie or Jira Service Management Operations.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        config::read(read)
    }

    fn compose(config: &Config, _memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        // From the least severe to the most severe: `judge` relies on that order.
        let each = |action| {
            let severities = Severity::ALL.into_iter().filter(|severity| *severity <= alert.severity);
            severities.map(|severity| act(config, &alias::of(alert, severity), action, body::note(alert))).collect()
        };
        Ok(match alert.event {
            Event::Opened | Event::Updated | Event::Escalated => {
                vec![request(config, Method::Post, "/v2/alerts").json(vec![body::alert(config, alert).into()]).into()]
            }
            Event::Acknowledged => each("acknowledge"),
            Event::Resolved => each("close"),
            Event::Report => Vec::new(),
        })
    }

    fn judge(settings: &Settings, alert: &Alert, index: u32, response: &Response) -> Judgement {
        let is_its_own = match alert.event {
            Event::Acknowledged | Event::Resolved => {
                let severity = usize::try_from(index).ok().and_then(|index| Severity::ALL.get(index));
                severity == Some(&alert.severity)
            }
            _ => true,
        };
        let follows = is_its_own && address::answers_for_requests(settings);
        judge::of_message(response, follows)
    }

    fn follow(config: &Config, _alert: &Alert, receipt: &str) -> Result<Option<Request>, String> {
        let path = format!("/v2/alerts/requests/{}", dogwatch_sdk::text::percent(receipt));
        Ok(Some(request(config, Method::Get, &path).into()))
    }

    fn judge_follow(_settings: &Settings, alert: &Alert, _receipt: &str, response: &Response) -> Progress {
        progress::judge(alert, response)
    }

    /// Closes an alert that was never open: the service checks the key and its rights, and nobody is woken.
    fn self_test(config: &Config, _memory: &str) -> Result<Vec<Request>, String> {
        Ok(vec![act(config, "dogwatch:self-test", "close", body::self_test())])
    }

    fn judge_self_test(_settings: &Settings, _index: u32, response: &Response) -> Judgement {
        match judge::of_message(response, false) {
            Judgement::Accepted(_) => Judgement::Delivered,
            other => other,
        }
    }
}

fn request(config: &Config, method: Method, path: &str) -> HttpRequest {
    let key = Header { name: "authorization".to_owned(), value: vec!["GenieKey ".into(), Part::secret(KEY)] };
    HttpRequest::new(method, vec![config.url.as_str().into(), path.into()]).header(key)
}

fn act(config: &Config, alias: &str, action: &str, body: String) -> Request {
    let path = format!("/v2/alerts/{}/{action}?identifierType=alias", dogwatch_sdk::text::percent(alias));
    request(config, Method::Post, &path).json(vec![body.into()]).into()
}

dogwatch_sdk::export_channel!(Opsgenie);

#[cfg(test)]
mod tests;
