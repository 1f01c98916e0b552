//! Whether what a channel says makes sense. Where it may send is another question, and the host's.

use std::time::Duration;

use crate::error::Fault;
use crate::http::{Following, Header, HttpRequest, Judgement, Mail, Part, Progress, Request};
use crate::limits::{BODY, HEADERS, LINE, NAME, RECIPIENTS, REQUESTS, SENTENCE};
use crate::text::cut;

/// The longest wait; whoever is asked to wait longer should hear of it.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// The shortest wait between two questions about one message, as Pushover demands it.
const SHORTEST_WAIT: Duration = Duration::from_secs(5);

/// Headers that say where a request goes and where it ends: the host's business alone.
const HOST_HEADERS: [&str; 7] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"];

/// Refuses requests that are too many, too large, malformed, or that name a secret which is not configured.
pub(super) fn requests(requests: &[Request], secrets: &[String]) -> Result<(), Fault> {
    if requests.len() > REQUESTS {
        return Err(large(format!("{} requests for one alert, and it may send {REQUESTS}", requests.len())));
    }
    requests.iter().try_for_each(|request| weigh(request, secrets))
}

fn weigh(request: &Request, secrets: &[String]) -> Result<(), Fault> {
    match request {
        Request::Http(request) => weigh_http(request, secrets),
        Request::Mail(mail) => weigh_mail(mail, secrets),
    }
}

fn weigh_http(request: &HttpRequest, secrets: &[String]) -> Result<(), Fault> {
    if request.url.is_empty() {
        return Err(bad("a request has no address".to_owned()));
    }
    if request.headers.len() > HEADERS {
        return Err(large(format!("{} headers, and a request may have {HEADERS}", request.headers.len())));
    }
    parts("an address", &request.url, secrets, LINE)?;
    if texts(&request.url).any(|text| text.contains(|c: char| c.is_control() || c.is_whitespace())) {
        return Err(bad("an address contains blanks or control characters".to_owned()));
    }
    for Header { name, value } in &request.headers {
        if !is_token(name) {
            return Err(bad(format!("{:?} is no name of a header", cut(name, NAME))));
        }
        if is_the_hosts(name) {
            return Err(bad(format!("header {name} is not for a channel to set")));
        }
        parts("a header", value, secrets, LINE)?;
        if texts(value).any(|text| text.contains(|c: char| c.is_control())) {
            return Err(bad(format!("header {name} contains control characters")));
        }
    }
    parts("a body", &request.body, secrets, BODY)?;
    let signs = |part: &Part| matches!(part, Part::Signature { .. });
    if request.url.iter().chain(&request.body).any(signs) {
        return Err(bad("a signature stands outside the headers".to_owned()));
    }
    Ok(())
}

fn weigh_mail(mail: &Mail, secrets: &[String]) -> Result<(), Fault> {
    if mail.recipients.is_empty() {
        return Err(bad("a mail has no recipient".to_owned()));
    }
    if mail.recipients.len() > RECIPIENTS {
        return Err(large(format!("{} recipients, and a mail may have {RECIPIENTS}", mail.recipients.len())));
    }
    let lines = [&mail.server, &mail.sender, &mail.subject, &mail.message_id, &mail.in_reply_to];
    for line in lines.into_iter().chain(&mail.recipients) {
        if line.len() > LINE {
            return Err(large(format!("a line of a mail of {} bytes, and it may have {LINE}", line.len())));
        }
        if line.contains(|c: char| c.is_control()) {
            return Err(bad("a line of a mail contains control characters".to_owned()));
        }
    }
    if mail.text.len() > BODY {
        return Err(large(format!("a mail of {} bytes, and it may have {BODY}", mail.text.len())));
    }
    for part in mail.login.iter().flat_map(|login| [&login.user, &login.password]) {
        parts("a login", part, secrets, LINE)?;
        if part.iter().any(|part| !matches!(part, Part::Text(_) | Part::Secret { .. })) {
            return Err(bad("a login is made of texts and secrets".to_owned()));
        }
    }
    Ok(())
}

