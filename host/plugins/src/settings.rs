//! A plugin's settings, and what it finds wrong with them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A value in the settings table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a plugin's setting is true or false, a whole number, a text or a list of texts")]
pub enum Value {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
}

/// The settings with which a plugin is used. They hold no secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Settings(pub BTreeMap<String, Value>);

impl<const N: usize> From<[(&str, Value); N]> for Settings {
    fn from(pairs: [(&str, Value); N]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// A problem with a setting or secret, in the plugin's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingProblem {
    /// The name of the setting or secret; empty when the problem concerns all of them.
    pub setting: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for SettingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.setting.as_str() {
            "" => f.write_str(&self.message),
            setting => write!(f, "{setting}: {}", self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_toml() {
        let settings: Settings = toml::from_str("a = true\nb = 3\nc = 'x'\nd = ['x', 'y']").unwrap();
        let expected = [
            ("a", Value::Flag(true)),
            ("b", Value::Integer(3)),
            ("c", Value::Text("x".into())),
            ("d", Value::Texts(vec!["x".into(), "y".into()])),
        ];
        assert_eq!(settings, Settings::from(expected));
        for bad in ["a = 1.5", "a = [1]", "a = {}", "a = 2026-11-23"] {
            let error = toml::from_str::<Settings>(bad).unwrap_err().to_string();
            assert!(error.contains("a plugin's setting is true or false"), "{error}");
        }
    }
}
