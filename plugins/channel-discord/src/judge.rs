//! What Discord's responses mean.

use dogwatch_sdk::channel::{Judgement, Response};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{Value, parse};
use dogwatch_sdk::text::{Unit, cut, one_line, quoted};

/// Judges the response to a message.
pub(crate) fn of_message(response: &Response) -> Judgement {
    let answer = parse(&response.body);
    match (response.status, answer.get("id").and_then(Value::as_str)) {
        (200, Some(id)) => Judgement::Accepted(id.to_owned()),
        (204, _) => Judgement::Permanent(
            "Discord answers 204: it does not say whether it keeps the message. The secret webhook must be the plain \
             URL of a webhook, with nothing appended"
                .to_owned(),
        ),
        (200..=299, _) => strange(response),
        _ => refused(response, &answer),
    }
}

/// Judges the response that shows whether the webhook exists.
pub(crate) fn of_self_test(response: &Response) -> Judgement {
    let answer = parse(&response.body);
    match (response.status, answer.get("type").and_then(Value::as_u64)) {
        (200, Some(1)) => Judgement::Delivered,
        (200, Some(_)) => Judgement::Permanent("that webhook takes no messages: create an incoming one".into()),
        (200..=299, _) => strange(response),
        _ => refused(response, &answer),
    }
}

/// A response that succeeds by its status, but does not look like Discord's.
fn strange(response: &Response) -> Judgement {
    Judgement::Transient(format!(
        "the service answers {}, but not as Discord would: does the url lead to a Discord webhook?",
        response.status
    ))
}

fn refused(response: &Response, answer: &Value) -> Judgement {
    if response.status == 429 {
        return match wait(response, answer) {
            Some(millis) => Judgement::RetryAfter(millis),
            None => Judgement::Transient("Discord answers 429 (too many messages)".to_owned()),
        };
    }
    // A response that is not JSON comes from a proxy in front of Discord.
    let Some(message) = answer.get("message").and_then(Value::as_str) else { return http::judge(response) };
    let said = quoted(message);
    match (response.status, answer.get("code").and_then(Value::as_u64)) {
        (404, Some(10_003)) => Judgement::Permanent(format!("Discord says: {said}. Is thread the id of a thread?")),
        (404, _) => Judgement::Permanent(format!(
            "Discord says: {said}: the webhook is gone; create a new one and replace the URL"
        )),
        (401 | 403, _) => Judgement::Permanent(format!(
            "Discord says: {said}. The webhook's token is wrong: copy the webhook's URL again"
        )),
        (400, Some(220_001)) => {
            Judgement::Permanent(format!("Discord says: {said}. Set thread to the id of a thread of that forum"))
        }
        (400, _) => Judgement::Permanent(format!(
            "Discord says: {said}{}. Is the webhook's URL plain, thread right and the mention's id right?",
            detail(answer)
        )),
        _ => match http::judge(response) {
            Judgement::Permanent(_) => Judgement::Permanent(format!("Discord says: {said}")),
            Judgement::Transient(_) => Judgement::Transient(format!("Discord says: {said}")),
            other => other,
        },
    }
}

/// How long to wait, in milliseconds; the response says it in seconds, with fractions.
fn wait(response: &Response, answer: &Value) -> Option<u64> {
    let from_header = |name| http::header(response, name).and_then(|value| value.parse::<f64>().ok());
    let seconds = answer.get("retry_after").and_then(Value::as_f64).or_else(|| from_header("retry-after"));
    let seconds = seconds.or_else(|| from_header("x-ratelimit-reset-after")).filter(|seconds| *seconds >= 0.0)?;
    // The cast saturates.
    Some(((seconds * 1000.0).ceil() as u64).min(http::LONGEST_WAIT))
}

/// Which member of the message Discord calls wrong: the path to its first complaint.
fn detail(answer: &Value) -> String {
    let mut value = answer.get("errors");
    let mut path = Vec::new();
    while let Some(Value::Object(members)) = value {
        let Some((name, inner)) = members.iter().next().filter(|_| path.len() < 6) else { break };
        if name == "_errors" {
            break;
        }
        path.push(name.as_str());
        value = Some(inner);
    }
    if path.is_empty() { String::new() } else { format!(" ({})", cut(&one_line(&path.join(".")), 100, Unit::Chars)) }
}
