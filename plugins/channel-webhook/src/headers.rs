//! The operator's own headers.

/// Headers that the channel or the sender of the request sets itself.
const OURS: [&str; 9] = [
    "content-type",
    "content-length",
    "transfer-encoding",
    "connection",
    "host",
    "idempotency-key",
    "x-dogwatch-timestamp",
    "x-dogwatch-signature",
    "expect",
];

/// Reads lines such as `X-Priority: 5`; names come out in lower case.
pub(crate) fn read(lines: &[String]) -> Result<Vec<(String, String)>, String> {
    let mut headers = Vec::<(String, String)>::new();
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            return Err(format!("must look like \"X-Priority: 5\", found {line:?}"));
        };
        let (name, value) = (name.to_ascii_lowercase(), value.trim_matches([' ', '\t']));
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(format!("must look like \"X-Priority: 5\", found {line:?}: {name:?} is not a header name"));
        }
        if !value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
            return Err(format!("the value of {name} must be of plain ASCII characters, in one line"));
        }
        if OURS.contains(&name.as_str()) {
            let instead = if name == "content-type" { "; use the setting content_type" } else { "" };
            return Err(format!("{name} is set by Dogwatch{instead}"));
        }
        if name == "authorization" {
            return Err("authorization would be visible here: use the secret token".to_owned());
        }
        if headers.iter().any(|(known, _)| *known == name) {
            return Err(format!("{name} is given twice"));
        }
        headers.push((name, value.to_owned()));
    }
    Ok(headers)
}

/// Whether this is a media type, parameters included.
pub(crate) fn is_media_type(value: &str) -> Result<(), String> {
    let (media, parameters) = value.split_once(';').unwrap_or((value, ""));
    let right = media.trim().split_once('/').is_some_and(|(kind, subtype)| {
        [kind, subtype].iter().all(|part| !part.is_empty() && part.bytes().all(is_token))
    });
    if right && parameters.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(());
    }
    Err("must look like \"application/json\" or \"text/plain; charset=utf-8\"".to_owned())
}

/// The text as a header takes it: anything but visible ASCII is percent-encoded.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '!'..='~') {
            out.push(character);
        } else {
            out.push_str(&dogwatch_sdk::text::percent(character.encode_utf8(&mut [0; 4])));
        }
    }
    out
}

/// Whether header names and media types may contain this byte.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}
