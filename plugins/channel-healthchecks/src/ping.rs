//! The requests that ping a check.

use dogwatch_sdk::channel::{Encoding, Header, Heartbeat, HttpRequest, Method, Part, Pulse, Request};
use dogwatch_sdk::text::{Unit, cut, one_line, plain};

use crate::check::{Check, Config, Create};

/// How much of a body a self-hosted Healthchecks keeps by default (`PING_BODY_LIMIT`), in bytes; healthchecks.io keeps
/// ten times as much. The body is cut here so that no character is cut in half there.
const LONGEST_BODY: usize = 10_000;

/// The ping that carries a heartbeat.
pub(crate) fn of(config: &Config, heartbeat: &Heartbeat) -> Request {
    let site = one_line(&heartbeat.site);
    match &heartbeat.pulse {
        Pulse::Started => request(config, "/start", &format!("Dogwatch at {site} has started.")),
        Pulse::Well => request(config, "", &format!("Dogwatch at {site}: a full cycle went well.")),
        Pulse::Failing(reason) => {
            let reason = plain(reason);
            request(config, "/fail", &format!("Dogwatch at {site} cannot do its work:\n{}", reason.trim()))
        }
    }
}

/// An entry in the check's log.
pub(crate) fn test(config: &Config) -> Request {
    request(config, "/log", "A Dogwatch self-test. It changes nothing.")
}

fn request(config: &Config, action: &str, body: &str) -> Request {
    let secret = |name| Part::encoded_secret(name, Encoding::Percent);
    let (secret, behind) = match &config.check {
        Check::Uuid => (secret("uuid"), action.to_owned()),
        Check::Slug { slug, create } => {
            let query = match create {
                Create::Never => "",
                Create::Missing => "?create=1",
            };
            (secret("ping_key"), format!("/{slug}{action}{query}"))
        }
    };
    let mut url = vec![format!("{}/", config.url).into(), secret];
    if !behind.is_empty() {
        url.push(behind.into());
    }
    let headers = vec![Header::plain("content-type", "text/plain; charset=utf-8")];
    let body = vec![cut(body, LONGEST_BODY, Unit::Bytes).into()];
    HttpRequest { method: Method::Post, url, headers, body }.into()
}
