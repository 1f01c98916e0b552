//! The kinds of plugin, and the interfaces that this host speaks, by name.

use std::fmt;

use serde::Serialize;

/// A kind of plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum World {
    /// It decides when the key moves.
    Policy,
    /// It delivers alerts.
    Channel,
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Policy => "policy",
            Self::Channel => "channel",
        })
    }
}

/// Policies, version 0.1, as a component's exports name it.
pub(crate) const POLICY_V0_1: &str = "dogwatch:policy/policy@0.1.0";

/// Policies, version 0.2, as a component's exports name it.
pub(crate) const POLICY_V0_2: &str = "dogwatch:policy/policy@0.2.0";

/// Channels, version 0.1, as a component's exports name it.
pub(crate) const CHANNEL_V0_1: &str = "dogwatch:channel/channel@0.1.0";

/// The interfaces that this host speaks, by the names under which plugins export them.
pub const KNOWN_INTERFACES: [&str; 3] = [POLICY_V0_2, POLICY_V0_1, CHANNEL_V0_1];

/// The same, as an error message lists them.
pub(crate) fn known_interfaces() -> String {
    let [newest @ .., last] = KNOWN_INTERFACES;
    format!("{} and {last}", newest.join(", "))
}

/// The version at the end of an interface's name.
pub(crate) fn interface_version(name: &str) -> &str {
    name.rsplit_once('@').map_or("", |(_, version)| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_in_a_version() {
        assert_eq!(KNOWN_INTERFACES.map(interface_version), ["0.2.0", "0.1.0", "0.1.0"]);
        assert_eq!(interface_version("nameless"), "");
    }
}
