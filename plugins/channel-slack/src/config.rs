//! The settings, and how they are read.

use dogwatch_sdk::Reader;

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the webhook is.
    pub webhook: Webhook,
    /// Whom to mention in serious alerts.
    pub mention: Option<Mention>,
}

/// Where the webhook is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Webhook {
    /// The whole URL is a secret.
    Secret,
    /// The part after this address is a secret. The address ends without a slash.
    Below(String),
}

/// Whom to mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mention {
    /// The channel's active members.
    Here,
    /// Everybody in the channel.
    Channel,
    /// A user, by their id.
    User(String),
    /// A group of users, by its id.
    Group(String),
}

/// Reads the settings and secrets.
pub(crate) fn read(read: &mut Reader<'_>) -> Config {
    let url = read
        .text("url", "The address below which the webhook is, where only the secret path is given.")
        .base_address("https://hooks.slack.com/services")
        .or("https://hooks.slack.com/services".to_owned());
    let mention = read
        .text(
            "mention",
            "Whom to mention when an alert of severity critical or page is open: \"here\" (only who is active), \
             \"channel\", the id of a user (U…, in the profile under Copy member ID) or of a user group (S…).",
        )
        .check(|mention| Mention::read(mention).map(|_| ()))
        .optional()
        .and_then(|mention| Mention::read(&mention).ok());
    let whole = read.secret(
        "webhook",
        "The webhook's whole URL, such as https://hooks.slack.com/services/T…/B…/X…, from the app's page Incoming \
         Webhooks on api.slack.com/apps.",
    );
    let path = read.secret("path", "Instead of the secret webhook: what follows the url, such as T…/B…/X….");
    match (whole, path) {
        (true, true) => read.problem("path", "is given as well as the secret webhook; keep one of them"),
        (false, false) => read.problem("webhook", "must be given as a secret: the URL of an incoming webhook"),
        _ => {}
    }
    let webhook = if whole { Webhook::Secret } else { Webhook::Below(url) };
    Config { webhook, mention }
}

impl Mention {
    fn read(text: &str) -> Result<Self, String> {
        let id = (2..=20).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        match (text, text.bytes().next()) {
            ("here", _) => Ok(Self::Here),
            ("channel", _) => Ok(Self::Channel),
            (_, Some(b'U' | b'W')) if id => Ok(Self::User(text.to_owned())),
            (_, Some(b'S')) if id => Ok(Self::Group(text.to_owned())),
            _ => {
                Err("must be \"here\", \"channel\", or the id of a user or a user group, such as \"U012AB3CD\"".into())
            }
        }
    }
}
