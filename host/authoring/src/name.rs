//! Names of plugins.

/// A plugin's name: of small letters, digits and hyphens, as it stands in a configuration. An underscore is read as a hyphen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginName(String);

/// A name that no new plugin may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name for a plugin: use small letters, digits and hyphens, starting with a letter, 50 at most")]
pub struct PluginNameError(String);

/// The longest name.
const MOST: usize = 50;

impl PluginName {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// It has other characters, or too many.
    pub fn new(text: &str) -> Result<Self, PluginNameError> {
        let name = text.replace('_', "-");
        let starts = name.starts_with(|first: char| first.is_ascii_lowercase());
        let fits = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if starts && fits && !name.ends_with('-') && name.len() <= MOST {
            Ok(Self(name))
        } else {
            Err(PluginNameError(text.to_owned()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of a type: `NightOwl` for `night-owl`.
    pub(crate) fn type_name(&self) -> String {
        let capital = |part: &str| {
            let mut letters = part.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
        };
        self.0.split('-').map(capital).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_a_file_a_crate_and_a_configuration_can_have() {
        assert_eq!(PluginName::new("night_owl").unwrap().as_str(), "night-owl");
        assert_eq!(PluginName::new("night-owl-2").unwrap().type_name(), "NightOwl2");
        for bad in ["", "2nd", "Night", "night owl", "../owl", "owl-", "-owl", "owl\n", &"o".repeat(51)] {
            assert!(PluginName::new(bad).is_err(), "{bad:?}");
        }
    }
}
