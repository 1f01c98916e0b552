//! Every cause of an alert: what the engine, the daemon and the alert desk raise alerts about.
//!
//! A new cause is one row here. The compiler then asks for its name and for who raises it, and the tests of whoever that is ask
//! for a golden file with its texts: `tests/golden/NAME.txt` in the crate of the raiser.

use std::fmt;

/// Who raises alerts of a cause, and keeps its golden texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raiser {
    /// The decision core, about a chain or a witness.
    Engine,
    /// The daemon, about itself.
    Daemon,
    /// The alert desk, about other alerts.
    Desk,
}

/// Makes the type, its names, its raisers and the list of all, so that no cause can lack one.
macro_rules! causes {
    ($($(#[$doc:meta])+ $cause:ident = $name:literal by $raiser:ident,)+) => {
        /// A cause of an alert: part of its key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause {
            $($(#[$doc])+ $cause,)+
        }

        impl Cause {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$cause,)+];

            /// The cause as keys write it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$cause => $name,)+
                }
            }

            /// Who raises it.
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
    /// The chain stands still.
    Halted = "halted" by Engine,
    /// Too few endpoints answer.
    Thin = "thin" by Engine,
    /// The endpoints contradict each other.
    Split = "split" by Engine,
    /// This machine's clock is wrong.
    Clock = "clock" by Engine,
    /// Some endpoints cannot be used.
    Doubts = "doubts" by Engine,
    /// There are heads, and no blocks.
    NoBlocks = "no-blocks" by Engine,
    /// All endpoints are of one operator.
    OneVoice = "one-voice" by Engine,
    /// An endpoint is asked by https, although http is written.
    Upgraded = "upgraded" by Engine,
    /// An endpoint answered by https once, and no longer.
    Downgraded = "downgraded" by Engine,
    /// There is no such witness.
    NoSuchWitness = "no-such-witness" by Engine,
    /// Somebody else moved the signing key.
    KeyChanged = "key-changed" by Engine,
    /// The signing key is of no configured node.
    ForeignKey = "foreign-key" by Engine,
    /// The witness has the null key.
    Disabled = "disabled" by Engine,
    /// Too few slots hold a block.
    LowParticipation = "low-participation" by Engine,
    /// The witness misses blocks.
    Missing = "missing" by Engine,
    /// A node is not fit.
    Node = "node" by Engine,
    /// The policy does not work.
    PolicyFailed = "policy-failed" by Engine,
    /// The policy says so. The part is the policy's own id.
    Policy = "policy" by Engine,
    /// A switch that the policy wants is not made. The part is the refusal's code.
    Refused = "refused" by Engine,
    /// A switch is made.
    Switching = "switching" by Engine,
    /// A switch is under way, and not sent again.
    InFlightHeld = "in-flight-held" by Engine,
    /// No endpoint takes a switch.
    NotTaken = "not-taken" by Engine,
    /// The daemon does not start.
    Start = "start" by Daemon,
    /// The daemon ends again and again.
    CrashLoop = "crash-loop" by Daemon,
    /// The state cannot be stored.
    Store = "store" by Daemon,
    /// A channel has no plugin that works. The part is the channel.
    Channel = "channel" by Daemon,
    /// A channel runs on the plugin of the last good start. The part is the channel.
    KeptPlugin = "kept-plugin" by Daemon,
    /// Heartbeats do not get through. The part is the channel.
    Heartbeat = "heartbeat" by Daemon,
    /// The gateway cannot serve.
    Gateway = "gateway" by Daemon,
    /// The metrics cannot be served.
    Metrics = "metrics" by Daemon,
    /// Something would not work now.
    Rehearsal = "rehearsal" by Daemon,
    /// What a rehearsal found.
    Report = "report" by Daemon,
    /// A program of the operator's raised it. The part is the program's own name for it.
    Raised = "raised" by Daemon,
    /// Somebody tries a channel.
    Test = "test" by Daemon,
    /// Many alerts came at once.
    Storm = "storm" by Desk,
    /// What came during a maintenance.
    Maintenance = "maintenance" by Desk,
}

impl Cause {
    /// The cause of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.name() == name)
    }

    /// The causes that somebody raises.
    pub fn raised_by(raiser: Raiser) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |cause| cause.raiser() == raiser)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