/// Refuses parts that are too large in all, and secrets that are not configured.
fn parts(what: &str, parts: &[Part], secrets: &[String], limit: usize) -> Result<(), Fault> {
    let size = texts(parts).fold(0_usize, |sum, text| sum.saturating_add(text.len()));
    if size > limit || parts.len() > limit {
        return Err(large(format!("{what} of {size} bytes, and it may have {limit}")));
    }
    parts.iter().try_for_each(|part| match part {
        Part::Secret { name, .. } | Part::Basic { password: name, .. } | Part::Signature { key: name, .. }
            if !secrets.contains(name) =>
        {
            Err(bad(format!("{what} names the secret {:?}, which is not configured", cut(name, NAME))))
        }
        _ => Ok(()),
    })
}

fn texts(parts: &[Part]) -> impl Iterator<Item = &str> {
    parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::Basic { user, .. } => Some(user.as_str()),
        Part::Signature { prefix, .. } => Some(prefix.as_str()),
        Part::Secret { .. } => None,
    })
}

/// Whether this is a token in HTTP's sense.
fn is_token(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.len() <= NAME && name.bytes().all(fits)
}

/// Whether only the host may set this header.
fn is_the_hosts(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("proxy-") || HOST_HEADERS.contains(&name.as_str())
}

fn large(what: String) -> Fault {
    Fault::AnswerTooLarge(what)
}

fn bad(what: String) -> Fault {
    Fault::BadAnswer(what)
}

/// The judgement in as many words as an operator will read.
pub(super) fn judgement(judgement: Judgement) -> Judgement {
    match judgement {
        Judgement::Delivered => Judgement::Delivered,
        Judgement::Accepted(receipt) => Judgement::Accepted(cut(&receipt, SENTENCE)),
        Judgement::Follow(following) => Judgement::Follow(Following {
            receipt: cut(&following.receipt, SENTENCE),
            after: following.after.min(LONGEST_WAIT),
            ..following
        }),
        Judgement::Remember(memory) => Judgement::Remember(cut(&memory, SENTENCE)),
        Judgement::RetryAfter(wait) => Judgement::RetryAfter(wait.min(LONGEST_WAIT)),
        Judgement::Transient(why) => Judgement::Transient(cut(&why, SENTENCE)),
        Judgement::Permanent(why) => Judgement::Permanent(cut(&why, SENTENCE)),
    }
}

