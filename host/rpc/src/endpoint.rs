//! Endpoints: which URL, by which scheme, and whose.

mod endpoint_url;
mod error;
mod name;
mod operator;
mod scheme;

pub use endpoint_url::{AllowHttp, Endpoint};
pub use error::EndpointError;
pub use name::{EndpointIndex, EndpointName};
pub use operator::Operator;
pub(crate) use scheme::SchemeChoice;
pub use scheme::Upgrade;
