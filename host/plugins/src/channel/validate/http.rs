//! Whether an HTTP request is valid.

use super::parts::{self, texts};
use crate::delivery::http::{Header, HttpRequest};
use crate::delivery::part::Part;
use crate::error::call::Fault;
use crate::limits::{BODY, HEADERS, LINE, NAME};
use crate::text::sanitize;

/// Headers that only the host sets: they say where a request goes and where it ends.
const RESERVED_HEADERS: [&str; 7] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"];

/// Refuses a request that is too large, and one that could break out of its line or its header.
pub(super) fn validate(request: &HttpRequest, secrets: &[String]) -> Result<(), Fault> {
    if request.url.is_empty() {
        return Err(Fault::BadAnswer("a request has no URL".to_owned()));
    }
    if request.headers.len() > HEADERS {
        let count = request.headers.len();
        return Err(Fault::AnswerTooLarge(format!("a request with {count} headers; the limit is {HEADERS}")));
    }
    parts::validate("a URL", &request.url, secrets, LINE)?;
    if texts(&request.url).any(|text| text.contains(|c: char| c.is_control() || c.is_whitespace())) {
        return Err(Fault::BadAnswer("a URL contains blanks or control characters".to_owned()));
    }
    for Header { name, value } in &request.headers {
        if !is_token(name) {
            return Err(Fault::BadAnswer(format!("{:?} is not a header name", sanitize(name, NAME))));
        }
        if is_reserved(name) {
            return Err(Fault::BadAnswer(format!("only the host sets the header {name}")));
        }
        parts::validate("a header", value, secrets, LINE)?;
        if texts(value).any(|text| text.contains(|c: char| c.is_control())) {
            return Err(Fault::BadAnswer(format!("the header {name} contains control characters")));
        }
    }
    parts::validate("a body", &request.body, secrets, BODY)?;
    let signs = |part: &Part| matches!(part, Part::Signature { .. });
    if request.url.iter().chain(&request.body).any(signs) {
        return Err(Fault::BadAnswer("a signature stands outside the headers".to_owned()));
    }
    Ok(())
}

/// Whether this is a token as HTTP defines it.
fn is_token(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.len() <= NAME && name.bytes().all(fits)
}

/// Whether only the host may set this header.
fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("proxy-") || RESERVED_HEADERS.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::http::Method;
    use crate::delivery::part::{DigestEncoding, Encoding};

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

    fn check(request: &HttpRequest) -> Result<(), Fault> {
        validate(request, &["token".to_owned()])
    }

    #[test]
    fn good_requests_pass() {
        assert_eq!(check(&good()), Ok(()));
    }

    #[test]
    fn secrets_must_be_configured() {
        for request in [
            HttpRequest { url: vec![secret("other")], ..good() },
            HttpRequest { headers: vec![Header { name: "a".into(), value: vec![secret("other")] }], ..good() },
            HttpRequest { body: vec![secret("other")], ..good() },
        ] {
            assert!(matches!(check(&request), Err(Fault::BadAnswer(why)) if why.contains("\"other\"")));
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
            assert!(matches!(check(&request), Err(Fault::BadAnswer(_))), "{request:?}");
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
            assert!(matches!(check(&request), Err(Fault::BadAnswer(why)) if why.contains(name)), "{name}");
        }
        for name in ["x-host", "hosts", "content-type", "x-proxy-key"] {
            assert_eq!(check(&HttpRequest { headers: vec![header(name, "x")], ..good() }), Ok(()), "{name}");
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
            assert!(matches!(check(&request), Err(Fault::AnswerTooLarge(_))));
        }
    }

    #[test]
    fn a_signature_stands_in_a_header_and_names_a_secret() {
        let sign = |key: &str| Part::Signature { key: key.into(), prefix: "1.".into(), encoding: DigestEncoding::Hex };
        let with = |part: Part| HttpRequest { headers: vec![Header { name: "x".into(), value: vec![part] }], ..good() };
        assert_eq!(check(&with(sign("token"))), Ok(()));
        assert!(matches!(check(&with(sign("other"))), Err(Fault::BadAnswer(_))));
        assert!(matches!(check(&HttpRequest { body: vec![sign("token")], ..good() }), Err(Fault::BadAnswer(_))));
        let basic = |password: &str| Part::Basic { user: "u".into(), password: password.into() };
        assert_eq!(check(&with(basic("token"))), Ok(()));
        assert!(matches!(check(&with(basic("other"))), Err(Fault::BadAnswer(_))));
    }
}
