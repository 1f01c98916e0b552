//! The settings, and how they are read.

use dogwatch_sdk::channel::Method;
use dogwatch_sdk::{Reader, SettingOrSecret};

use crate::headers;
use crate::template::{Filter, Template};

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where to post.
    pub url: SettingOrSecret,
    /// How to send it.
    pub method: Method,
    /// The body's content type.
    pub content_type: String,
    /// The template of the body; without one, the body is the alert as a JSON object.
    pub template: Option<Template>,
    /// Headers to send along: names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// Whether there is a token to send along.
    pub token: Token,
    /// Whether there is a key to sign with.
    pub signing: Signing,
}

/// Whether a token is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// Yes.
    Bearer,
    /// No.
    Absent,
}

/// Whether requests are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// With the secret key.
    Key,
    /// Without a key.
    Absent,
}

/// The default content type.
const JSON: &str = "application/json";

/// Reads the settings and secrets.
pub(crate) fn read(read: &mut Reader<'_>) -> Config {
    let url = read
        .text("url", "The address to post to, unless it is a secret.")
        .address("https://example.com/hook")
        .or_required_secret("The address to post to, where it must not be seen.");
    let token = read.secret("token", "Sent as a bearer token, if there is one.");
    let signing = read.secret(
        "signing_key",
        "Signs each request, if there is one: the header x-dogwatch-signature is \"sha256=\" and the HMAC-SHA-256, in \
         hexadecimal, of the header x-dogwatch-timestamp, a full stop and the body.",
    );
    let method = match read.text("method", "POST or PUT.").check(|name| method(name).map(|_| ())).or("POST".into()) {
        name if name == "PUT" => Method::Put,
        _ => Method::Post,
    };
    let content_type = read
        .text("content_type", "What the body is declared as. Other than JSON only together with template.")
        .check(|value| headers::is_media_type(value))
        .or(JSON.to_owned());
    let filter = Filter::fitting(&content_type);
    let template = read
        .text(
            "template",
            "The body, instead of a JSON object with all of the alert: a text in which {{title}}, {{body}}, \
             {{severity}} and so on stand for the alert's. Escaped as the content type needs it; {{title|json}}, \
             {{title|url}}, {{title|html}} and {{title|raw}} say it otherwise. For Apprise: \
             '{\"title\":\"{{title}}\",\"body\":\"{{body}}\",\"type\":\"failure\"}'.",
        )
        .check(|text| Template::read(text, filter).map(|_| ()))
        .optional()
        .and_then(|text| Template::read(&text, filter).ok());
    if template.is_none() && filter != Filter::Json && !read.has_problems() {
        read.problem("content_type", "is not JSON, and without a template the body is");
    }
    let headers = read
        .texts("headers", "Headers to send along, such as [\"X-Priority: 5\"]. They can be seen; a token is a secret.")
        .check(|lines| headers::read(lines).map(|_| ()))
        .or(Vec::new());
    Config {
        url,
        method,
        content_type,
        template,
        headers: headers::read(&headers).unwrap_or_default(),
        token: if token { Token::Bearer } else { Token::Absent },
        signing: if signing { Signing::Key } else { Signing::Absent },
    }
}

fn method(name: &str) -> Result<Method, String> {
    match name {
        "POST" => Ok(Method::Post),
        "PUT" => Ok(Method::Put),
        _ => Err("must be \"POST\" or \"PUT\"".to_owned()),
    }
}
