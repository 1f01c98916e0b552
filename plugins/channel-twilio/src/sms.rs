//! What a text message says.

use dogwatch_sdk::channel::{Alert, Event};
use dogwatch_sdk::text::{Unit, cut, one_line, title};

use crate::config::Config;
use crate::number::is_service;

/// The longest message in plain ASCII, in characters: two of the network's segments of 153.
const ASCII_MOST: usize = 306;
/// The longest message with other characters, in UTF-16 units: three segments of 67.
const OTHER_MOST: usize = 201;
/// The longest title and the longest other line if they do not all fit: no line may push out the rest.
const ASCII_LINES: (usize, usize) = (110, 60);
const OTHER_LINES: (usize, usize) = (70, 35);

/// The fields of a message, unless it is a report, which can wait until somebody looks.
pub(crate) fn fields(config: &Config, alert: &Alert) -> Option<Vec<(&'static str, String)>> {
    if alert.event == Event::Report {
        return None;
    }
    let sender = if is_service(&config.from) { "MessagingServiceSid" } else { "From" };
    Some(vec![("To", config.to.clone()), (sender, config.from.clone()), ("Body", body(alert))])
}

fn body(alert: &Alert) -> String {
    let whole = lines(alert, (usize::MAX, usize::MAX)).join("\n");
    let fits = if whole.is_ascii() { whole.len() <= ASCII_MOST } else { Unit::Utf16.length(&whole) <= OTHER_MOST };
    if fits {
        return whole;
    }
    // An ellipsis alone would make the rest count as if it were not ASCII.
    let ascii = lines(alert, ASCII_LINES).join("\n").replace('…', "...");
    if !ascii.is_ascii() {
        return cut(&lines(alert, OTHER_LINES).join("\n"), OTHER_MOST, Unit::Utf16);
    }
    if ascii.len() <= ASCII_MOST {
        return ascii;
    }
    // Three dots are two characters more than an ellipsis.
    cut(&ascii, ASCII_MOST.saturating_sub(2), Unit::Chars).replace('…', "...")
}

/// The lines of a message, most important first.
fn lines(alert: &Alert, (title_most, line_most): (usize, usize)) -> Vec<String> {
    let mut lines = vec![cut(&title(alert), title_most, Unit::Chars)];
    let mut push = |label: &str, text: &str| {
        let text = cut(&one_line(text), line_most, Unit::Chars);
        if !text.is_empty() {
            lines.push(format!("{label}{text}"));
        }
    };
    if alert.event == Event::Escalated {
        push("", "Nobody has acknowledged it yet.");
    }
    if alert.event == Event::Acknowledged {
        push("By ", &alert.acknowledged_by);
    } else {
        push("", &alert.details);
    }
    if !matches!(alert.event, Event::Acknowledged | Event::Resolved) {
        push("To do: ", &alert.remedy);
        push("Type: ", &alert.command);
    }
    lines
}
