//! What Alertmanager's responses mean.

use dogwatch_sdk::channel::{Judgement, Response};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{parse, text};

/// Judges the response to alerts. A success has no body; a page comes from a proxy, such as a login.
pub(crate) fn of_message(response: &Response) -> Judgement {
    let is_page = response.body.trim_ascii_start().starts_with(b"<");
    match response.status {
        200..=299 if is_page => no_alertmanager(response.status),
        _ => with_words(response),
    }
}

/// Judges the list of receivers: `[{"name":"…"}]`.
pub(crate) fn of_receivers(response: &Response) -> Judgement {
    let body = parse(&response.body);
    let is_list = body.as_array().is_some_and(|list| list.iter().all(|receiver| receiver.get("name").is_some()));
    match response.status {
        200..=299 if is_list => Judgement::Delivered,
        200..=299 => no_alertmanager(response.status),
        _ => with_words(response),
    }
}

fn no_alertmanager(status: u16) -> Judgement {
    Judgement::Permanent(format!("the service answers {status}, but not as Alertmanager would: is the url right?"))
}

fn with_words(response: &Response) -> Judgement {
    let body = parse(&response.body);
    // Alertmanager gives its reason as a text, or as an object with a message.
    http::judge(response).with_detail(body.as_str().unwrap_or_else(|| text(&body, "message")))
}
