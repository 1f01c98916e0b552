//! Opens, acknowledges and resolves PagerDuty incidents by the Events API v2.
//!
//! Every event of an alert goes to the same routing key under the same deduplication key, as PagerDuty requires for
//! events that belong together. Reports are not sent: anything triggered there wakes somebody.

mod event;
mod judge;

use dogwatch_sdk::channel::{Alert, Channel, Encoding, HttpRequest, Judgement, Method, Part, Request, Response};
use dogwatch_sdk::json::Object;
use dogwatch_sdk::{Reader, Settings};

/// The PagerDuty channel.
#[derive(Debug)]
pub struct PagerDuty;

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The service's address, without a trailing slash.
    pub url: String,
}

/// Where PagerDuty keeps accounts of its United States region, which is the usual one.
const URL: &str = "https://events.pagerduty.com";
/// The secret that routes an event to a service or ruleset.
const ROUTING_KEY: &str = "routing_key";
/// Never the key of an alert: those begin with the chain.
const SELF_TEST: &str = "dogwatch/self-test";

impl Channel for PagerDuty {
    const NAME: &'static str = "pagerduty";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Opens, acknowledges and resolves PagerDuty incidents.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        let url = read
            .text(
                "url",
                "PagerDuty's address for events; https://events.eu.pagerduty.com for accounts in the European Union.",
            )
            .base_address(URL)
            .or(URL.to_owned());
        read.required_secret(
            ROUTING_KEY,
            "The integration key, 32 characters: in PagerDuty under Services, the service, Integrations, Events API V2. \
             So that warnings do not ring like pages, set the service's urgency to be based on the severity of alerts.",
        );
        Config { url }
    }

    fn compose(config: &Config, _memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        Ok(event::of(alert).map(|event| enqueue(config, event)).into_iter().collect())
    }

    fn judge(_settings: &Settings, alert: &Alert, _index: u32, response: &Response) -> Judgement {
        judge::of_message(response, &event::key(alert))
    }

    /// Resolves an incident that was never open. PagerDuty checks the routing key's form and drops the event, so nobody
    /// is woken.
    fn self_test(config: &Config, _memory: &str) -> Result<Vec<Request>, String> {
        Ok(vec![enqueue(config, event::resolve(SELF_TEST))])
    }

    fn judge_self_test(_settings: &Settings, _index: u32, response: &Response) -> Judgement {
        match judge::of_message(response, SELF_TEST) {
            Judgement::Accepted(_) => Judgement::Delivered,
            other => other,
        }
    }
}

fn enqueue(config: &Config, event: Object) -> Request {
    HttpRequest::new(Method::Post, vec![config.url.as_str().into(), "/v2/enqueue".into()])
        .json(event.with_first_part("routing_key", Part::encoded_secret(ROUTING_KEY, Encoding::Json)))
        .into()
}

dogwatch_sdk::export_channel!(PagerDuty);

#[cfg(test)]
mod tests;
