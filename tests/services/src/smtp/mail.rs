//! A mail, parsed as strictly as RFC 5322 defines it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Headers that must occur once.
const ONCE: [&str; 5] = ["from", "to", "subject", "date", "message-id"];
/// Headers that may occur once.
const AT_MOST_ONCE: [&str; 8] = [
    "reply-to",
    "sender",
    "cc",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// An accepted mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// The envelope sender.
    pub sender: String,
    /// The envelope recipients.
    pub recipients: Vec<String>,
    /// The user that was logged in.
    pub user: Option<String>,
    /// Whether the connection was encrypted.
    pub encrypted: bool,
    /// The headers in order: names in lower case, values unfolded and decoded.
    pub headers: Vec<(String, String)>,
    /// The decoded text, with LF line ends.
    pub text: String,
    /// Headers and text as received.
    pub raw: String,
}

impl Mail {
    /// The value of a header, or empty.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Parses headers and text, or says what is wrong with them.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let raw = String::from_utf8(bytes.to_vec()).map_err(|_| "no UTF-8")?;
        let (head, body) = raw.split_once("\r\n\r\n").ok_or("no empty line after the headers")?;
        let headers = headers(head)?;
        check(&headers)?;
        let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let media = header("content-type").unwrap_or("text/plain; charset=us-ascii").to_ascii_lowercase();
        if header("content-type").is_some() && header("mime-version") != Some("1.0") {
            return Err("Content-Type without MIME-Version: 1.0".into());
        }
        let utf8 = media.replace([' ', '"'], "").split(';').any(|part| part == "charset=utf-8");
        if media.split(';').next() != Some("text/plain") {
            return Err(format!("only text/plain is taken here, found {media}"));
        }
        let text = match header("content-transfer-encoding").unwrap_or("7bit").to_ascii_lowercase().as_str() {
            "7bit" if body.is_ascii() => body.to_owned(),
            "7bit" => return Err("8-bit text that is declared as 7bit".into()),
            "8bit" => body.to_owned(),
            "quoted-printable" => quoted_printable(body)?,
            "base64" => {
                if body.lines().any(|line| line.len() > 76) {
                    return Err("base64 in lines of more than 76 characters".into());
                }
                let bytes = STANDARD.decode(body.replace("\r\n", "")).map_err(|_| "no base64")?;
                String::from_utf8(bytes).map_err(|_| "no UTF-8")?
            }
            other => return Err(format!("unknown Content-Transfer-Encoding {other}")),
        };
        if !utf8 && !text.is_ascii() {
            return Err("text that is not ASCII, and charset=utf-8 is not declared".into());
        }
        let headers = headers.into_iter().map(|(name, value)| decoded(&value).map(|value| (name, value)));
        let headers = headers.collect::<Result<_, _>>()?;
        Ok(Self { headers, text: text.replace("\r\n", "\n"), raw, ..Self::default() })
    }
}

/// The headers, unfolded.
fn headers(head: &str) -> Result<Vec<(String, String)>, String> {
    let mut headers = Vec::<(String, String)>::new();
    for line in head.split("\r\n") {
        if line.starts_with([' ', '\t']) {
            let (_, value) = headers.last_mut().ok_or("the first header begins with a space")?;
            if line.trim().is_empty() {
                return Err("a header has an empty line".into());
            }
            value.push_str(line);
            continue;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| format!("no header: {line:?}"))?;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("no name of a header: {name:?}"));
        }
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    for (name, value) in &mut headers {
        *value = value.trim().to_owned();
        if !value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
            return Err(format!("{name} must be printable ASCII"));
        }
    }
    Ok(headers)
}

