//! Requests as text, for golden files.

use crate::channel_types::{Encoding, Method, Part, Request};

/// A request as text, for golden files: one line for each piece, secrets by name.
pub fn shown(request: &Request) -> String {
    match request {
        Request::Http(http) => {
            let mut lines = vec![format!("{} {}", method(http.method), parts(&http.url))];
            lines.extend(http.headers.iter().map(|header| format!("{}: {}", header.name, parts(&header.value))));
            if !http.body.is_empty() {
                lines.push(String::new());
                lines.push(parts(&http.body));
            }
            lines.join("\n")
        }
        Request::Mail(mail) => {
            let login = mail.login.as_ref();
            let login = login.map(|login| format!("{} / {}", parts(&login.user), parts(&login.password)));
            format!(
                "mail by {}:{} {:?} as {}\nfrom: {}\nto: {}\nid: {}\nreplies: {}\nsubject: {}\n\n{}",
                mail.server,
                mail.port,
                mail.security,
                login.as_deref().unwrap_or("nobody"),
                mail.sender,
                mail.recipients.join(", "),
                mail.message_id,
                mail.in_reply_to,
                mail.subject,
                mail.text
            )
        }
    }
}

/// Requests as text, for golden files, with an empty line between them.
pub fn shown_all(requests: &[Request]) -> String {
    if requests.is_empty() {
        return "nothing is sent\n".to_owned();
    }
    let requests: Vec<_> = requests.iter().map(shown).collect();
    requests.join("\n\n") + "\n"
}

/// A request with a form as its body, as text: the fields are decoded, one per line.
pub fn shown_form(request: &Request) -> String {
    let text = shown(request);
    let (head, form) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut bytes = Vec::new();
    let mut rest = form.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.split_at_checked(2).and_then(|(digits, after)| {
            let byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
            Some((byte, after))
        });
        rest = match (first, digits) {
            (b'%', Some((byte, after))) => {
                bytes.push(byte);
                after
            }
            (b'&', _) => {
                bytes.push(b'\n');
                after
            }
            (other, _) => {
                bytes.push(*other);
                after
            }
        };
    }
    format!("{head}\n\n{}\n", String::from_utf8_lossy(&bytes))
}

/// The body of an HTTP request as JSON, secrets by name; null if it is not JSON.
pub fn json_body(request: &Request) -> crate::json::Value {
    match request {
        Request::Http(http) => crate::json::parse(parts(&http.body).as_bytes()),
        Request::Mail(_) => crate::json::Value::Null,
    }
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
    }
}

fn encoding(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Plain => "plain",
        Encoding::Json => "json",
        Encoding::Percent => "percent",
        Encoding::Base64 => "base64",
    }
}

fn parts(parts: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Secret(secret) => format!("<{} {}>", secret.name, encoding(secret.encoding)),
        Part::Basic(basic) => format!("<basic {}:{}>", basic.user, basic.password),
        Part::Signature(signature) => format!("<hmac {} {:?}>", signature.key, signature.prefix),
    };
    parts.iter().map(part).collect()
}
