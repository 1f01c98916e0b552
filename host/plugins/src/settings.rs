//! A plugin's settings, and how it describes them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A value of the settings table.
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

/// The settings table of one use of a plugin. Secrets are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Settings(pub BTreeMap<String, Value>);

impl<const N: usize> From<[(&str, Value); N]> for Settings {
    fn from(pairs: [(&str, Value); N]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// One thing wrong with the settings, in the plugin's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which setting or secret, or empty when it is about all of them.
    pub setting: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.setting.as_str() {
            "" => f.write_str(&self.message),
            setting => write!(f, "{setting}: {}", self.message),
        }
    }
}

/// A setting that a plugin knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingDoc {
    /// Its name.
    pub name: String,
    /// Its default, as an operator would write it; empty when the setting must be given.
    pub default: String,
    /// What it does.
    pub about: String,
}

/// What a channel is good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Roles {
    /// It tells humans of alerts.
    pub alerts: bool,
    /// It tells a dead man's switch that the watch goes on.
    pub heartbeats: bool,
}

/// How a plugin describes itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    /// What it calls itself; the operator's name for it is another matter.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it does.
    pub about: String,
    /// The settings that it knows.
    pub settings: Vec<SettingDoc>,
    /// What a channel is good for. Nothing for policies.
    pub roles: Roles,
    /// The secrets that it can use. None for policies.
    pub secrets: Vec<SettingDoc>,
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