/// The same of what became of a message.
pub(super) fn progress(progress: Progress) -> Progress {
    match progress {
        // Nobody asks a service more than once in five seconds.
        Progress::Waiting(wait) => Progress::Waiting(wait.clamp(SHORTEST_WAIT, LONGEST_WAIT)),
        Progress::Acknowledged(by) => Progress::Acknowledged(cut(&by, NAME)),
        Progress::Over => Progress::Over,
        Progress::Unreached(why) => Progress::Unreached(cut(&why, SENTENCE)),
        Progress::Permanent(why) => Progress::Permanent(cut(&why, SENTENCE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Encoding, Method};

    fn good() -> HttpRequest {
        HttpRequest {
            method: Method::Post,
            url: vec![text("https://example.com/"), secret("token")],
            headers: vec![Header { name: "x-key".into(), value: vec![text("Bearer "), secret("token")] }],
            body: vec![text("line\nline"), secret("token")],
        }
    }

    fn text(text: &str) -> Part {
        Part::Text(text.into())
    }

    fn secret(name: &str) -> Part {
        Part::Secret { name: name.into(), encoding: Encoding::Plain }
    }

    fn header(name: &str, value: &str) -> Header {
        Header { name: name.into(), value: vec![text(value)] }
    }

    fn check(request: HttpRequest) -> Result<(), Fault> {
        requests(&[Request::Http(request)], &["token".to_owned()])
    }

    #[test]
    fn good_requests_pass() {
        assert_eq!(check(good()), Ok(()));
        assert_eq!(requests(&[], &[]), Ok(()));
    }

    #[test]
    fn secrets_must_be_configured() {
        for request in [
            HttpRequest { url: vec![secret("other")], ..good() },
            HttpRequest { headers: vec![Header { name: "a".into(), value: vec![secret("other")] }], ..good() },
            HttpRequest { body: vec![secret("other")], ..good() },
        ] {
            assert!(matches!(check(request), Err(Fault::BadAnswer(why)) if why.contains("\"other\"")));
        }
    }

    #[test]
    fn nothing_breaks_out_of_its_line() {
        for request in [
            HttpRequest { url: vec![], ..good() },
            HttpRequest { url: vec![text("https://example.com/ HTTP/1.1")], ..good() },
            HttpRequest { url: vec![text("https://example.com/\r\nHost: x")], ..good() },
            HttpRequest { headers: vec![header("x", "a\r\ny: b")], ..good() },
            HttpRequest { headers: vec![header("x: y", "a")], ..good() },
            HttpRequest { headers: vec![header("", "a")], ..good() },
        ] {
            assert!(matches!(check(request.clone()), Err(Fault::BadAnswer(_))), "{request:?}");
        }
    }

    #[test]
    fn where_a_request_goes_and_ends_is_for_the_host_to_say() {
        for name in [
            "host",
            "Host",
            "CONTENT-LENGTH",
            "Transfer-Encoding",
            "connection",
            "Upgrade",
            "TE",
            "Trailer",
            "Proxy-Authorization",
            "proxy-connection",
        ] {
            let request = HttpRequest { headers: vec![header(name, "x")], ..good() };
            assert!(matches!(check(request), Err(Fault::BadAnswer(why)) if why.contains(name)), "{name}");
        }
        for name in ["x-host", "hosts", "content-type", "x-proxy-key"] {
            assert_eq!(check(HttpRequest { headers: vec![header(name, "x")], ..good() }), Ok(()), "{name}");
        }
    }

    #[test]
    fn sizes_are_limited() {
        for request in [
            HttpRequest { url: vec![text(&"x".repeat(LINE + 1))], ..good() },
            HttpRequest { headers: vec![header("x", &"x".repeat(LINE + 1))], ..good() },
            HttpRequest { headers: vec![header("x", "x"); HEADERS + 1], ..good() },
            HttpRequest { body: vec![text(&"x".repeat(BODY / 2)), text(&"x".repeat(BODY / 2 + 1))], ..good() },
        ] {
            assert!(matches!(check(request), Err(Fault::AnswerTooLarge(_))));
        }
        assert!(matches!(
            requests(&vec![Request::Http(good()); REQUESTS + 1], &["token".into()]),
            Err(Fault::AnswerTooLarge(_))
        ));
    }

    #[test]
    fn a_signature_stands_in_a_header_and_names_a_secret() {
        let sign = |key: &str| Part::Signature {
            key: key.into(),
            prefix: "1.".into(),
            encoding: crate::http::DigestEncoding::Hex,
        };
        let with = |part: Part| HttpRequest { headers: vec![Header { name: "x".into(), value: vec![part] }], ..good() };
        assert_eq!(check(with(sign("token"))), Ok(()));
        assert!(matches!(check(with(sign("other"))), Err(Fault::BadAnswer(_))));
        assert!(matches!(check(HttpRequest { body: vec![sign("token")], ..good() }), Err(Fault::BadAnswer(_))));
        let basic = |password: &str| Part::Basic { user: "u".into(), password: password.into() };
        assert_eq!(check(with(basic("token"))), Ok(()));
        assert!(matches!(check(with(basic("other"))), Err(Fault::BadAnswer(_))));
    }

    #[test]
    fn a_mail_has_recipients_and_no_header_of_its_own() {
        let good = Mail {
            server: "mail.example.com".into(),
            port: 587,
            security: crate::http::MailSecurity::StartTls,
            login: None,
            sender: "a@example.com".into(),
            recipients: vec!["b@example.com".into()],
            subject: "s".into(),
            text: "line\nline".into(),
            message_id: "<1@example.com>".into(),
            in_reply_to: String::new(),
        };
        let check = |mail: Mail| requests(&[Request::Mail(mail)], &["token".to_owned()]);
        assert_eq!(check(good.clone()), Ok(()));
        for bad in [
            Mail { recipients: Vec::new(), ..good.clone() },
            Mail { subject: "s\r\nBcc: c@example.com".into(), ..good.clone() },
            Mail { recipients: vec!["b@example.com\n".into()], ..good.clone() },
            Mail {
                login: Some(crate::http::MailLogin { user: vec![text("u")], password: vec![secret("other")] }),
                ..good.clone()
            },
        ] {
            assert!(matches!(check(bad.clone()), Err(Fault::BadAnswer(_))), "{bad:?}");
        }
        let long = Mail { text: "x".repeat(BODY + 1), ..good };
        assert!(matches!(check(long), Err(Fault::AnswerTooLarge(_))));
    }

    #[test]
    fn nobody_waits_for_ever() {
        let wait = judgement(Judgement::RetryAfter(Duration::from_millis(u64::MAX)));
        assert_eq!(wait, Judgement::RetryAfter(LONGEST_WAIT));
    }
}
