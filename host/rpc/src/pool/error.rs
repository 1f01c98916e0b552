//! Why a pool cannot be made.

use crate::endpoint::EndpointName;
use crate::options::OptionsError;

/// A pool that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// None to ask.
    #[error("no endpoint to ask: configure at least one, better three of different operators")]
    Empty,
    /// One that is there twice would be two voices where there is one.
    #[error("endpoint {0} is there twice: take one out")]
    Twice(EndpointName),
    /// Two endpoints of one name, to be found at different addresses.
    #[error("endpoint {0}: another endpoint has the same name, and another address for it")]
    Address(EndpointName),
    /// The options contradict themselves.
    #[error(transparent)]
    Options(#[from] OptionsError),
}
