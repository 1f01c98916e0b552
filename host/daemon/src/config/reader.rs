//! Reads TOML tables key by key, so that every problem is found in one pass and carries its line.

use std::time::Duration;

use dogwatch_plugins::{Settings, Value, nearest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::duration::{Range, parse_duration, shown};
use crate::config::problem::Problems;

/// The longest name that is allowed, in characters.
const LONGEST_NAME: usize = 64;

/// The text of the file, to turn offsets into line numbers.
#[derive(Debug)]
pub(super) struct Source<'a> {
    text: &'a str,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// The text as TOML. `None` if it is not, which is reported.
    pub(super) fn document(&self, problems: &mut Problems) -> Option<Spanned<DeTable<'a>>> {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let line = error.span().map(|span| self.line(span.start));
            problems.error(line, format!("not TOML: {}", error.message()), "Fix the syntax.");
        }
        errors.is_empty().then_some(document)
    }

    pub(super) fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        before.filter(|byte| **byte == b'\n').count().saturating_add(1)
    }
}

/// A value and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) line: usize,
}

/// A table that is being read.
#[derive(Debug)]
pub(super) struct Section<'a> {
    source: &'a Source<'a>,
    table: &'a DeTable<'a>,
    /// The prefix of its problems, such as `witness "alice"`; empty at the top level.
    what: String,
    line: usize,
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub(super) fn new(source: &'a Source<'a>, table: &'a DeTable<'a>, what: &str, line: usize) -> Self {
        Self { source, table, what: what.to_owned(), line, known: Vec::new() }
    }

    pub(super) fn line(&self) -> usize {
        self.line
    }

    pub(super) fn what(&self) -> &str {
        &self.what
    }

    /// Renames the section once it is known what it is about.
    pub(super) fn call(&mut self, what: String) {
        self.what = what;
    }

    fn prefixed(&self, text: &str) -> String {
        if self.what.is_empty() { text.to_owned() } else { format!("{}: {text}", self.what) }
    }

    pub(super) fn error(&self, problems: &mut Problems, line: usize, text: &str, remedy: impl Into<String>) {
        problems.error(Some(line), self.prefixed(text), remedy);
    }

    pub(super) fn warn(&self, problems: &mut Problems, line: usize, text: &str, remedy: impl Into<String>) {
        problems.warn(Some(line), self.prefixed(text), remedy);
    }

    fn member(&mut self, key: &'static str) -> Option<At<&'a DeValue<'a>>> {
        self.known.push(key);
        let value: &Spanned<DeValue<'a>> = self.table.get(key)?;
        Some(At { value: value.get_ref(), line: self.source.line(value.span().start) })
    }

    fn typed<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        problems: &mut Problems,
        read: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Option<At<T>> {
        let At { value, line } = self.member(key)?;
        let found = value.type_str();
        match read(value) {
            Some(value) => Some(At { value, line }),
            None => {
                self.error(problems, line, &format!("{key} has the wrong type: {found}"), format!("Write {expected}."));
                None
            }
        }
    }

    pub(super) fn text(&mut self, key: &'static str, problems: &mut Problems) -> Option<At<String>> {
        let read = self.typed(key, "a string in quotes", problems, |value| value.as_str().map(str::to_owned))?;
        if read.value.trim().is_empty() {
            self.error(problems, read.line, &format!("{key} is empty"), "Give it a value, or leave it out.");
            return None;
        }
        Some(read)
    }

    /// A string that is required.
    pub(super) fn required(&mut self, key: &'static str, example: &str, problems: &mut Problems) -> Option<At<String>> {
        if !self.table.contains_key(key) {
            self.known.push(key);
            let line = self.line;
            self.error(problems, line, &format!("{key} is missing"), format!("Add {key} = {example}."));
            return None;
        }
        self.text(key, problems)
    }

    /// Reports a name that does not fit into log lines and alerts.
    pub(super) fn check_name(&self, key: &str, name: &At<String>, problems: &mut Problems) {
        if name.value.chars().count() > LONGEST_NAME {
            let text = format!("{key} is longer than {LONGEST_NAME} characters");
            self.error(problems, name.line, &text, "Shorten it: it appears in alerts and log lines.");
        }
        if name.value.contains(char::is_control) {
            let text = format!("{key} contains control characters");
            self.error(problems, name.line, &text, "Write it on one line, without tabs or escapes.");
        }
    }

    pub(super) fn flag(&mut self, key: &'static str, problems: &mut Problems) -> Option<bool> {
        self.typed(key, "true or false", problems, DeValue::as_bool).map(|at| at.value)
    }

    pub(super) fn integer(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<u32>,
        problems: &mut Problems,
    ) -> Option<u32> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let read = |value: &DeValue<'_>| {
            let integer = value.as_integer()?;
            let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok()?;
            range.contains(&number).then_some(number)
        };
        let line_of = self.table.get(key).map(|value| self.source.line(value.span().start));
        let found = self.member(key)?;
        let number = read(found.value);
        if number.is_none() {
            let line = line_of.unwrap_or(self.line);
            self.error(problems, line, &format!("{key} is out of range or not a number"), format!("Write {expected}."));
        }
        number
    }

    /// Whether the value is a string, where it may also be something else.
    pub(super) fn holds_text(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|value| value.get_ref().as_str().is_some())
    }

    pub(super) fn duration(&mut self, key: &'static str, problems: &mut Problems) -> Option<Duration> {
        let text = self.text(key, problems)?;
        let parsed = parse_duration(&text.value);
        if parsed.is_none() {
            let remedy = "Write a number and a unit, such as \"500ms\", \"90s\", \"10m\" or \"2h\".";
            self.error(problems, text.line, &format!("{key} = {:?} is not a duration", text.value), remedy);
        }
        parsed
    }

    /// A duration between two bounds.
    pub(super) fn duration_within(
        &mut self,
        key: &'static str,
        range: Range<'_>,
        problems: &mut Problems,
    ) -> Option<Duration> {
        let line = self.table.get(key).map_or(self.line, |value| self.source.line(value.span().start));
        let given = self.duration(key, problems)?;
        let Range { least, most, why } = range;
        if given < least || given > most {
            let (given, least, most) = (shown(given), shown(least), shown(most));
            let text = format!("{key} = {given:?} is out of range");
            self.error(problems, line, &text, format!("Choose from {least:?} to {most:?}: {why}."));
        }
        Some(given)
    }

    /// Reads a list item by item. `None` when the value is not a list; an item is `None` when it has the wrong type.
    /// Both are reported here. A missing list is empty.
    fn list<T>(
        &mut self,
        key: &'static str,
        expected: (&str, &str),
        problems: &mut Problems,
        read: impl Fn(&'a Spanned<DeValue<'a>>, usize) -> Option<T>,
    ) -> Option<Vec<Option<T>>> {
        if !self.table.contains_key(key) {
            self.known.push(key);
            return Some(Vec::new());
        }
        let (list, each) = expected;
        let items = self.typed(key, list, problems, DeValue::as_array)?.value;
        let read_one = |(index, item): (usize, &'a Spanned<DeValue<'a>>)| {
            let line = self.source.line(item.span().start);
            let read = read(item, line);
            if read.is_none() {
                let text = format!(
                    "item {} of {key} has the wrong type: {}",
                    index.saturating_add(1),
                    item.get_ref().type_str()
                );
                self.error(problems, line, &text, format!("Write {each}."));
            }
            read
        };
        Some(items.iter().enumerate().map(read_one).collect())
    }

    /// A list of strings; see [`Self::list`].
    pub(super) fn texts(&mut self, key: &'static str, problems: &mut Problems) -> Option<Vec<Option<At<String>>>> {
        self.list(key, ("a list of strings in quotes", "a string in quotes"), problems, |item, line| {
            item.get_ref().as_str().map(|text| At { value: text.to_owned(), line })
        })
    }

    /// A list whose items are strings or tables; see [`Self::list`].
    pub(super) fn items(&mut self, key: &'static str, problems: &mut Problems) -> Option<Vec<Option<Item<'a>>>> {
        let (source, what) = (self.source, self.what.clone());
        self.list(key, ("a list", "a string in quotes, or a table"), problems, |item, _| {
            Item::new(source, item, &what, key)
        })
    }

    /// A value that is a string or a table.
    pub(super) fn item(&mut self, key: &'static str, problems: &mut Problems) -> Option<Item<'a>> {
        self.known.push(key);
        let value = self.table.get(key)?;
        let item = Item::new(self.source, value, &self.what, key);
        if item.is_none() {
            let line = self.source.line(value.span().start);
            self.error(problems, line, &format!("{key} is neither a string nor a table"), "Write a string in quotes.");
        }
        item
    }

    pub(super) fn table(&mut self, key: &'static str, problems: &mut Problems) -> Option<Self> {
        let (source, what) = (self.source, self.prefixed(key));
        let at = self.typed(key, "a table", problems, |value| value.as_table())?;
        Some(Section::new(source, at.value, &what, at.line))
    }

    /// `[[key]]` sections; see [`Self::list`].
    pub(super) fn tables(&mut self, key: &'static str, problems: &mut Problems) -> Option<Vec<Option<Self>>> {
        let (source, what) = (self.source, self.prefixed(key));
        let expected = format!("[[{key}]] sections");
        self.list(key, (&expected, &expected), problems, |item, line| {
            Some(Section::new(source, item.get_ref().as_table()?, &what, line))
        })
    }

    /// The line of a key, if the section has it. The key is not unknown then.
    pub(super) fn line_of(&mut self, key: &'static str) -> Option<usize> {
        let value = self.table.get(key)?;
        self.known.push(key);
        Some(self.source.line(value.span().start))
    }

    /// The section's `name`, if it has one. A bad name is not reported here.
    pub(super) fn own_name(&self) -> Option<&'a str> {
        self.table.get("name")?.get_ref().as_str()
    }

    /// All keys as plugin settings. The plugin itself checks them later.
    pub(super) fn settings(self, problems: &mut Problems) -> Settings {
        let mut settings = Settings::default();
        for (key, value) in self.table {
            let line = self.source.line(value.span().start);
            match setting(value.get_ref()) {
                Some(value) => {
                    settings.0.insert(key.get_ref().to_string(), value);
                }
                None => {
                    let text = format!("{} has the wrong type: {}", key.get_ref(), value.get_ref().type_str());
                    let remedy = "A plugin setting is a string, a whole number, true or false, or a list of strings.";
                    self.error(problems, line, &text, remedy);
                }
            }
        }
        settings
    }

    /// Every table within with its key, for tables whose keys the operator chooses.
    pub(super) fn named_tables(&mut self, problems: &mut Problems) -> Vec<(String, Self)> {
        let mut tables = Vec::new();
        for (key, value) in self.table {
            let line = self.source.line(value.span().start);
            let what = format!("{}.{}", self.what, key.get_ref());
            match value.get_ref() {
                DeValue::Table(table) => {
                    tables.push((key.get_ref().to_string(), Self::new(self.source, table, &what, line)))
                }
                _ => self.error(
                    problems,
                    line,
                    &format!("{} is no section", key.get_ref()),
                    format!("Write [{what}] above its keys."),
                ),
            }
        }
        tables
    }

    /// Every value with its key and line, for tables whose keys the operator chooses.
    pub(super) fn named_items(&mut self) -> Vec<(String, Option<Item<'a>>, usize)> {
        let entries = self.table.iter();
        entries
            .map(|(key, value)| {
                let line = self.source.line(value.span().start);
                (key.get_ref().to_string(), Item::new(self.source, value, &self.what, key.get_ref()), line)
            })
            .collect()
    }

    /// Reports unknown keys: those that no reader has asked for.
    pub(super) fn finish(self, problems: &mut Problems) {
        for (key, _) in self.table {
            let name = key.get_ref().as_ref();
            if self.known.contains(&name) {
                continue;
            }
            let line = self.source.line(key.span().start);
            let remedy = match nearest(name, self.known.iter().copied()) {
                Some(near) => format!("Did you mean {near}?"),
                None => format!("Known keys: {}.", self.known.join(", ")),
            };
            self.error(problems, line, &format!("unknown key {name}"), remedy);
        }
    }
}

/// A string or a table.
#[derive(Debug)]
pub(super) enum Item<'a> {
    Text(At<String>),
    Table(Section<'a>),
}

impl<'a> Item<'a> {
    pub(super) fn line(&self) -> usize {
        match self {
            Self::Text(text) => text.line,
            Self::Table(section) => section.line,
        }
    }

    fn new(source: &'a Source<'a>, value: &'a Spanned<DeValue<'a>>, what: &str, key: &str) -> Option<Self> {
        let line = source.line(value.span().start);
        let name = if what.is_empty() { key.to_owned() } else { format!("{what}: {key}") };
        match value.get_ref() {
            DeValue::String(text) => Some(Self::Text(At { value: text.to_string(), line })),
            DeValue::Table(table) => Some(Self::Table(Section::new(source, table, &name, line))),
            _ => None,
        }
    }
}

fn setting(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::Text(text.to_string())),
        DeValue::Boolean(flag) => Some(Value::Flag(*flag)),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(Value::Integer),
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>().map(Value::Texts)
        }
        _ => None,
    }
}