fn check(headers: &[(String, String)]) -> Result<(), String> {
    let count = |name: &str| headers.iter().filter(|(known, _)| known == name).count();
    if let Some(name) = ONCE.iter().find(|name| count(name) != 1) {
        return Err(format!("{name} must be there once, found {}", count(name)));
    }
    if let Some(name) = AT_MOST_ONCE.iter().find(|name| count(name) > 1) {
        return Err(format!("{name} is there {} times", count(name)));
    }
    for (name, value) in headers {
        let right = match name.as_str() {
            "message-id" | "in-reply-to" => is_id(value),
            "references" => value.split_whitespace().all(is_id) && !value.is_empty(),
            "date" => is_date(value),
            "from" | "to" | "cc" => value.split(',').all(|address| address.contains('@')),
            // Such headers would show the hidden recipients to all others.
            "bcc" => false,
            _ => true,
        };
        if !right {
            return Err(format!("{name} is wrong: {value:?}"));
        }
    }
    Ok(())
}

/// Whether this is `<left@right>`, both made of words with dots between.
fn is_id(id: &str) -> bool {
    let words = |text: &str| {
        let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        text.split('.').all(|word| !word.is_empty() && word.bytes().all(atom))
    };
    let inside = id.strip_prefix('<').and_then(|id| id.strip_suffix('>'));
    inside.and_then(|id| id.split_once('@')).is_some_and(|(left, right)| words(left) && words(right))
}

/// Whether this is a date such as `Tue, 14 Nov 2023 22:13:20 +0000`.
fn is_date(date: &str) -> bool {
    let (day, rest) = date.split_once(", ").unwrap_or(("Mon", date));
    let parts: Vec<_> = rest.split(' ').collect();
    let [of_month, month, year, time, zone] = parts.as_slice() else { return false };
    let number =
        |text: &str, range: std::ops::RangeInclusive<u32>| text.parse().is_ok_and(|number| range.contains(&number));
    let clock: Vec<_> = time.split(':').collect();
    let clock = matches!(clock.as_slice(), [h, m, s] if number(h, 0..=23) && number(m, 0..=59) && number(s, 0..=60));
    let zone = zone.len() == 5 && zone.starts_with(['+', '-']) && zone[1..].bytes().all(|byte| byte.is_ascii_digit());
    DAYS.contains(&day)
        && number(of_month, 1..=31)
        && MONTHS.contains(month)
        && number(year, 1970..=9999)
        && clock
        && zone
}

/// Decodes the encoded words of a header (RFC 2047). White space between two of them is dropped.
fn decoded(value: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = value;
    let mut after_word = false;
    while let Some((before, after)) = rest.split_once("=?") {
        if !(after_word && before.trim().is_empty()) {
            out.push_str(before);
        }
        let wrong = || format!("no encoded word: {value:?}");
        let (charset, after) = after.split_once('?').ok_or_else(wrong)?;
        let (encoding, after) = after.split_once('?').ok_or_else(wrong)?;
        let (text, after) = after.split_once("?=").ok_or_else(wrong)?;
        if charset.len() + encoding.len() + text.len() + 6 > 75 || text.contains(' ') {
            return Err(format!("an encoded word is too long or has a space: {text:?}"));
        }
        let bytes = match encoding {
            "b" | "B" => STANDARD.decode(text).map_err(|_| wrong())?,
            "q" | "Q" => quoted_printable(&text.replace('_', " "))?.into_bytes(),
            _ => return Err(wrong()),
        };
        if !charset.eq_ignore_ascii_case("utf-8") {
            return Err(wrong());
        }
        out.push_str(&String::from_utf8(bytes).map_err(|_| wrong())?);
        rest = after;
        after_word = true;
    }
    out.push_str(rest);
    Ok(out)
}

fn quoted_printable(text: &str) -> Result<String, String> {
    if text.lines().any(|line| line.len() > 76) {
        return Err("quoted-printable in lines of more than 76 characters".into());
    }
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'=', [b'\r', b'\n', after @ ..]) => rest = after,
            (b'=', [high, low, after @ ..]) => {
                let hex = [*high, *low];
                let hex = std::str::from_utf8(&hex).ok().filter(|hex| !hex.contains('+'));
                bytes.push(hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).ok_or("no quoted-printable")?);
                rest = after;
            }
            (b'=', _) => return Err("no quoted-printable".into()),
            (byte, _) if byte.is_ascii() => bytes.push(*byte),
            _ => return Err("quoted-printable that is not ASCII".into()),
        }
    }
    String::from_utf8(bytes).map_err(|_| "no UTF-8".into())
}
