//! The message, in blocks of plain text: Slack looks for no markup there.

use dogwatch_sdk::channel::{Alert, Event, Severity};
use dogwatch_sdk::json::Object;
use dogwatch_sdk::text::{Unit, body, cut, escaped, one_line, plain, title};

use crate::Mention;

/// The longest texts, as Slack documents them.
const LONGEST_HEADER: usize = 150;
const LONGEST_SECTION: usize = 3000;
/// One line.
const LONGEST_CONTEXT: usize = 300;
/// Slack cuts at 40 000; it recommends 4000.
const LONGEST_TEXT: usize = 3500;

/// The message as JSON.
pub(crate) fn of(mention: Option<&Mention>, alert: &Alert) -> String {
    let alert = &fitted(alert);
    let ping = mention.filter(|_| is_serious(alert)).map(Mention::written);
    let title = title(alert);
    let header = literal(&title, LONGEST_HEADER);
    // What the header has no room for comes first below it.
    let section = if header.ends_with('…') { format!("{title}\n{}", body(alert)) } else { body(alert) };
    let context = one_line(&format!("{} {}, site {}", alert.chain, alert.witness, alert.site));
    let mut blocks = vec![Object::new().text("type", "header").object("text", plain_text(&header))];
    if let Some(ping) = &ping {
        let ping = Object::new().text("type", "mrkdwn").text("text", ping);
        blocks.push(Object::new().text("type", "section").object("text", ping));
    }
    let section = plain_text(&literal(&section, LONGEST_SECTION));
    blocks.push(Object::new().text("type", "section").object("text", section));
    let elements = format!("[{}]", plain_text(&literal(&context, LONGEST_CONTEXT)).finish());
    blocks.push(Object::new().text("type", "context").raw("elements", &elements));
    let blocks: Vec<_> = blocks.into_iter().map(Object::finish).collect();
    // What a phone shows in its notification, and all that a program shows which knows no blocks.
    let text = literal(&format!("{title}\n{}", body(alert)), LONGEST_TEXT);
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

/// Escapes the three characters that Slack gives a meaning in every text, and cuts the escaped text.
fn literal(text: &str, limit: usize) -> String {
    escaped(text, limit, Unit::Utf16, |character, out| match character {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        _ => out.push(character),
    })
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

fn is_serious(alert: &Alert) -> bool {
    let open = matches!(alert.event, Event::Opened | Event::Updated | Event::Escalated);
    open && matches!(alert.severity, Severity::Critical | Severity::Page)
}

/// The alert with texts so short that the last of them is still seen.
fn fitted(alert: &Alert) -> Alert {
    let short = |text: &str, limit| cut(&plain(text), limit, Unit::Utf16);
    Alert {
        summary: short(&alert.summary, 400),
        details: short(&alert.details, 900),
        remedy: short(&alert.remedy, 400),
        command: short(&alert.command, 300),
        subject: short(&alert.subject, 200),
        key: short(&alert.key, 200),
        site: short(&alert.site, 100),
        acknowledged_by: short(&alert.acknowledged_by, 100),
        ..alert.clone()
    }
}
