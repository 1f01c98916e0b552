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

/// The text without the secrets.
pub(super) fn secrets<'a>(text: &str, secrets: impl Iterator<Item = &'a str>) -> String {
    let long = secrets.filter(|secret| secret.chars().count() >= SHORTEST_SECRET);
    let mut forms: Vec<_> = long.flat_map(forms).collect();
    // The longest first: one secret may hold another.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.iter().fold(text.to_owned(), |text, form| text.replace(form.as_str(), "…"))
}

/// The ways in which a secret may turn up in a text.
fn forms(secret: &str) -> Vec<Zeroizing<String>> {
    let mut forms: Vec<_> =
        [Encoding::Plain, Encoding::Json, Encoding::Base64].into_iter().map(|form| encode(secret, form)).collect();
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
