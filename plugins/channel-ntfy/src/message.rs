//! The request that publishes a message.

use dogwatch_sdk::channel::{Alert, Encoding, Event, HttpRequest, Method, Request, Severity};
use dogwatch_sdk::json::Object;

use crate::call::Call;
use crate::config::Config;
use crate::text::{message_of, title_of};

/// The request that delivers an alert.
pub(crate) fn request(config: &Config, memory: &str, alert: &Alert) -> Request {
    let call = Call::of(config, memory, alert);
    let (priority, tag) = loudness(alert);
    let mut message = Object::new()
        .text("title", &title_of(alert))
        .text("message", &message_of(alert, call))
        .integer("priority", priority)
        .texts("tags", [tag]);
    if let Call::Wanted(number) = call {
        message = message.text("call", number);
    }
    let body = message.with_first_part("topic", config.topic.part(Encoding::Json));
    let url = format!("{}/", config.url);
    config.authorised(HttpRequest::new(Method::Post, vec![url.into()])).json(body).into()
}

/// ntfy's priority, from 1 to 5, and the tag that its apps show as an emoji: 5 rings as loud as the app is set to, and
/// 2 is silent.
const fn loudness(alert: &Alert) -> (i64, &'static str) {
    match (alert.event, alert.severity) {
        (Event::Resolved, _) => (2, "white_check_mark"),
        (Event::Acknowledged, _) => (2, "raising_hand"),
        (Event::Report, _) => (2, "clipboard"),
        (_, Severity::Page) => (5, "rotating_light"),
        (_, Severity::Critical) => (4, "rotating_light"),
        (_, Severity::Warning) => (3, "warning"),
        (_, Severity::Info) => (2, "information_source"),
    }
}
