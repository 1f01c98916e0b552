//! The requests that send, cancel and validate.

use dogwatch_sdk::channel::{Alert, Event, FormValue, HttpRequest, Method, Request, Severity};
use dogwatch_sdk::text::short_hash;

use crate::config::Config;
use crate::text::{message_of, title_of};

/// How loud a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Priority {
    /// No sound and no vibration.
    Low,
    /// A sound, but not in the phone's quiet hours.
    Normal,
    /// A sound in quiet hours too.
    High,
    /// The same, again and again until it is acknowledged.
    Emergency,
}

impl Priority {
    fn of(alert: &Alert) -> Self {
        match (alert.event, alert.severity) {
            (Event::Acknowledged | Event::Resolved | Event::Report, _) | (_, Severity::Info) => Self::Low,
            (_, Severity::Warning) => Self::Normal,
            (_, Severity::Critical) => Self::High,
            (_, Severity::Page) => Self::Emergency,
        }
    }

    const fn written(self) -> &'static str {
        match self {
            Self::Low => "-1",
            Self::Normal => "0",
            Self::High => "1",
            Self::Emergency => "2",
        }
    }
}

/// The requests that deliver an alert.
pub(crate) fn requests(config: &Config, alert: &Alert) -> Vec<Request> {
    let mut requests = Vec::new();
    if cancels(alert) {
        requests.push(cancel(config, alert));
    }
    requests.push(message(config, alert));
    requests
}

/// Whether a repeating page about this alert is stopped first: because nobody is needed any more, or because a newer
/// page replaces it. Any alert may have been a page before.
pub(crate) fn cancels(alert: &Alert) -> bool {
    match alert.event {
        Event::Acknowledged | Event::Resolved => true,
        Event::Updated => alert.severity == Severity::Page,
        Event::Opened | Event::Escalated | Event::Report => false,
    }
}

fn cancel(config: &Config, alert: &Alert) -> Request {
    let url = format!("{}/1/receipts/cancel_by_tag/{}.json", config.url, tag(alert));
    HttpRequest::new(Method::Post, vec![url.into()]).form([("token", FormValue::Secret("token"))]).into()
}

fn message(config: &Config, alert: &Alert) -> Request {
    let priority = Priority::of(alert);
    let (title, text, tag) = (title_of(alert), message_of(alert), tag(alert));
    let timestamp = alert.at.div_euclid(1000).to_string();
    let (retry, expire) = (config.retry.as_secs().to_string(), config.expire.as_secs().to_string());
    let mut fields = vec![
        ("token", FormValue::Secret("token")),
        ("user", FormValue::Secret("user")),
        ("title", FormValue::Text(&title)),
        ("message", FormValue::Text(&text)),
        ("priority", FormValue::Text(priority.written())),
        // When it happened: the message may come late.
        ("timestamp", FormValue::Text(&timestamp)),
    ];
    if priority == Priority::Emergency {
        fields.push(("retry", FormValue::Text(&retry)));
        fields.push(("expire", FormValue::Text(&expire)));
        fields.push(("tags", FormValue::Text(&tag)));
    }
    if let Some(device) = &config.device {
        fields.push(("device", FormValue::Text(device)));
    }
    if let (Some(sound), Priority::High | Priority::Emergency) = (&config.sound, priority) {
        fields.push(("sound", FormValue::Text(sound)));
    }
    let url = format!("{}/1/messages.json", config.url);
    HttpRequest::new(Method::Post, vec![url.into()]).form(fields).into()
}

/// Asks whether Pushover knows the application and the user, and the device if there is one.
pub(crate) fn validation(config: &Config) -> Request {
    let mut fields = vec![("token", FormValue::Secret("token")), ("user", FormValue::Secret("user"))];
    // It takes one device at a time.
    if let Some(device) = config.device.as_deref().and_then(|devices| devices.split(',').next()) {
        fields.push(("device", FormValue::Text(device)));
    }
    let url = format!("{}/1/users/validate.json", config.url);
    HttpRequest::new(Method::Post, vec![url.into()]).form(fields).into()
}

/// The tag of all pages about one alert. The key is hashed, since it may hold slashes and commas, which paths and lists
/// of tags cannot.
fn tag(alert: &Alert) -> String {
    format!("dogwatch-{}", short_hash(&alert.key))
}
