//! What Opsgenie accepts in a request: members, limits and texts of the errors.

use serde_json::{Map, Value};

/// The longest message in characters. They are counted as UTF-16 units, the strictest way.
const MESSAGE: usize = 130;
/// The longest alias and the longest entity.
const ALIAS: usize = 512;
/// The longest description.
const DESCRIPTION: usize = 15_000;
/// The longest source and the longest user.
pub(super) const SOURCE: usize = 100;
/// The longest note.
pub(super) const NOTE: usize = 25_000;
/// The limit for all details together.
const DETAILS: usize = 8000;
/// The largest number of tags, and the longest tag.
const TAGS: (usize, usize) = (20, 50);
/// The largest number of responders.
const RESPONDERS: usize = 50;

/// The errors, by field.
pub(super) type Wrong = (String, String);

pub(super) fn wrong_with_alert(members: &Map<String, Value>) -> Vec<Wrong> {
    let known = [
        "message",
        "alias",
        "description",
        "responders",
        "visibleTo",
        "actions",
        "tags",
        "details",
        "entity",
        "source",
        "priority",
        "user",
        "note",
    ];
    let mut errors = unknown(members, &known);
    let limits = [
        ("message", MESSAGE),
        ("alias", ALIAS),
        ("description", DESCRIPTION),
        ("entity", ALIAS),
        ("source", SOURCE),
        ("user", SOURCE),
        ("note", NOTE),
        ("priority", 2),
    ];
    for (name, longest) in limits {
        errors.extend(wrong_with_text(members, name, longest));
    }
    let mut wrong = |name: &str, why: &str| errors.push((name.to_owned(), why.to_owned()));
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    if text("message").is_none_or(|message| message.trim().is_empty()) {
        wrong("message", "Message can not be empty.");
    }
    if text("priority").is_some_and(|priority| !["P1", "P2", "P3", "P4", "P5"].contains(&priority)) {
        wrong("priority", "Priority should be one of [ P1, P2, P3, P4, P5 ]");
    }
    if members.get("tags").is_some_and(|tags| !are_tags(tags)) {
        wrong("tags", "Tags should be at most 20 texts of at most 50 characters.");
    }
    if members.get("responders").is_some_and(|responders| !are_responders(responders)) {
        wrong("responders", "Responders should have a type and an id, a name or a username.");
    }
    if members.get("details").is_some_and(|details| !are_details(details)) {
        wrong("details", "Details should be a map of texts, of at most 8000 characters.");
    }
    errors
}

pub(super) fn unknown(members: &Map<String, Value>, known: &[&str]) -> Vec<Wrong> {
    let unknown = members.keys().filter(|name| !known.contains(&name.as_str()));
    unknown.map(|name| (name.clone(), "Unrecognized property.".to_owned())).collect()
}

fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

pub(super) fn wrong_with_text(members: &Map<String, Value>, name: &str, longest: usize) -> Option<Wrong> {
    match members.get(name)? {
        Value::String(text) if length(text) <= longest => None,
        Value::String(_) => Some((name.to_owned(), format!("length exceeds the maximum value [{longest}]"))),
        _ => Some((name.to_owned(), "is not a text".to_owned())),
    }
}

fn are_tags(tags: &Value) -> bool {
    let is_tag = |tag: &Value| tag.as_str().is_some_and(|tag| !tag.is_empty() && length(tag) <= TAGS.1);
    tags.as_array().is_some_and(|tags| tags.len() <= TAGS.0 && tags.iter().all(is_tag))
}

fn are_responders(responders: &Value) -> bool {
    let is_responder = |responder: &Value| {
        let Some(members) = responder.as_object() else { return false };
        let kind = members.get("type").and_then(Value::as_str).unwrap_or_default();
        let names: &[&str] = match kind {
            "user" => &["id", "username"],
            "team" | "escalation" | "schedule" => &["id", "name"],
            _ => return false,
        };
        members.len() == 2
            && names.iter().any(|name| members.get(*name).and_then(Value::as_str).is_some_and(|name| !name.is_empty()))
    };
    responders.as_array().is_some_and(|list| list.len() <= RESPONDERS && list.iter().all(is_responder))
}

fn are_details(details: &Value) -> bool {
    let Some(details) = details.as_object() else { return false };
    let length = |(name, value): (&String, &Value)| Some(length(name) + length(value.as_str()?));
    details.iter().map(length).sum::<Option<usize>>().is_some_and(|sum| sum <= DETAILS)
}
