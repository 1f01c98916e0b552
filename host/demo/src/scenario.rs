//! What happens in the demo.

/// What happens in the demo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// The primary dies, and then the standby that took over
    #[default]
    Crashes,
    /// 28 July 2018: the only endpoint is written http://, what stands behind it demands https, and the primary dies
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
            Self::Crashes => "Dogwatch watches, armed.",
            Self::Incident2018 => {
                "Dogwatch watches, armed, through one endpoint that is written http:// and by now demands https: what \
                 blinded a failover script on 28 July 2018 for seven hours."
            }
        }
    }
}
