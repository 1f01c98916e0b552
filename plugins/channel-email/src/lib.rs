//! Sends alerts by email in plain text, through the operator's mail server.
//!
//! All mails about an alert reply to the same Message-ID, so that mail programs show them as one thread. No mail has
//! that id, so no site needs to know what another one sent. There is no self-test: only a real mail would show that
//! mails get through.

mod address;
mod config;
mod ids;
mod judge;

use dogwatch_sdk::channel::{Alert, Channel, Event, Judgement, Mail, MailLogin, Part, Request, Response};
use dogwatch_sdk::text::{Unit, body_within, cut, title};
use dogwatch_sdk::{Reader, Settings};

pub use config::Config;

/// The email channel.
#[derive(Debug)]
pub struct Email;

/// The longest subject, in characters: mail programs show less.
const LONGEST_SUBJECT: usize = 200;
/// The longest title, in bytes, when the text repeats it.
const LONGEST_TITLE: usize = 2 * 1024;
/// The longest text, in bytes.
const LONGEST_TEXT: usize = 64 * 1024;

impl Channel for Email {
    const NAME: &'static str = "email";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Sends alerts by email, through your mail server.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        config::read(read)
    }

    fn compose(config: &Config, _memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        let title = cut(&title(alert), LONGEST_TITLE, Unit::Bytes);
        let subject = cut(&title, LONGEST_SUBJECT, Unit::Chars);
        // A title too long for the subject begins the text.
        let above = if subject == title { String::new() } else { format!("{title}\n\n") };
        let text = body_within(alert, LONGEST_TEXT.saturating_sub(above.len()), Unit::Bytes);
        let login = config
            .user
            .as_ref()
            .map(|user| MailLogin { user: vec![user.as_str().into()], password: vec![Part::secret("password")] });
        let in_reply_to = match alert.event {
            Event::Report => String::new(),
            _ => ids::thread(alert),
        };
        Ok(vec![
            Mail {
                server: config.server.clone(),
                port: config.port,
                security: config.security,
                login,
                sender: config.from.clone(),
                recipients: config.to.clone(),
                subject,
                text: above + &text,
                message_id: ids::message(alert),
                in_reply_to,
            }
            .into(),
        ])
    }

    fn judge(_settings: &Settings, _alert: &Alert, _index: u32, response: &Response) -> Judgement {
        judge::of_message(response)
    }
}

dogwatch_sdk::export_channel!(Email);

#[cfg(test)]
mod tests;
