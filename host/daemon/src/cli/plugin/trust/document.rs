//! Writes what is trusted into the configuration; everything else in it stays as it is, comments included.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value};

/// Why a configuration cannot be edited.
#[derive(Debug, thiserror::Error)]
pub(super) enum TrustError {
    #[error(transparent)]
    Syntax(#[from] toml_edit::TomlError),
    #[error("{0} is no section")]
    NoSection(String),
}

/// What a plugin may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Uses {
    pub(super) hosts: BTreeSet<String>,
    pub(super) secrets: BTreeSet<String>,
}

impl Uses {
    /// What it is more than the other.
    pub(super) fn beyond(&self, other: &Self) -> Self {
        let more = |these: &BTreeSet<String>, those: &BTreeSet<String>| these.difference(those).cloned().collect();
        Self { hosts: more(&self.hosts, &other.hosts), secrets: more(&self.secrets, &other.secrets) }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.hosts.is_empty() && self.secrets.is_empty()
    }
}

/// The configuration, to be edited.
pub(super) struct Document(DocumentMut);

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, TrustError> {
        Ok(Self(text.parse()?))
    }

    /// What the plugin was granted before; nothing if it has no grant yet.
    pub(super) fn granted(&self, name: &str) -> Option<Uses> {
        let section = self.0.get("plugin")?.get(name)?.as_table_like()?;
        let granted = section.contains_key("hosts") || section.contains_key("secrets");
        granted.then(|| Uses { hosts: texts(section, "hosts"), secrets: texts(section, "secrets") })
    }

    /// The hosts that the sections of the plugin's channels allow, each with the channels that do.
    pub(super) fn hosts(&self, plugin: &str) -> BTreeMap<String, Vec<String>> {
        let mut hosts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let tables = self.0.get("channel").and_then(Item::as_array_of_tables).into_iter().flatten();
        let text = |table: &Table, key: &str| table.get(key).and_then(Item::as_str).map(str::to_owned);
        for table in tables.filter(|table| text(table, "plugin").as_deref() == Some(plugin)) {
            for host in texts(table, "allow_hosts") {
                hosts.entry(host.to_lowercase()).or_default().extend(text(table, "name"));
            }
        }
        hosts
    }

    /// Pins the plugin's file, and grants it what it may use; a policy gets no grant.
    pub(super) fn trust(&mut self, name: &str, sha256: &str, uses: Option<&Uses>) -> Result<(), TrustError> {
        let plugins = self.0.entry("plugin").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let plugins = plugins.as_table_mut().ok_or_else(|| TrustError::NoSection("plugin".to_owned()))?;
        let section = plugins.entry(name).or_insert_with(|| Item::Table(Table::new()));
        let section = section.as_table_mut().ok_or_else(|| TrustError::NoSection(format!("plugin.{name}")))?;
        set(section, "sha256", Value::from(sha256));
        for (key, granted) in [("hosts", uses.map(|uses| &uses.hosts)), ("secrets", uses.map(|uses| &uses.secrets))] {
            match granted {
                // What is there stays as it is laid out.
                Some(granted) if section.contains_key(key) && texts(section, key) == *granted => {}
                Some(granted) => set(section, key, Value::Array(granted.iter().collect::<Array>())),
                None => {
                    section.remove(key);
                }
            }
        }
        Ok(())
    }

    pub(super) fn text(&self) -> String {
        self.0.to_string()
    }

    /// The plugin's section alone.
    pub(super) fn section(&self, name: &str) -> String {
        let section = self.0.get("plugin").and_then(|plugins| plugins.get(name)).and_then(Item::as_table);
        section.map_or_else(String::new, |section| {
            let lines = section.iter().map(|(key, item)| format!("{key} = {}", item.to_string().trim()));
            format!("[plugin.{name}]\n{}", lines.collect::<Vec<_>>().join("\n"))
        })
    }
}

/// Sets a value; a comment behind it stays.
fn set(section: &mut Table, key: &str, mut value: Value) {
    match section.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        None => {
            section.insert(key, Item::Value(value));
        }
    }
}

/// A list of strings.
fn texts(table: &dyn TableLike, key: &str) -> BTreeSet<String> {
    let items = table.get(key).and_then(Item::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# my site\nsite = \"fsn1\" # home\n\n[[channel]]\nname = \"ops\"\nplugin = \"night-owl\"\n\
        allow_hosts = [\"Hooks.example.com\", \"b.example:8443\"]\n\n[[channel]]\nname = \"dev\"\nplugin = \"night-owl\"\n\
        allow_hosts = [\"hooks.example.com\"]\n\n[[channel]]\nname = \"other\"\nplugin = \"webhook\"\nallow_hosts = [\"c.example\"]\n";

    fn uses(hosts: &[&str], secrets: &[&str]) -> Uses {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Uses { hosts: owned(hosts), secrets: owned(secrets) }
    }

    fn trusted(text: &str, sha256: &str, uses: Option<&Uses>) -> String {
        let mut document = Document::parse(text).unwrap();
        document.trust("night-owl", sha256, uses).unwrap();
        document.text()
    }

    #[test]
    fn a_pin_is_written_and_everything_else_stays() {
        let once = trusted(BEFORE, "aa", None);
        assert_eq!(once, format!("{BEFORE}\n[plugin.night-owl]\nsha256 = \"aa\"\n"));
        assert_eq!(trusted(&once, "bb", None), once.replace("aa", "bb"));
        let mut document = Document::parse("plugin = 1").unwrap();
        let refused = document.trust("night-owl", "aa", None).unwrap_err();
        assert!(refused.to_string().contains("plugin is no section"));
    }

    #[test]
    fn a_grant_is_written_and_comments_stay() {
        let granted = uses(&["hooks.example.com"], &["token"]);
        let once = trusted(BEFORE, "aa", Some(&granted));
        let section = "[plugin.night-owl]\nsha256 = \"aa\"\nhosts = [\"hooks.example.com\"]\nsecrets = [\"token\"]";
        assert_eq!(once, format!("{BEFORE}\n{section}\n"));
        let document = Document::parse(&once).unwrap();
        assert_eq!(
            (document.granted("night-owl"), document.section("night-owl")),
            (Some(granted.clone()), section.to_owned())
        );
        let noted =
            once.replace("\"aa\"", "\"aa\" # of March").replace("[\"token\"]", "[\n  \"token\", # of the bot\n]");
        assert_eq!(trusted(&noted, "bb", Some(&granted)), noted.replace("aa", "bb"));
        assert_eq!(trusted(&once, "aa", None), format!("{BEFORE}\n[plugin.night-owl]\nsha256 = \"aa\"\n"));
    }

    #[test]
    fn the_hosts_of_its_channels_are_what_it_asks_for() {
        let document = Document::parse(BEFORE).unwrap();
        let hosts = document.hosts("night-owl");
        let expected: [(&str, &[&str]); 2] = [("b.example:8443", &["ops"]), ("hooks.example.com", &["ops", "dev"])];
        assert_eq!(
            hosts,
            expected.map(|(host, by)| (host.to_owned(), by.iter().map(|by| (*by).to_owned()).collect())).into()
        );
        assert_eq!(document.granted("night-owl"), None);
    }

    #[test]
    fn what_is_asked_for_beyond_a_grant_is_seen() {
        let (before, now) = (uses(&["a"], &["x"]), uses(&["a", "b"], &["y"]));
        assert_eq!(now.beyond(&before), uses(&["b"], &["y"]));
        assert!(before.beyond(&before).is_nothing());
    }
}
