//! Answers that are not quite JSON.
//!
//! Nodes pass on what users wrote: a block with the text of a careless `custom_json` may hold bytes that are not UTF-8,
//! control characters, or half a surrogate pair. What Dogwatch reads of a block is none of that, so such text must not
//! cost the block.

/// The body with every text made readable: U+FFFD stands for what is not Unicode, and control characters are escaped.
pub(crate) fn readable(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let mut out = String::with_capacity(text.len());
    let mut within_string = false;
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        match next {
            '"' => {
                within_string = !within_string;
                out.push('"');
            }
            '\\' if within_string => escape(&mut rest, &mut out),
            control if within_string && control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out
}

/// Copies the escape that begins here. Half a surrogate pair becomes U+FFFD.
fn escape(rest: &mut std::str::Chars<'_>, out: &mut String) {
    if let Some(unit) = unit(rest.as_str()) {
        skip(rest, 5);
        let second = rest.as_str().strip_prefix('\\').and_then(self::unit);
        match (char::decode_utf16([unit]).next(), second) {
            (Some(Ok(_)), _) => out.push_str(&format!("\\u{unit:04x}")),
            (_, Some(second)) if char::decode_utf16([unit, second]).all(|decoded| decoded.is_ok()) => {
                skip(rest, 6);
                out.push_str(&format!("\\u{unit:04x}\\u{second:04x}"));
            }
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
        return;
    }
    match rest.next() {
        Some(known @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't')) => out.extend(['\\', known]),
        Some(other) => out.extend([char::REPLACEMENT_CHARACTER, other]),
        None => {}
    }
}

/// The UTF-16 code unit of `uXXXX`.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix('u')?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

fn skip(rest: &mut std::str::Chars<'_>, count: usize) {
    rest.by_ref().take(count).for_each(drop);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_users_wrote_costs_nothing_else() {
        let cases: [(&[u8], Value); 8] = [
            (b"{\"id\":\"\xff\xfe\x80\",\"n\":1}", json!({ "id": "\u{fffd}\u{fffd}\u{fffd}", "n": 1 })),
            (b"{\"id\":\"\\ud83d\",\"n\":1}", json!({ "id": "\u{fffd}", "n": 1 })),
            (b"{\"id\":\"\\ud83d\\ud83d\\ude00\",\"n\":1}", json!({ "id": "\u{fffd}\u{1f600}", "n": 1 })),
            (b"{\"id\":\"\\ude00x\"}", json!({ "id": "\u{fffd}x" })),
            (b"{\"id\":\"\x01\x02\n\",\n\"n\":1}", json!({ "id": "\u{1}\u{2}\n", "n": 1 })),
            (b"{\"id\":\"a\\qb\"}", json!({ "id": "a\u{fffd}qb" })),
            (b"{\"id\":\"\\\"\\\\\",\"n\":\"\\n\"}", json!({ "id": "\"\\", "n": "\n" })),
            (b"{\"id\":\"\\uzz\"}", json!({ "id": "\u{fffd}uzz" })),
        ];
        for (body, expected) in cases {
            let read: Value = serde_json::from_str(&readable(body)).unwrap();
            assert_eq!(read, expected, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn what_breaks_off_stays_broken() {
        for body in [&b"{\"id\":\"\xff"[..], b"{\"a\":\"\\", b"{\"a\":\"\\u12", b"<html>", b""] {
            assert!(serde_json::from_str::<Value>(&readable(body)).is_err());
        }
    }
}
