//! Reads settings, and collects their documentation and problems along the way.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::address;
use super::nearest::nearest;
use super::problem::Problem;
use super::setting_or_secret::SettingOrSecret;
use super::setting_type::{Integer, SettingType};
use super::value::Settings;

/// Reads settings.
///
/// It does not stop at the first problem: reading goes on with a stand-in value, so that the operator sees every
/// problem at once.
#[derive(Debug)]
pub struct Reader<'a> {
    settings: &'a Settings,
    secrets: &'a [String],
    problems: Vec<Problem>,
    known: Known,
    /// Only where they are asked for: a decision need not spell them out.
    docs: Option<Docs>,
}

/// A setting or secret that the plugin knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingDoc {
    /// Its name.
    pub name: String,
    /// Its default, as an operator would write it; empty when it is required.
    pub default: String,
    /// What it does.
    pub about: String,
}

/// The names that the plugin asked for.
#[derive(Debug, Default)]
struct Known {
    settings: Vec<&'static str>,
    secrets: Vec<&'static str>,
}

/// The settings and secrets that the plugin asked for.
#[derive(Debug, Default)]
pub(crate) struct Docs {
    pub(crate) settings: Vec<SettingDoc>,
    pub(crate) secrets: Vec<SettingDoc>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(settings: &'a Settings, secrets: &'a [String]) -> Self {
        Self { settings, secrets, problems: Vec::new(), known: Known::default(), docs: None }
    }

    /// A reader that collects the documentation.
    pub(crate) fn documenting(settings: &'a Settings) -> Self {
        Self { docs: Some(Docs::default()), ..Self::new(settings, &[]) }
    }

    /// A whole number.
    pub fn integer<'r, T: Integer>(&'r mut self, name: &'static str, about: &'r str) -> Setting<'r, 'a, T> {
        self.setting(name, about)
    }

    /// True or false.
    pub fn flag<'r>(&'r mut self, name: &'static str, about: &'r str) -> Setting<'r, 'a, bool> {
        self.setting(name, about)
    }

    /// A text.
    pub fn text<'r>(&'r mut self, name: &'static str, about: &'r str) -> Setting<'r, 'a, String> {
        self.setting(name, about)
    }

    /// A list of texts.
    pub fn texts<'r>(&'r mut self, name: &'static str, about: &'r str) -> Setting<'r, 'a, Vec<String>> {
        self.setting(name, about)
    }

    /// A duration, written as `"90s"`, `"10m"` or `"2h"`.
    pub fn duration<'r>(&'r mut self, name: &'static str, about: &'r str) -> Setting<'r, 'a, Duration> {
        self.setting(name, about)
    }

    /// Whether the operator configured the secret with this name.
    pub fn secret(&mut self, name: &'static str, about: &str) -> bool {
        self.known.secrets.push(name);
        if let Some(docs) = &mut self.docs {
            let doc = SettingDoc { name: name.to_owned(), default: String::new(), about: about.to_owned() };
            docs.secrets.push(doc);
        }
        self.has_secret(name)
    }

    fn has_secret(&self, name: &str) -> bool {
        self.secrets.iter().any(|secret| secret == name)
    }

    /// Requires the secret with this name: without it, the settings are wrong.
    pub fn required_secret(&mut self, name: &'static str, about: &str) {
        if !self.secret(name, about) {
            self.problem(name, format!("must be given as a secret: {about}"));
        }
    }

    /// Reports a problem that only the plugin can see, such as two settings that exclude each other. The setting is
    /// empty when the problem concerns all of them.
    pub fn problem(&mut self, setting: &str, message: impl Into<String>) {
        self.problems.push(Problem { setting: setting.to_owned(), message: message.into() });
    }

    /// Whether any problem was found so far.
    #[must_use]
    pub fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    fn setting<'r, T: SettingType>(&'r mut self, name: &'static str, about: &'r str) -> Setting<'r, 'a, T> {
        let found = match self.settings.get(name).map(T::read) {
            None => Lookup::Nothing,
            Some(Ok(value)) => Lookup::Value(value),
            Some(Err(message)) => {
                self.problem(name, message);
                Lookup::Wrong
            }
        };
        Setting { reader: self, name, about, range: None, found }
    }

    pub(crate) fn into_docs(self) -> Docs {
        self.docs.unwrap_or_default()
    }

    /// Every problem, unknown names included.
    pub(crate) fn finish(mut self) -> Result<(), Vec<Problem>> {
        let unknown = |kind: &str, name: &str, known: &[&'static str]| {
            if known.contains(&name) {
                return None;
            }
            let hint = match nearest(name, known.iter().copied()) {
                Some(meant) => format!("did you mean {meant}?"),
                None if known.is_empty() => format!("there are no {kind}s"),
                None => format!("there are: {}", known.join(", ")),
            };
            Some(Problem { setting: name.to_owned(), message: format!("no such {kind}; {hint}") })
        };
        let settings = self.settings.names().filter_map(|name| unknown("setting", name, &self.known.settings));
        let secrets = self.secrets.iter().filter_map(|name| unknown("secret", name, &self.known.secrets));
        let unknown: Vec<_> = settings.chain(secrets).collect();
        self.problems.extend(unknown);
        if self.problems.is_empty() { Ok(()) } else { Err(self.problems) }
    }
}

