//! What goes wrong in the demo.

use std::fmt;

/// What goes wrong in the demo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// The primary is killed, then the standby that took over hangs
    #[default]
    Crashes,
    /// 28 July 2018: the only endpoint is configured as http:// and demands https, and the primary dies
    #[value(name = "incident-2018")]
    Incident2018,
}

/// What happens to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breakdown {
    /// Its process dies: its machine closes the connections, and Dogwatch knows at once.
    Killed,
    /// Its process stands still: only the blocks that it misses prove it.
    Hung,
}

impl fmt::Display for Breakdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Killed => "is killed",
            Self::Hung => "hangs",
        })
    }
}

impl Scenario {
    /// What happens to the nodes, one after the other.
    pub(crate) fn breakdowns(self) -> &'static [Breakdown] {
        match self {
            Self::Crashes => &[Breakdown::Killed, Breakdown::Hung],
            Self::Incident2018 => &[Breakdown::Killed],
        }
    }

    pub(crate) fn opening(self) -> &'static str {
        match self {
            Self::Crashes => "Dogwatch is watching, armed.",
            Self::Incident2018 => {
                "Dogwatch is watching, armed, through one endpoint that is configured as http:// and now demands \
                 https. On 28 July 2018 this blinded a failover script for seven hours."
            }
        }
    }
}
