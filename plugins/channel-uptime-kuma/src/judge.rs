//! What the responses mean.
//!
//! Uptime Kuma answers `{"ok":true}`. To every failure, even of its database, it answers 404 and
//! `{"ok":false,"msg":…}`; to unknown addresses, 200 and its web page.

use dogwatch_sdk::channel::{Judgement, Response};
use dogwatch_sdk::{http, json};

pub(crate) fn of_response(response: &Response) -> Judgement {
    let body = json::parse(&response.body);
    let ok = body.get("ok").and_then(json::Value::as_bool);
    match (response.status, ok) {
        (200, Some(true)) => Judgement::Delivered,
        // Old versions answered 200 here as well.
        (200 | 400 | 404 | 500, Some(false)) => refused(json::text(&body, "msg")),
        (200..=299, _) => Judgement::Permanent(
            "the service answers, but not as Uptime Kuma would: is the url right? It is what stands in front of /api/push \
             in the monitor's push URL"
                .to_owned(),
        ),
        _ => http::judge(response),
    }
}

fn refused(message: &str) -> Judgement {
    if message.to_ascii_lowercase().contains("not found or not active") {
        return Judgement::Permanent(
            "Uptime Kuma has no active push monitor with this token: is the monitor paused or deleted, or its token a \
             new one?"
                .to_owned(),
        );
    }
    Judgement::Transient("Uptime Kuma could not take the push".to_owned()).with_detail(message)
}
