//! Why a redirect is not followed.

use std::fmt;

/// Why a redirect is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RedirectFault {
    /// A status that gives no URL to repeat a POST at: 300, 303, 304 and the like.
    Status,
    /// No `Location`, or one that is not a URL.
    NoLocation,
    /// It leads to itself.
    Loop,
    /// From `https` to `http`.
    Downgrade,
    /// To another host.
    OtherHost,
    /// To or from a port that is not the scheme's default.
    OtherPort,
    /// To another path or query.
    OtherPath,
    /// To a scheme other than HTTP.
    OtherScheme,
}

impl fmt::Display for RedirectFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Status => "its status gives no URL to repeat the request at",
            Self::NoLocation => "it has no usable Location header",
            Self::Loop => "it leads back to the same URL",
            Self::Downgrade => "it leads from https to http, where anyone on the path could answer",
            Self::OtherHost => "it leads to another host",
            Self::OtherPort => "it leads to or from a non-default port",
            Self::OtherPath => "it leads to another path",
            Self::OtherScheme => "it leads to a scheme other than HTTP",
        })
    }
}
