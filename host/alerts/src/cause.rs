//! Every cause of an alert: what the engine, the daemon and the alert desk raise alerts about.
//!
//! To add a cause, add one row here with its name and raiser. The raiser's tests then require a golden file with the
//! texts: `tests/golden/NAME.txt` in the raiser's crate.

use std::fmt;

/// The part of Dogwatch that raises alerts of a cause and keeps its golden texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raiser {
    /// The decision core, about a chain or a witness.
    Engine,
    /// The daemon, about itself.
    Daemon,
    /// The alert desk, about other alerts.
    Desk,
}

/// Generates the type, the names, the raisers and the list of all causes, so that none can be forgotten.
macro_rules! causes {
    ($($(#[$doc:meta])+ $cause:ident = $name:literal by $raiser:ident,)+) => {
        /// A cause of an alert: part of its key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause {
            $($(#[$doc])+ $cause,)+
        }

        impl Cause {
            /// All causes.
            pub const ALL: &[Self] = &[$(Self::$cause,)+];

            /// The name as alert keys show it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$cause => $name,)+
                }
            }

            /// The part of Dogwatch that raises it.
            pub const fn raiser(self) -> Raiser {
                match self {
                    $(Self::$cause => Raiser::$raiser,)+
                }
            }
        }
    };
}

causes! {
    /// No endpoint shows a fresh head.
    Blind = "blind" by Engine,
    /// The chain has stopped producing blocks.
    Halted = "halted" by Engine,
    /// Too few endpoints can be used.
    Thin = "thin" by Engine,
    /// The endpoints contradict each other.
    Split = "split" by Engine,
    /// This machine's clock is wrong.
    Clock = "clock" by Engine,
    /// This machine's clock is off, and corrected for.
    ClockOffset = "clock-offset" by Engine,
    /// Some endpoints cannot be used.
    Doubts = "doubts" by Engine,
    /// Endpoints show their heads but deliver no blocks.
    NoBlocks = "no-blocks" by Engine,
    /// It is not known who produces in which slot.
    NoSchedule = "no-schedule" by Engine,
    /// Slots or rounds of the chain are not as long as configured.
    WrongProfile = "wrong-profile" by Engine,
    /// All endpoints belong to one operator.
    OneVoice = "one-voice" by Engine,
    /// An endpoint configured with http is polled over https.
    Upgraded = "upgraded" by Engine,
    /// An endpoint that used to answer over https no longer does.
    Downgraded = "downgraded" by Engine,
    /// The witness does not exist on the chain.
    NoSuchWitness = "no-such-witness" by Engine,
    /// The endpoints may show a branch that most witnesses are not on.
    MinorityFork = "minority-fork" by Engine,
    /// Somebody else moved the signing key.
    KeyChanged = "key-changed" by Engine,
    /// The signing key belongs to no configured node.
    ForeignKey = "foreign-key" by Engine,
    /// The witness is disabled: its signing key is the null key.
    Disabled = "disabled" by Engine,
    /// Too few slots are filled: participation is low.
    LowParticipation = "low-participation" by Engine,
    /// The witness misses blocks.
    Missing = "missing" by Engine,
    /// A node is unfit to produce.
    Node = "node" by Engine,
    /// Something ails a node's machine, or it sends no beats. The part is the node.
    Beat = "beat" by Engine,
    /// The policy fails to run.
    PolicyFailed = "policy-failed" by Engine,
    /// The policy raised it. The part is the policy's own id.
    Policy = "policy" by Engine,
    /// Dogwatch refuses a switch that the policy wants. The part is the refusal's code.
    Refused = "refused" by Engine,
    /// A switch is in progress or was made.
    Switching = "switching" by Engine,
    /// A switch is in flight and is not sent again.
    InFlightHeld = "in-flight-held" by Engine,
    /// No endpoint accepts a switch.
    NotTaken = "not-taken" by Engine,
    /// The daemon fails to start.
    Start = "start" by Daemon,
    /// The daemon keeps crashing.
    CrashLoop = "crash-loop" by Daemon,
    /// The stored state could not be read and was set aside.
    StateLost = "state-lost" by Daemon,
    /// Files of the running daemon were removed, and made anew.
    StateRemoved = "state-removed" by Daemon,
    /// The state cannot be stored.
    Store = "store" by Daemon,
    /// A channel has no working plugin. The part is the channel.
    Channel = "channel" by Daemon,
    /// A channel runs on the plugin of the last good start. The part is the channel.
    KeptPlugin = "kept-plugin" by Daemon,
    /// A plugin's new file is refused, and the old one stays in use. The part is the plugin.
    PluginRefused = "plugin-refused" by Daemon,
    /// Heartbeats do not get through. The part is the channel.
    Heartbeat = "heartbeat" by Daemon,
    /// The gateway cannot serve.
    Gateway = "gateway" by Daemon,
    /// The metrics cannot be served.
    Metrics = "metrics" by Daemon,
    /// A rehearsal found something that would fail.
    Rehearsal = "rehearsal" by Daemon,
    /// The report of a rehearsal.
    Report = "report" by Daemon,
    /// One of the operator's programs raised it. The part is the name that the program gave it.
    Raised = "raised" by Daemon,
    /// The operator tests a channel.
    Test = "test" by Daemon,
    /// Many alerts opened at once.
    Storm = "storm" by Desk,
    /// A digest of the alerts that a maintenance held back.
    Maintenance = "maintenance" by Desk,
}

impl Cause {
    /// The cause with this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.name() == name)
    }

    /// The causes that this part of Dogwatch raises.
    pub fn raised_by(raiser: Raiser) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |cause| cause.raiser() == raiser)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
