//! The message, in blocks of plain text: Slack looks for no markup there.

use dogwatch_sdk::channel::Alert;
use dogwatch_sdk::json::Object;
use dogwatch_sdk::text::{Unit, body_within_escaped, escaped, one_line, title};

use crate::config::Mention;

/// The longest texts, as Slack documents them.
const LONGEST_HEADER: usize = 150;
const LONGEST_SECTION: usize = 3000;
/// The longest title above the rest in a section; the rest gets the space that is left. The two also make up a
/// message's text, for which Slack recommends 4000 at most.
const LONGEST_TITLE: usize = 700;
/// The longest line below, in characters.
const LONGEST_CONTEXT: usize = 300;

/// The message as JSON.
pub(crate) fn of(mention: Option<&Mention>, alert: &Alert) -> String {
    let ping = mention.filter(|_| alert.is_serious()).map(Mention::written);
    let title = title(alert);
    let header = literal(&title, LONGEST_HEADER);
    let room = LONGEST_SECTION.saturating_sub(LONGEST_TITLE).saturating_sub(1);
    let body = literal(&body_within_escaped(alert, room, Unit::Utf16, escape), room);
    // Shown in a phone's notification, and by programs that do not know blocks.
    let text = format!("{}\n{body}", literal(&title, LONGEST_TITLE));
    // A title too long for the header comes first below it.
    let section = if header.ends_with('…') { &text } else { &body };
    let context = one_line(&format!("{} {}, site {}", alert.chain, alert.witness, alert.site));
    let mut blocks = vec![Object::new().text("type", "header").object("text", plain_text(&header))];
    if let Some(ping) = &ping {
        let ping = Object::new().text("type", "mrkdwn").text("text", ping);
        blocks.push(Object::new().text("type", "section").object("text", ping));
    }
    blocks.push(Object::new().text("type", "section").object("text", plain_text(section)));
    let elements = format!("[{}]", plain_text(&literal(&context, LONGEST_CONTEXT)).finish());
    blocks.push(Object::new().text("type", "context").raw("elements", &elements));
    let blocks: Vec<_> = blocks.into_iter().map(Object::finish).collect();
    let text = ping.map_or_else(|| text.clone(), |ping| format!("{ping} {text}"));
    Object::new()
        .text("text", &text)
        .raw("blocks", &format!("[{}]", blocks.join(",")))
        .flag("mrkdwn", false)
        .flag("unfurl_links", false)
        .flag("unfurl_media", false)
        .finish()
}

fn plain_text(text: &str) -> Object {
    Object::new().text("type", "plain_text").text("text", text).flag("emoji", false)
}

/// The text, escaped and cut.
fn literal(text: &str, limit: usize) -> String {
    escaped(text, limit, Unit::Utf16, escape)
}

/// Escapes the three characters that are special in every text of Slack's.
fn escape(character: char, out: &mut String) {
    match character {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        _ => out.push(character),
    }
}

impl Mention {
    fn written(&self) -> String {
        match self {
            Self::Here => "<!here>".to_owned(),
            Self::Channel => "<!channel>".to_owned(),
            Self::User(id) => format!("<@{id}>"),
            Self::Group(id) => format!("<!subteam^{id}>"),
        }
    }
}
