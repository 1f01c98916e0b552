//! The settings, and how they are read.

use dogwatch_sdk::Reader;
use dogwatch_sdk::channel::MailSecurity;
use dogwatch_sdk::text::one_line;

use crate::address;

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The mail server's name.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is secured.
    pub security: MailSecurity,
    /// The sender's address, with or without a name.
    pub from: String,
    /// The recipients' addresses.
    pub to: Vec<String>,
    /// The user to log in as; the password is a secret.
    pub user: Option<String>,
}

/// The host takes no more for one mail; mail servers take at least 100 (RFC 5321, 4.5.3.1.8).
const MOST_RECIPIENTS: usize = 50;

/// Reads the settings and secrets.
pub(crate) fn read(read: &mut Reader<'_>) -> Config {
    let server = read
        .text("server", "The mail server that takes your mails, such as smtp.example.com.")
        .check(|server| address::is_host(server))
        .required();
    let security = read
        .text(
            "security",
            "\"starttls\": encrypted before anything is said. \"tls\": encrypted from the first byte. \"plain\": not \
             at all, for a server on this machine.",
        )
        .check(|name| security(name).map(|_| ()))
        .or("starttls".to_owned());
    let security = security_or_strictest(&security);
    let port = read
        .integer::<u16>(
            "port",
            "The server's port; unless told otherwise, 587 for starttls, 465 for tls, 25 for plain.",
        )
        .range(1..=u16::MAX)
        .optional()
        .unwrap_or(usual_port(security));
    let from = read
        .text("from", "Who sends: an address such as \"dogwatch@example.com\" or \"Dogwatch <dogwatch@example.com>\".")
        .check(|text| address::is_address(text))
        .required();
    let to = read
        .texts("to", "Who receives: a list of addresses, such as [\"alice@example.com\"].")
        .check(|list| recipients(list))
        .required();
    let user = read
        .text("user", "Whom to log in as, often the whole address; without it there is no login.")
        .check(|user| is_user(user))
        .optional();
    let password = read.secret("password", "The password to log in with; many providers want an app password here.");
    match (&user, password) {
        (Some(_), false) => read.problem("password", "must be given as a secret: there is a user to log in as"),
        (None, true) if !read.has_problems() => {
            read.problem("user", "must be given: there is a password to log in with")
        }
        (Some(_), true) if security == MailSecurity::Plain && !address::is_here(&server) => {
            read.problem("security", "is plain, which would expose the password on the network");
        }
        _ => {}
    }
    Config { server, port, security, from, to, user }
}

fn security(name: &str) -> Result<MailSecurity, String> {
    match name {
        "starttls" => Ok(MailSecurity::Starttls),
        "tls" => Ok(MailSecurity::Tls),
        "plain" => Ok(MailSecurity::Plain),
        _ => Err("must be \"starttls\", \"tls\" or \"plain\"".to_owned()),
    }
}

fn security_or_strictest(name: &str) -> MailSecurity {
    security(name).unwrap_or(MailSecurity::Starttls)
}

fn recipients(list: &[String]) -> Result<(), String> {
    if list.is_empty() || list.len() > MOST_RECIPIENTS {
        return Err(format!("must be a list of 1 to {MOST_RECIPIENTS} addresses, found {}", list.len()));
    }
    list.iter().try_for_each(|text| address::is_address(text).map_err(|message| format!("{text:?} {message}")))
}

fn is_user(user: &str) -> Result<(), String> {
    if !user.is_empty() && one_line(user) == user {
        return Ok(());
    }
    Err("must be a name in one line".to_owned())
}

const fn usual_port(security: MailSecurity) -> u16 {
    match security {
        MailSecurity::Starttls => 587,
        MailSecurity::Tls => 465,
        MailSecurity::Plain => 25,
    }
}
