//! The settings, and how they are read.

use dogwatch_sdk::channel::{Header, HttpRequest};
use dogwatch_sdk::{Reader, SettingOrSecret};

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the server is, without a trailing slash.
    pub url: String,
    /// The topic. On a server without logins, anyone who knows its name can read and publish.
    pub topic: SettingOrSecret,
    /// The login to publish with.
    pub login: Login,
    /// The verified number that a page calls, or `yes` for the first one.
    pub call: Option<String>,
}

/// How the channel logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// Without credentials.
    Nobody,
    /// With an access token.
    Token,
    /// With the name of a user and a password.
    User(String),
}

/// Reads the settings and secrets.
pub(crate) fn read(read: &mut Reader<'_>) -> Config {
    let url = read
        .text("url", "Where the ntfy server is, without the topic.")
        .base_address("https://ntfy.sh")
        .or("https://ntfy.sh".to_owned());
    let topic = read
        .text("topic", "The topic to publish to, unless it is a secret: on ntfy.sh its name is its only protection.")
        .check(|topic| is_topic(topic))
        .or_required_secret("The topic to publish to, where its name must not be seen.");
    let user = read
        .text("user", "The user whose password is the secret password; not needed with a token.")
        .check(|user| is_user(user))
        .optional();
    let token = read.secret("token", "An access token, which begins with tk_: ntfy's web app, Account.");
    let password = read.secret("password", "The password of user, where there is no token.");
    let login = match (token, password, user) {
        (false, false, None) => Login::Nobody,
        (true, false, None) => Login::Token,
        (false, true, Some(user)) => Login::User(user),
        (true, ..) => {
            read.problem("token", "is enough; leave out user and password");
            Login::Token
        }
        (false, true, None) => {
            read.problem("user", "must be given with the secret password");
            Login::Nobody
        }
        (false, false, Some(_)) => {
            read.problem("password", "must be given as a secret with user");
            Login::Nobody
        }
    };
    let call = read
        .text(
            "call",
            "Whom a page also rings by telephone: \"yes\" for the account's first verified number, or a verified \
             number such as \"+15551234567\". Needs a login, and a plan or server that can call.",
        )
        .check(|call| is_target(call))
        .optional();
    if call.is_some() && login == Login::Nobody && !read.has_problems() {
        read.problem("call", "needs a login: ntfy calls only numbers that a user has verified");
    }
    Config { url, topic, login, call }
}

impl Config {
    /// The request with the login.
    pub(crate) fn authorised(&self, request: HttpRequest) -> HttpRequest {
        match &self.login {
            Login::Nobody => request,
            Login::Token => request.header(Header::bearer("token")),
            Login::User(user) => request.header(Header::basic(user, "password")),
        }
    }
}

/// Whether ntfy takes this as a topic: 1 to 64 letters, digits, underscores and hyphens.
fn is_topic(topic: &str) -> Result<(), String> {
    let name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if (1..=64).contains(&topic.len()) && topic.bytes().all(name) {
        Ok(())
    } else {
        Err("must be the name of one topic: 1 to 64 letters, digits, underscores and hyphens".to_owned())
    }
}

/// A colon would end the name in basic authentication.
fn is_user(user: &str) -> Result<(), String> {
    if user.is_empty() || user.contains(|character: char| character == ':' || character.is_control()) {
        Err("must be the name of a user, without a colon".to_owned())
    } else {
        Ok(())
    }
}

/// Whether this is a number, or `yes`.
fn is_target(call: &str) -> Result<(), String> {
    let digits = call.strip_prefix('+').unwrap_or_default();
    let number = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if call == "yes" || number {
        Ok(())
    } else {
        Err("must be \"yes\" or a number with a plus and the country's code, such as \"+15551234567\"".to_owned())
    }
}
