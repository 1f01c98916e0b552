//! Why a redirect is not followed.

use std::fmt;

/// Why a redirect is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RedirectFault {
    /// A status that names no place to send a POST again: 300, 303, 304 and the like.
    Status,
    /// No `Location`, or one that is not a URL.
    NoLocation,
    /// It leads to itself.
    Loop,
    /// From `https` to `http`.
    Downgrade,
    /// To another host.
    OtherHost,
    /// To a port that is not the default one, or from one that is not.
    OtherPort,
    /// To another path or query.
    OtherPath,
    /// To something that is not HTTP, or back and forth between `http` and `http`.
    OtherScheme,
}

impl fmt::Display for RedirectFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Status => "it names no place to send the request to",
            Self::NoLocation => "it does not say where to",
            Self::Loop => "it leads to itself",
            Self::Downgrade => "it leads from https to http, where anyone on the way could answer",
            Self::OtherHost => "it leads to another host",
            Self::OtherPort => "it leads to another port, or from a port of its own",
            Self::OtherPath => "it leads to another path",
            Self::OtherScheme => "it leads out of HTTP",
        })
    }
}
