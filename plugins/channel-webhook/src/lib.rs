//! Posts alerts, as JSON or any other text, to a URL of the operator's choice.
//!
//! The address is a setting, or a secret if anybody who knows it can post. The secret `token` is sent as a bearer
//! token. Every request carries the message's identity as the header `idempotency-key`: a message that is sent again
//! carries the same one.
//!
//! # Templates
//!
//! Without a `template` the body is a JSON object with a member for each field of the alert. A template replaces it. In
//! a template `{{name}}` stands for a field: `summary`, `details`, `remedy`, `command`, `severity` (info, warning,
//! critical or page), `event` (opened, updated, escalated, acknowledged, resolved or report), `key`, `message_id`,
//! `subject`, `cause`, `site`, `chain`, `witness`, `acknowledged_by`, and the times `opened_at` and `at` (RFC 3339).
//! `title` is one line that says what happened; `body` is everything else that a human wants to know, in several lines.
//!
//! Fields are escaped as the content type needs it: as the inside of a JSON string in JSON, percent-encoded in a form,
//! with entities in HTML and XML, and not at all elsewhere. `{{name|json}}`, `{{name|url}}`, `{{name|html}}` and
//! `{{name|raw}}` override that. A JSON template that would not produce JSON is refused when the settings are read.
//!
//! Apprise's API, and through it every service that Apprise can reach, takes this template at `/notify/KEY`:
//!
//! ```json
//! {"title":"{{title}}","body":"{{body}}","type":"failure"}
//! ```
//!
//! # Signatures
//!
//! With the secret `signing_key` each request carries two more headers: `x-dogwatch-timestamp`, the alert's time in
//! seconds since 1970, and `x-dogwatch-signature`, which is `sha256=` and the HMAC-SHA-256, in hexadecimal, of the
//! timestamp, a full stop and the body, with the key. A receiver computes the same over the bytes that came in,
//! compares in constant time, and refuses what is too old. A message that is sent again keeps its
//! timestamp: allow for the time that it may have waited, and drop repetitions by their `idempotency-key`.

mod body;
mod config;
mod headers;
mod template;

use dogwatch_sdk::Reader;
use dogwatch_sdk::channel::{Alert, Channel, Encoding, Header, HttpRequest, Part, Request};
use dogwatch_sdk::text::{Unit, cut};

pub use config::{Config, Signing, Token};

/// The webhook channel.
#[derive(Debug)]
pub struct Webhook;

/// The longest text of an alert, in bytes of UTF-8: nobody reads more, and receivers limit the size of bodies.
const LONGEST_TEXT: usize = 16 * 1024;

impl Channel for Webhook {
    const NAME: &'static str = "webhook";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Posts alerts to any URL, as JSON or by your own template.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        config::read(read)
    }

    fn compose(config: &Config, _memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        let alert = &fitted(alert);
        let mut request = HttpRequest::new(config.method, vec![config.url.part(Encoding::Plain)])
            .header(Header::plain("content-type", &config.content_type))
            .header(Header::plain("idempotency-key", headers::visible(&alert.message_id)));
        if config.token == Token::Bearer {
            request = request.header(Header::bearer("token"));
        }
        if config.signing == Signing::Key {
            let timestamp = alert.at.div_euclid(1000).to_string();
            let signature = vec!["sha256=".into(), Part::signature("signing_key", format!("{timestamp}."))];
            request = request
                .header(Header::plain("x-dogwatch-timestamp", timestamp))
                .header(Header { name: "x-dogwatch-signature".to_owned(), value: signature });
        }
        for (name, value) in &config.headers {
            request = request.header(Header::plain(name, value));
        }
        let body = config.template.as_ref().map_or_else(|| body::of(alert), |template| template.fill(alert));
        Ok(vec![HttpRequest { body: vec![body.into()], ..request }.into()])
    }
}

/// The alert, with its texts cut to a length that receivers can handle.
fn fitted(alert: &Alert) -> Alert {
    let short = |text: &str| cut(text, LONGEST_TEXT, Unit::Bytes);
    Alert {
        summary: short(&alert.summary),
        details: short(&alert.details),
        remedy: short(&alert.remedy),
        command: short(&alert.command),
        ..alert.clone()
    }
}

dogwatch_sdk::export_channel!(Webhook);

#[cfg(test)]
mod tests;
