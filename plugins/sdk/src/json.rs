//! Just enough JSON for the body of a request, without a library's weight; answers are read by one.

use std::fmt::Write;

use crate::channel::Part;

/// JSON that was read: see `serde_json`.
pub use serde_json::Value;

/// Reads the body of an answer; what is no JSON is null.
#[must_use]
pub fn parse(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

/// The member of an object with that name, if it is a text; else an empty text.
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
            // The last two end a line in JavaScript.
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

/// A JSON object in the making; members keep their order.
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

    /// A member whose value is JSON already.
    #[must_use]
    pub fn raw(mut self, name: &str, json: &str) -> Self {
        self.members.push(format!("{}:{json}", quote(name)));
        self
    }

    /// The object in parts, with a text as its first member that is a part of its own. It is written as it is between its
    /// quotes: a secret must be [encoded](crate::channel::Encoding) as JSON.
    #[must_use]
    pub fn led_by(self, name: &str, value: Part) -> Vec<Part> {
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
        let secret = || Part::encoded_secret("key", crate::channel::Encoding::Json);
        let rest = |text: &str| vec!["{\"k\":\"".into(), secret(), text.into()];
        assert_eq!(Object::new().led_by("k", secret()), rest("\"}"));
        assert_eq!(Object::new().integer("a", 1).led_by("k", secret()), rest("\",\"a\":1}"));
    }
}
