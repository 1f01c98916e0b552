//! The addresses, each of them a setting or a secret.

use dogwatch_sdk::Reader;
use dogwatch_sdk::channel::Part;

/// Where an address is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// In the settings.
    Setting(String),
    /// Among the secrets, by that name.
    Secret(&'static str),
}

impl Address {
    pub(crate) fn part(&self) -> Part {
        match self {
            Self::Setting(url) => Part::from(url.as_str()),
            Self::Secret(name) => Part::secret(*name),
        }
    }
}

/// Reads the setting and the secret of that name, of which there may be one.
pub(crate) fn read(read: &mut Reader<'_>, name: &'static str, about: &str) -> Option<Address> {
    let setting = read.text(name, about).check(|url| is_address(url)).optional();
    let secret = read.secret(name, about);
    if setting.is_some() && secret {
        read.problem(name, "is both a setting and a secret; keep one of them");
    }
    setting.map(Address::Setting).or(secret.then_some(Address::Secret(name)))
}

/// Whether this may be an address; the host has the last word.
fn is_address(url: &str) -> Result<(), String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !url.contains(char::is_whitespace) => Ok(()),
        _ => Err("must be an address such as https://example.com/beat".to_owned()),
    }
}
