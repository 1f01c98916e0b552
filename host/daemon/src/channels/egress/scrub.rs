//! Taking secrets out of texts that others wrote.

use dogwatch_plugins::Encoding;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::encode;

/// What is shorter hides in no text: taking it out would only garble the words.
const SHORTEST_SECRET: usize = 4;

/// What a URL leaves as it is: many programs write it plain where `NON_ALPHANUMERIC` would not.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a URL's path leaves as it is, too.
const PATH: &AsciiSet = &UNRESERVED.remove(b'/').remove(b':').remove(b'@').remove(b'=').remove(b'+').remove(b'&');

/// What is shorter than this is not looked for inside of other texts in base64.
const SHORTEST_IN_BASE64: usize = 8;

/// The text without the secrets.
pub(super) fn secrets<'a>(text: &str, secrets: impl Iterator<Item = &'a str>) -> String {
    let long = |secret: &&str| secret.chars().count() >= SHORTEST_SECRET;
    let all = secrets.flat_map(|secret| [Some(secret), path_of(secret)]).flatten();
    let mut forms: Vec<_> = all.filter(long).flat_map(forms).collect();
    // The longest first: one secret may hold another.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.iter().fold(text.to_owned(), |text, form| text.replace(form.as_str(), "…"))
}

/// Of a secret that is an address, what stands behind the host: a server that refuses it names that alone.
fn path_of(secret: &str) -> Option<&str> {
    let (_, rest) = secret.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    Some(path.trim_matches('/'))
}

/// A secret as it stands in the base64 of a longer text, as in basic authentication: what lies before it shifts it by no,
/// one or two bytes, and the letters at both ends belong to its neighbours too.
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

/// The ways in which a secret may turn up in a text.
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
