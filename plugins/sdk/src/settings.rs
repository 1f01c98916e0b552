//! A plugin's settings: what the operator wrote, and what the plugin makes of it.

mod address;
mod duration;
mod given;
mod kind;
mod nearest;
mod reader;

use std::collections::BTreeMap;
use std::fmt;

pub use duration::duration;
pub use given::Given;
pub use kind::{Integer, Kind};
pub use reader::{Reader, Setting};

/// A value from the settings table.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The settings table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<String, Value>);

impl Settings {
    /// A table of names and values; of two with one name the last counts.
    #[must_use]
    pub fn from_pairs(pairs: Vec<(String, Value)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The value with that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// One thing wrong with the settings, in words for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which setting, or empty when it is about the whole table.
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

/// A setting that the plugin knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingDoc {
    /// Its name.
    pub name: String,
    /// Its default, as an operator would write it; empty when the setting must be given.
    pub default: String,
    /// What it does.
    pub about: String,
}
