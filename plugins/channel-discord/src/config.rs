//! The settings, and how they are read.

use dogwatch_sdk::Reader;
use dogwatch_sdk::channel::Part;

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the webhook is.
    pub webhook: Webhook,
    /// A thread of the webhook's channel, by its id.
    pub thread: Option<String>,
    /// Whom to mention in serious alerts.
    pub mention: Option<Mention>,
}

/// Where the webhook is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Webhook {
    /// The whole URL is a secret.
    Secret,
    /// The API's address and the webhook's id; its token is a secret.
    Parts {
        /// The API's address, without a trailing slash.
        url: String,
        /// The webhook's id.
        id: String,
    },
}

/// Whom to mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mention {
    /// Everybody with a role, by its id.
    Role(String),
    /// A user, by their id.
    User(String),
}

/// Reads the settings and secrets.
pub(crate) fn read(read: &mut Reader<'_>) -> Config {
    let url = read
        .text("url", "The address of Discord's API, where the webhook is given by its id and token.")
        .base_address("https://discord.com/api")
        .or("https://discord.com/api".to_owned());
    let id = read
        .text("id", "The webhook's id: the number in its URL. Only together with the secret token.")
        .check(|id| is_id(id))
        .optional();
    let thread = read
        .text("thread", "The id of a thread of that channel to post to; a forum's webhook needs one.")
        .check(|thread| is_id(thread))
        .optional();
    let mention = read
        .text(
            "mention",
            "Whom to mention when an alert of severity critical or page is open: \"role:123…\" or \"user:123…\". \
             Copy the id in Discord, with its developer mode on.",
        )
        .check(|mention| Mention::read(mention).map(|_| ()))
        .optional()
        .and_then(|mention| Mention::read(&mention).ok());
    let whole = read.secret(
        "webhook",
        "The webhook's whole URL, from Edit Channel, Integrations, Webhooks, Copy Webhook URL. As it was copied: \
         nothing may be appended, no ? either.",
    );
    let token = read.secret("token", "The webhook's token: what follows the id in its URL. Only together with id.");
    let wrong = match (whole, &id, token) {
        (true, None, false) | (false, Some(_), true) => None,
        (true, ..) => Some(("webhook", "is the whole URL: remove id and the secret token")),
        (false, Some(_), false) => Some(("token", "must be given as a secret, together with id")),
        (false, None, true) => Some(("id", "must be given with the secret token: the number in the URL")),
        (false, None, false) => {
            Some(("webhook", "must be given as a secret: the webhook's URL, as Discord's Copy Webhook URL gives it"))
        }
    };
    // A wrong value counts as absent here, and was reported already.
    if let Some((name, message)) = wrong.filter(|_| whole || !read.has_problems()) {
        read.problem(name, message);
    }
    let webhook = match id {
        Some(id) if !whole => Webhook::Parts { url, id },
        _ => Webhook::Secret,
    };
    Config { webhook, thread, mention }
}

impl Webhook {
    /// The webhook's URL.
    pub(crate) fn url(&self) -> Vec<Part> {
        match self {
            Self::Secret => vec![Part::secret("webhook")],
            Self::Parts { url, id } => vec![format!("{url}/webhooks/{id}/").into(), Part::secret("token")],
        }
    }
}

impl Mention {
    fn read(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("role", id)) if is_id(id).is_ok() => Ok(Self::Role(id.to_owned())),
            Some(("user", id)) if is_id(id).is_ok() => Ok(Self::User(id.to_owned())),
            _ => Err("must be \"role:\" or \"user:\" and an id, such as \"role:123456789012345678\"".to_owned()),
        }
    }
}

/// Whether this may be one of Discord's ids: a positive number of 64 bits, in digits.
fn is_id(id: &str) -> Result<(), String> {
    let right = id.bytes().all(|byte| byte.is_ascii_digit()) && id.parse::<u64>().is_ok_and(|id| id > 0);
    if right { Ok(()) } else { Err("must be an id in quotes, such as \"123456789012345678\"".to_owned()) }
}
