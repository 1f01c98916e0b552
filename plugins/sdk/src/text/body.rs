//! The body of a message, below its title.

use super::clean::plain;
use super::cut::Unit;
use crate::channel_types::{Alert, Event};
use crate::time::rfc3339;

/// What a line holds, which decides how far it may be shortened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    /// Always short.
    Fixed,
    AcknowledgedBy,
    Details,
    Remedy,
    Command,
    Subject,
    Key,
}

/// The order in which fields are shortened if a text is too long, and the least that each keeps, in sixteenths of the
/// room that they share.
const YIELDING: [(Field, usize); 6] = [
    (Field::Details, 4),
    (Field::Remedy, 4),
    (Field::AcknowledgedBy, 1),
    (Field::Subject, 1),
    (Field::Key, 2),
    (Field::Command, 2),
];

/// One line of the body, or several.
#[derive(Debug)]
struct Line {
    field: Field,
    label: &'static str,
    text: String,
}

/// What the title does not say: what Dogwatch saw and did, since when, what to do, and the one command to type. Several
/// lines, the most important first.
#[must_use]
pub fn body(alert: &Alert) -> String {
    joined(&lines(alert))
}

/// The [`body`], cut to this length in this unit.
///
/// If it is too long, the details are shortened first, and no further than needed; then the remedy, then who
/// acknowledged it and what it is about, and last the key and the command. No field is lost because another one is too
/// long, and a shortened field ends in an ellipsis. A limit below about 250 has no room for all lines: then the last
/// lines are dropped.
#[must_use]
pub fn body_within(alert: &Alert, limit: usize, unit: Unit) -> String {
    body_within_escaped(alert, limit, unit, |character, out| out.push(character))
}

/// The same for a text that will be escaped, character by character: once escaped, it has at most this length. The text
/// returned is not escaped yet.
///
/// ```
/// use dogwatch_sdk::testing::alert;
/// use dogwatch_sdk::text::{Unit, body_within_escaped, escaped, html};
///
/// let mut alert = alert();
/// alert.details = "<<<>>>".repeat(1000);
/// let body = body_within_escaped(&alert, 1024, Unit::Chars, html);
/// assert!(body.contains("\nType: dogwatch status\n"));
/// let written = escaped(&body, 1024, Unit::Chars, html);
/// assert!(written.ends_with("\nAlert hive/alice/missing"));
/// ```
#[must_use]
pub fn body_within_escaped(alert: &Alert, limit: usize, unit: Unit, escape: impl Fn(char, &mut String)) -> String {
    let mut piece = String::new();
    let mut cost = |character| {
        piece.clear();
        escape(character, &mut piece);
        unit.length(&piece)
    };
    let mut lines = lines(alert);
    // A field that does not fit even alone is cut before anything is counted, so that megabytes cost nothing.
    for line in &mut lines {
        line.text = cut_by(&line.text, limit, &mut cost);
    }
    let lengths: Vec<_> = lines.iter().map(|line| length(&line.text, &mut cost)).collect();
    let all = length(&joined(&lines), &mut cost);
    if all <= limit {
        return joined(&lines);
    }
    let may_yield = |line: &Line| line.field != Field::Fixed;
    let yielding = lines.iter().zip(&lengths).filter(|(line, _)| may_yield(line));
    let yielding = yielding.fold(0_usize, |sum, (_, length)| sum.saturating_add(*length));
    let room = limit.saturating_sub(all.saturating_sub(yielding));
    let mut excess = all.saturating_sub(limit);
    for (field, sixteenths) in YIELDING {
        let found = lines.iter_mut().zip(&lengths).find(|(line, _)| line.field == field);
        let Some((line, before)) = found else { continue };
        let least = room.saturating_mul(sixteenths) / 16;
        let target = before.saturating_sub(excess).max(least);
        line.text = cut_by(&line.text, target, &mut cost);
        let saved = before.saturating_sub(length(&line.text, &mut cost));
        excess = excess.saturating_sub(saved);
    }
    lines.retain(|line| !line.text.is_empty());
    cut_by(&joined(&lines), limit, &mut cost)
}

fn lines(alert: &Alert) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut push = |field, label, text: &str| {
        let text = plain(text);
        if !text.trim().is_empty() {
            lines.push(Line { field, label, text: text.trim().to_owned() });
        }
    };
    if alert.event == Event::Escalated {
        push(Field::Fixed, "", "Nobody has acknowledged this alert yet.");
    }
    if alert.event == Event::Acknowledged {
        push(Field::AcknowledgedBy, "Acknowledged by ", &alert.acknowledged_by);
    }
    push(Field::Details, "", &alert.details);
    if !matches!(alert.event, Event::Resolved | Event::Report) {
        push(Field::Remedy, "To do: ", &alert.remedy);
        push(Field::Command, "Type: ", &alert.command);
    }
    if alert.event != Event::Report {
        let since = rfc3339(alert.opened_at).trim_end_matches('Z').replace('T', " ");
        push(Field::Fixed, "Since ", &format!("{since} UTC"));
    }
    push(Field::Subject, "About ", &alert.subject);
    push(Field::Key, "Alert ", &alert.key);
    lines
}

