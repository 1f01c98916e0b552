//! A devnet's configuration.

mod devnet;
mod error;
mod key_source;
mod witness;

pub use devnet::{DevnetConfig, Irreversible};
pub use error::DevnetConfigError;
pub use key_source::KeySource;
pub use witness::{DevnetNodeConfig, DevnetWitnessConfig, Elected};
