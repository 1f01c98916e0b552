//! What goes wrong in the demo.

/// What goes wrong in the demo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// The primary dies, then the standby that took over
    #[default]
    Crashes,
    /// 28 July 2018: the only endpoint is configured as http:// and demands https, and the primary dies
    #[value(name = "incident-2018")]
    Incident2018,
}

impl Scenario {
    pub(crate) fn crashes(self) -> usize {
        match self {
            Self::Crashes => 2,
            Self::Incident2018 => 1,
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
