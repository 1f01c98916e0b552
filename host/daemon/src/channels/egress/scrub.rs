//! Removes secrets from texts that others wrote.

use dogwatch_plugins::Encoding;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::encode;

/// Secrets shorter than this, in characters, are left alone: removing them would only garble the text.
const SHORTEST_SECRET: usize = 4;

/// Characters that URLs may hold unescaped: many programs leave them where `NON_ALPHANUMERIC` would escape them.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same for a URL's path.
const PATH: &AsciiSet = &UNRESERVED.remove(b'/').remove(b':').remove(b'@').remove(b'=').remove(b'+').remove(b'&');

/// Secrets shorter than this, in bytes, are not searched for inside base64.
const SHORTEST_IN_BASE64: usize = 8;

/// The text without the secrets.
pub(super) fn secrets<'a>(text: &str, secrets: impl Iterator<Item = &'a str>) -> String {
    let long = |secret: &&str| secret.chars().count() >= SHORTEST_SECRET;
    let all = secrets.flat_map(|secret| [Some(secret), path_of(secret)]).flatten();
    let mut forms: Vec<_> = all.filter(long).flat_map(forms).collect();
    // The longest first: one secret may contain another.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.iter().fold(text.to_owned(), |text, form| text.replace(form.as_str(), "…"))
}

/// The path of a secret that is a URL: a server that rejects it echoes only the path.
fn path_of(secret: &str) -> Option<&str> {
    let (_, rest) = secret.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    Some(path.trim_matches('/'))
}

/// A secret as it appears in the base64 of a longer text, as in basic authentication: the text before it shifts it by
/// zero, one or two bytes, and the characters at both ends also encode parts of its neighbours.
fn inside_base64(secret: &str) -> Vec<Zeroizing<String>> {
    if secret.len() < SHORTEST_IN_BASE64 {
        return Vec::new();
    }
    let shifted = [(0_usize, 0_usize), (1, 2), (2, 3)].into_iter().map(|(before, shared)| {
        let padded = Zeroizing::new(format!("{}{secret}", "x".repeat(before)));
        let whole = padded.len().saturating_sub(padded.len() % 3);
        let encoded = encode(padded.get(..whole).unwrap_or_default(), Encoding::Base64);
        Zeroizing::new(encoded.get(shared..).unwrap_or_default().to_owned())
    });
    shifted.filter(|form| form.len() >= SHORTEST_IN_BASE64).collect()
}

/// The forms in which a secret may show up in a text.
fn forms(secret: &str) -> Vec<Zeroizing<String>> {
    let mut forms: Vec<_> =
        [Encoding::Plain, Encoding::Json, Encoding::Base64].into_iter().map(|form| encode(secret, form)).collect();
    forms.extend(inside_base64(secret));
    for left_alone in [NON_ALPHANUMERIC, UNRESERVED, PATH] {
        let escaped = Zeroizing::new(utf8_percent_encode(secret, left_alone).to_string());
        forms.push(lower_escapes(&escaped));
        forms.push(escaped);
    }
    forms
}

/// `%2F` as `%2f`, which some programs write.
fn lower_escapes(escaped: &str) -> Zeroizing<String> {
    let mut in_escape = 0_u8;
    let lowered = escaped.chars().map(|c| {
        if c == '%' {
            in_escape = 3;
        }
        let inside = in_escape > 0;
        in_escape = in_escape.saturating_sub(1);
        if inside { c.to_ascii_lowercase() } else { c }
    });
    Zeroizing::new(lowered.collect())
}
