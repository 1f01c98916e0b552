//! Bodies from the operator's template.

use dogwatch_sdk::channel::{Alert, Event, Severity};
use dogwatch_sdk::json::{Value, parse, quote};
use dogwatch_sdk::rfc3339;
use dogwatch_sdk::text::{body, html, percent, plain, title};

/// A parsed template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(Field, Filter),
}

/// How a text is written into its surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// As the inside of a JSON string.
    Json,
    /// Percent-encoded.
    Url,
    /// With entities, for text and attributes.
    Html,
    /// As it is.
    Raw,
}

macro_rules! fields {
    ($($variant:ident $name:literal => $text:expr;)*) => {
        /// What a template can name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Field { $($variant),* }

        impl Field {
            const KNOWN: &[(&str, Self)] = &[$(($name, Self::$variant)),*];

            fn of(self, alert: &Alert) -> String {
                let text: fn(&Alert) -> String = match self { $(Self::$variant => $text),* };
                plain(&text(alert))
            }
        }
    };
}
fields! {
    Title "title" => title;
    Body "body" => body;
    Summary "summary" => |alert| alert.summary.clone();
    Details "details" => |alert| alert.details.clone();
    Remedy "remedy" => |alert| alert.remedy.clone();
    Command "command" => |alert| alert.command.clone();
    Severity "severity" => |alert| alert.severity.name().to_owned();
    Event "event" => |alert| alert.event.name().to_owned();
    Key "key" => |alert| alert.key.clone();
    MessageId "message_id" => |alert| alert.message_id.clone();
    Subject "subject" => |alert| alert.subject.clone();
    Cause "cause" => |alert| alert.cause.clone();
    Site "site" => |alert| alert.site.clone();
    Chain "chain" => |alert| alert.chain.clone();
    Witness "witness" => |alert| alert.witness.clone();
    AcknowledgedBy "acknowledged_by" => |alert| alert.acknowledged_by.clone();
    OpenedAt "opened_at" => |alert| rfc3339(alert.opened_at);
    At "at" => |alert| rfc3339(alert.at);
}

impl Template {
    /// Reads a template; fields without a filter get that one.
    pub(crate) fn read(text: &str, filter: Filter) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let Some((inside, after)) = after.split_once("}}") else {
                let begun: String = after.chars().take(20).collect();
                return Err(format!("the braces {{{{{begun} are never closed; placeholders are like {{{{title}}}}"));
            };
            pieces.push(piece(inside, filter)?);
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        let template = Self(pieces);
        if filter == Filter::Json && parse(template.fill(&sample()).as_bytes()) == Value::Null {
            return Err(
                "is not valid JSON: are all texts in quotes, as in {\"text\":\"{{title}}\"}, and all brackets closed?"
                    .to_owned(),
            );
        }
        Ok(template)
    }

    /// The body for an alert.
    pub(crate) fn fill(&self, alert: &Alert) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Field(field, filter) => filter.apply(&field.of(alert)),
        };
        self.0.iter().map(piece).collect()
    }
}

fn piece(inside: &str, filter: Filter) -> Result<Piece, String> {
    let (name, filter) = match inside.split_once('|') {
        None => (inside.trim(), filter),
        Some((name, filter)) => match filter.trim() {
            "json" => (name.trim(), Filter::Json),
            "url" => (name.trim(), Filter::Url),
            "html" => (name.trim(), Filter::Html),
            "raw" => (name.trim(), Filter::Raw),
            other => {
                return Err(format!("{{{{{inside}}}}}: no such filter as {other:?}; there are: json, url, html, raw"));
            }
        },
    };
    match Field::KNOWN.iter().find(|(known, _)| *known == name) {
        Some((_, field)) => Ok(Piece::Field(*field, filter)),
        None => {
            let known: Vec<_> = Field::KNOWN.iter().map(|(name, _)| *name).collect();
            Err(format!("{{{{{inside}}}}}: no such placeholder as {name:?}; there are: {}", known.join(", ")))
        }
    }
}

impl Filter {
    /// The filter that a content type needs.
    pub(crate) fn fitting(content_type: &str) -> Self {
        let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media.as_str() {
            "application/x-www-form-urlencoded" => Self::Url,
            "text/html" | "text/xml" | "application/xml" => Self::Html,
            "application/json" | "text/json" => Self::Json,
            other if other.ends_with("+json") => Self::Json,
            other if other.ends_with("+xml") => Self::Html,
            _ => Self::Raw,
        }
    }

    fn apply(self, text: &str) -> String {
        match self {
            Self::Json => {
                let quoted = quote(text);
                let inside = quoted.strip_prefix('"').and_then(|quoted| quoted.strip_suffix('"'));
                inside.unwrap_or_default().to_owned()
            }
            Self::Url => percent(text),
            Self::Html => text.chars().fold(String::new(), |mut out, character| {
                html(character, &mut out);
                out
            }),
            Self::Raw => text.to_owned(),
        }
    }
}

/// An alert with texts that break out of whatever is not escaped.
fn sample() -> Alert {
    let text = || "a \"quoted\" text,\\ and\nmore".to_owned();
    Alert {
        key: text(),
        message_id: text(),
        event: Event::Acknowledged,
        severity: Severity::Page,
        subject: text(),
        cause: text(),
        site: text(),
        chain: text(),
        witness: text(),
        summary: text(),
        details: text(),
        remedy: text(),
        command: text(),
        acknowledged_by: text(),
        opened_at: 0,
        at: 0,
    }
}
