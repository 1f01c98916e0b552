//! The kinds of trouble that alerts are raised about.

use std::fmt;

/// Makes the type, its names and the list of all, so that none of them can lack one.
macro_rules! causes {
    ($($(#[$doc:meta])+ $cause:ident = $name:literal,)+) => {
        /// A kind of trouble: part of an alert's key. Each has its golden file, by its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Cause {
            $($(#[$doc])+ $cause,)+
        }

        impl Cause {
            /// All of them.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$cause,)+];

            /// As keys write it.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$cause => $name,)+
                }
            }
        }
    };
}

causes! {
    /// No endpoint shows a fresh head.
    Blind = "blind",
    /// The chain stands still.
    Halted = "halted",
    /// Too few endpoints answer.
    Thin = "thin",
    /// The endpoints contradict each other.
    Split = "split",
    /// This machine's clock is wrong.
    Clock = "clock",
    /// Some endpoints cannot be used.
    Doubts = "doubts",
    /// There are heads, and no blocks.
    NoBlocks = "no-blocks",
    /// All endpoints are of one operator.
    OneVoice = "one-voice",
    /// An endpoint is asked by https, although http is written.
    Upgraded = "upgraded",
    /// An endpoint answered by https once, and no longer.
    Downgraded = "downgraded",
    /// The gateway cannot serve.
    Gateway = "gateway",
    /// There is no such witness.
    NoSuchWitness = "no-such-witness",
    /// Somebody else moved the signing key.
    KeyChanged = "key-changed",
    /// The signing key is of no configured node.
    ForeignKey = "foreign-key",
    /// The witness has the null key.
    Disabled = "disabled",
    /// Too few slots hold a block.
    LowParticipation = "low-participation",
    /// The witness misses blocks.
    Missing = "missing",
    /// A node is not fit.
    Node = "node",
    /// The policy does not work.
    PolicyFailed = "policy-failed",
    /// The policy says so.
    Policy = "policy",
    /// A switch that the policy wants is not made.
    Refused = "refused",
    /// A switch is made.
    Switching = "switching",
    /// A switch is under way, and not sent again.
    InFlightHeld = "in-flight-held",
    /// No endpoint takes a switch.
    NotTaken = "not-taken",
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