/// What the table holds under this name.
#[derive(Debug)]
enum Lookup<T> {
    Nothing,
    Value(T),
    /// A value with a problem, which was reported.
    Wrong,
}

/// One setting, about to be read.
#[derive(Debug)]
#[must_use = "say what happens when the setting is not there"]
pub struct Setting<'r, 'a, T> {
    reader: &'r mut Reader<'a>,
    name: &'static str,
    about: &'r str,
    range: Option<RangeInclusive<T>>,
    found: Lookup<T>,
}

impl<T: SettingType> Setting<'_, '_, T> {
    /// Requires that the value pass a check; the check's error says what would be right.
    pub fn check(mut self, right: impl FnOnce(&T) -> Result<(), String>) -> Self {
        if let Lookup::Value(value) = &self.found
            && let Err(message) = right(value)
        {
            self.reader.problem(self.name, message);
            self.found = Lookup::Wrong;
        }
        self
    }

    /// The value, or the default when there is none.
    pub fn or(self, default: T) -> T {
        match self.finish(|| default.written()) {
            Lookup::Value(value) => value,
            Lookup::Nothing | Lookup::Wrong => default,
        }
    }

    /// The value, if there is one.
    pub fn optional(self) -> Option<T> {
        match self.finish(|| "unset".to_owned()) {
            Lookup::Value(value) => Some(value),
            Lookup::Nothing | Lookup::Wrong => None,
        }
    }

    /// The value; without one, the settings are wrong.
    pub fn required(self) -> T {
        if matches!(self.found, Lookup::Nothing) {
            self.reader.problem(self.name, format!("must be given: {}", in_full(self.about, self.range.as_ref())));
        }
        match self.finish(String::new) {
            Lookup::Value(value) => value,
            Lookup::Nothing | Lookup::Wrong => T::default(),
        }
    }

    /// The same setting with another value.
    fn map(mut self, change: impl FnOnce(T) -> T) -> Self {
        if let Lookup::Value(value) = self.found {
            self.found = Lookup::Value(change(value));
        }
        self
    }

    fn finish(self, default: impl FnOnce() -> String) -> Lookup<T> {
        self.reader.known.settings.push(self.name);
        if let Some(docs) = &mut self.reader.docs {
            let about = in_full(self.about, self.range.as_ref());
            docs.settings.push(SettingDoc { name: self.name.to_owned(), default: default(), about });
        }
        self.found
    }
}

impl Setting<'_, '_, String> {
    /// Requires an address: `http://` or `https://`, a host, and no white space. The daemon checks it again when a
    /// request goes there. The example is shown to the operator.
    pub fn address(self, example: &str) -> Self {
        self.check(|url| address::check(url, example))
    }

    /// Requires an address to which paths can be appended: one without `?` and `#`. Trailing slashes are removed.
    pub fn base_address(self, example: &str) -> Self {
        self.check(|url| address::check_base(url, example)).map(|url| url.trim_end_matches('/').to_owned())
    }

    /// The value, or the secret of the same name, which the operator may configure instead; not both.
    pub fn or_secret(self, about: &str) -> Option<SettingOrSecret> {
        let name = self.name;
        if self.reader.secret(name, about) {
            if !matches!(self.found, Lookup::Nothing) {
                self.reader.problem(name, "is both a setting and a secret; keep one of them");
            }
            self.optional();
            return Some(SettingOrSecret::Secret(name));
        }
        self.optional().map(SettingOrSecret::Setting)
    }

    /// The same; without either of the two, the settings are wrong.
    pub fn or_required_secret(self, about: &str) -> SettingOrSecret {
        let name = self.name;
        if matches!(self.found, Lookup::Nothing) && !self.reader.has_secret(name) {
            self.reader.problem(name, "must be given, as a setting or as a secret");
        }
        self.or_secret(about).unwrap_or(SettingOrSecret::Secret(name))
    }
}

/// Types whose values are ordered.
impl<T: SettingType + PartialOrd> Setting<'_, '_, T> {
    /// Requires that the value be in this range.
    pub fn range(mut self, range: RangeInclusive<T>) -> Self {
        if let Lookup::Value(value) = &self.found
            && !range.contains(value)
        {
            let message = format!("must be from {}, found {}", limits(&range), value.written());
            self.reader.problem(self.name, message);
            self.found = Lookup::Wrong;
        }
        self.range = Some(range);
        self
    }
}

/// What a setting does, and in which range it must be.
fn in_full<T: SettingType>(about: &str, range: Option<&RangeInclusive<T>>) -> String {
    range.map_or_else(|| about.to_owned(), |range| format!("{about} From {}.", limits(range)))
}

fn limits<T: SettingType>(range: &RangeInclusive<T>) -> String {
    format!("{} to {}", range.start().written(), range.end().written())
}

#[cfg(test)]
mod tests;
