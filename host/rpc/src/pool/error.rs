//! Why a pool cannot be set up.

use crate::endpoint::EndpointName;
use crate::options::OptionsError;

/// A pool that cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// There is no endpoint.
    #[error("no endpoint configured: add at least one, better three from different operators")]
    Empty,
    /// An endpoint is configured twice, and would count as two.
    #[error("endpoint {0} is configured twice: remove one")]
    Twice(EndpointName),
    /// Two endpoints have the same host and different addresses for it.
    #[error("endpoint {0}: another endpoint has the same host with a different `address`")]
    Address(EndpointName),
    /// The options cannot be used.
    #[error(transparent)]
    Options(#[from] OptionsError),
}
