//! Writes the JSON of requests without the weight of a library. `serde_json` reads responses.

use std::fmt::Write;

use crate::channel_types::Part;

/// Parsed JSON: see `serde_json`.
pub use serde_json::Value;

/// Parses the body of a response; null if it is not JSON.
#[must_use]
pub fn parse(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

/// The text member of an object with this name; empty if there is none.
#[must_use]
pub fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A text as a JSON string, quotes included.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len().saturating_add(2));
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // The last two are line ends in JavaScript.
            '\0'..='\u{1f}' | '\u{7f}' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// A JSON object under construction; members keep their order.
///
/// ```
/// use dogwatch_sdk::json::Object;
///
/// let body = Object::new().text("says", "\"hi\"").integer("at", 5).flag("loud", true).finish();
/// assert_eq!(body, r#"{"says":"\"hi\"","at":5,"loud":true}"#);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Object {
    members: Vec<String>,
}

impl Object {
    /// An empty object.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A member that is a text.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.raw(name, &quote(value))
    }

    /// A member that is a whole number.
    #[must_use]
    pub fn integer(self, name: &str, value: i64) -> Self {
        self.raw(name, &value.to_string())
    }

    /// A member that is true or false.
    #[must_use]
    pub fn flag(self, name: &str, value: bool) -> Self {
        self.raw(name, if value { "true" } else { "false" })
    }

    /// A member that is an object.
    #[must_use]
    pub fn object(self, name: &str, value: Self) -> Self {
        self.raw(name, &value.finish())
    }

    /// A member that is a list of texts.
    #[must_use]
    pub fn texts<'a>(self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        let quoted: Vec<_> = values.into_iter().map(quote).collect();
        self.raw(name, &format!("[{}]", quoted.join(",")))
    }

    /// A member whose value is already JSON.
    #[must_use]
    pub fn raw(mut self, name: &str, json: &str) -> Self {
        self.members.push(format!("{}:{json}", quote(name)));
        self
    }

    /// The object as parts, with one more member in front: a text that is a part of its own. The part goes between its
    /// quotes unchanged, so a secret must be [encoded](crate::channel::Encoding) as JSON.
    #[must_use]
    pub fn with_first_part(self, name: &str, value: Part) -> Vec<Part> {
        let comma = if self.members.is_empty() { "" } else { "," };
        let rest = format!("\"{comma}{}}}", self.members.join(","));
        vec![format!("{{{}:\"", quote(name)).into(), value, rest.into()]
    }

    /// The object as a text.
    #[must_use]
    pub fn finish(self) -> String {
        format!("{{{}}}", self.members.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_would_break_out() {
        let cases = [
            ("plain", r#""plain""#),
            (r#"a"b\c"#, r#""a\"b\\c""#),
            ("line\nline\r\ttab", r#""line\nline\r\ttab""#),
            ("\0\u{1b}\u{7f}\u{2028}", r#""\u0000\u001b\u007f\u2028""#),
            ("grüße 🐕", "\"grüße 🐕\""),
        ];
        for (text, json) in cases {
            assert_eq!(quote(text), json);
        }
    }

    #[test]
    fn reads_what_is_there() {
        let object = parse(br#"{"a":"x","b":5}"#);
        assert_eq!(
            [text(&object, "a"), text(&object, "b"), text(&object, "c"), text(&parse(b"<"), "a")],
            ["x", "", "", ""]
        );
    }

    #[test]
    fn nests() {
        let inner = Object::new().texts("list", ["a", "\""]);
        assert_eq!(Object::new().object("x", inner).finish(), r#"{"x":{"list":["a","\""]}}"#);
        assert_eq!(Object::new().finish(), "{}");
        let secret = || Part::encoded_secret("key", crate::channel_types::Encoding::Json);
        let rest = |text: &str| vec!["{\"k\":\"".into(), secret(), text.into()];
        assert_eq!(Object::new().with_first_part("k", secret()), rest("\"}"));
        assert_eq!(Object::new().integer("a", 1).with_first_part("k", secret()), rest("\",\"a\":1}"));
    }
}