fn joined(lines: &[Line]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| format!("{}{}", line.label, line.text)).collect();
    lines.join("\n")
}

fn length(text: &str, cost: &mut impl FnMut(char) -> usize) -> usize {
    text.chars().fold(0, |sum, character| sum.saturating_add(cost(character)))
}

/// The text, cut so that its characters cost at most this much; a text that was cut ends in an ellipsis.
fn cut_by(text: &str, limit: usize, cost: &mut impl FnMut(char) -> usize) -> String {
    let ellipsis = cost('…');
    let room = limit.saturating_sub(ellipsis);
    let (mut used, mut fits) = (0_usize, 0_usize);
    for (at, character) in text.char_indices() {
        used = used.saturating_add(cost(character));
        if used > limit {
            let kept = text.get(..fits).unwrap_or_default();
            return if ellipsis <= limit { format!("{kept}…") } else { kept.to_owned() };
        }
        if used <= room {
            fits = at.saturating_add(character.len_utf8());
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixtures::{HOSTILE, alert, alerts, overlong};
    use crate::text::cut::escaped;
    use crate::text::encode::html;

    const UNITS: [Unit; 3] = [Unit::Chars, Unit::Utf16, Unit::Bytes];

    #[test]
    fn says_what_to_do() {
        let mut alert = alert();
        assert_eq!(
            body(&alert),
            "2 own slots in a row\nTo do: look at node one\nType: dogwatch status\nSince 2023-11-15 06:32:17 UTC\n\
             About witness alice\nAlert hive/alice/missing"
        );
        alert.event = Event::Resolved;
        assert!(!body(&alert).contains("To do"));
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        for (name, alert) in alerts() {
            let whole = body(&alert);
            for unit in UNITS {
                let length = unit.length(&whole);
                assert_eq!(body_within(&alert, length, unit), whole, "{name} {unit:?}");
                assert_ne!(body_within(&alert, length - 1, unit), whole, "{name} {unit:?}");
            }
        }
    }

    #[test]
    fn only_the_details_give_way_where_that_is_enough() {
        let endless = Alert { details: "word é🐕\n".repeat(150_000), ..alert() };
        let rest = body(&Alert { details: String::new(), ..alert() });
        for unit in UNITS {
            for limit in [300, 1024, 64 * 1024] {
                let text = body_within(&endless, limit, unit);
                let length = unit.length(&text);
                assert!(length <= limit && limit - length < 8, "{limit} {unit:?} {length}");
                assert!(text.ends_with(&format!("…\n{rest}")), "{text}");
            }
        }
    }

    #[test]
    fn no_field_pushes_out_another_one() {
        let long = || "<&*_🐕é\"\n".repeat(100_000);
        let endless = Alert {
            event: Event::Acknowledged,
            details: long(),
            remedy: long(),
            command: long(),
            subject: long(),
            key: long(),
            acknowledged_by: long(),
            ..alert()
        };
        let labels = ["Acknowledged by <", "\n<", "\nTo do: <", "\nType: <", "\nSince 2023-", "\nAbout <", "\nAlert <"];
        for alert in [endless, overlong()] {
            let known = body(&alert);
            for unit in UNITS {
                for limit in [300, 1024, 15_000] {
                    let text = body_within(&alert, limit, unit);
                    let length = unit.length(&text);
                    assert!(length <= limit && length > limit / 2, "{limit} {unit:?} {length}");
                    for label in labels.iter().filter(|label| known.contains(**label)) {
                        assert!(text.contains(label), "{label} {limit} {unit:?}: {text}");
                    }
                }
            }
        }
        let text = body_within(&overlong(), 1024, Unit::Bytes);
        assert!(text.contains("\nType: dogwatch status\n") && text.ends_with("\nAlert hive/alice/missing"), "{text}");
    }

    #[test]
    fn fits_whatever_the_limit_and_the_text() {
        let hostile = Alert { details: format!("{HOSTILE}\n").repeat(50), remedy: HOSTILE.into(), ..alert() };
        for alert in [alert(), hostile, Alert { details: "é🐕".repeat(500), ..alert() }] {
            for unit in UNITS {
                for limit in (0..300).chain([1000, 10_000]) {
                    let text = body_within(&alert, limit, unit);
                    assert!(unit.length(&text) <= limit, "{limit} {unit:?} {text}");
                    assert_eq!(text, plain(&text));
                }
            }
        }
    }

    #[test]
    fn counts_what_it_becomes() {
        let quotes = Alert { details: "\"'".repeat(500_000), remedy: "&".repeat(500_000), ..alert() };
        for unit in UNITS {
            for limit in [600, 12_288] {
                let text = body_within_escaped(&quotes, limit, unit, html);
                let written = escaped(&text, usize::MAX, unit, html);
                assert!(unit.length(&written) <= limit, "{limit} {unit:?}");
                assert!(
                    written.ends_with("\nAlert hive/alice/missing") && written.contains("\nTo do: &amp;"),
                    "{written}"
                );
            }
        }
        assert_eq!(body_within_escaped(&alert(), 1000, Unit::Bytes, html), body(&alert()));
    }
}
