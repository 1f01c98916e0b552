//! What the responses mean.
//!
//! A self-hosted Healthchecks answers as documented. For old clients, healthchecks.io answers every ping by id with
//! 200, and says in the body whether the check exists and whether the ping counted.

use dogwatch_sdk::Settings;
use dogwatch_sdk::channel::{Judgement, Response};
use dogwatch_sdk::http;

/// How long to wait after too many pings, in milliseconds: they are counted by the minute.
const RATE_LIMIT_MILLIS: u64 = 60_000;

pub(crate) fn of_response(settings: &Settings, response: &Response) -> Judgement {
    let body = String::from_utf8_lossy(&response.body).trim().to_ascii_lowercase();
    match response.status {
        200 if body == "ok" => Judgement::Delivered,
        // The service created the check.
        201 => Judgement::Delivered,
        200 if body.contains("not found") => unknown(settings),
        200 if body.contains("rate limited") => rate_limited(response),
        200..=299 => Judgement::Permanent(
            "the service answers, but not as Healthchecks would: is the url right? It is https://hc-ping.com, or that \
             of your own Healthchecks, which ends in /ping"
                .to_owned(),
        ),
        404 if body == "not found" => unknown(settings),
        404 => Judgement::Permanent(
            "the service answers 404 (not found): is the url right, which ends in /ping for a Healthchecks server of \
             your own, and is the secret the id or the ping key alone?"
                .to_owned(),
        ),
        400 => Judgement::Permanent(
            "the service answers 400 (it does not understand the address): the secret must be the check's id or the \
             ping key alone"
                .to_owned(),
        ),
        409 => Judgement::Permanent(
            "the service answers 409 (ambiguous slug): several checks of the project have the slug; give them \
             different ones, or use the secret uuid"
                .to_owned(),
        ),
        429 => rate_limited(response),
        _ => http::judge(response),
    }
}

fn rate_limited(response: &Response) -> Judgement {
    Judgement::RetryAfter(http::retry_after(response).unwrap_or(RATE_LIMIT_MILLIS))
}

fn unknown(settings: &Settings) -> Judgement {
    let message = if settings.get("slug").is_some() {
        "there is no check with this ping key and slug: compare both with the project's; with create = true it \
         makes a check that is missing"
    } else {
        "there is no check with this uuid: was it deleted? The secret uuid is the last part of the check's \
         ping URL, alone"
    };
    Judgement::Permanent(message.to_owned())
}
