//! Keys and signatures on secp256k1.

mod error;
mod prefix;
mod public;
mod secret;
mod signature;

#[cfg(test)]
mod tests;

pub use error::KeyError;
pub use prefix::KeyPrefix;
pub use public::PublicKey;
pub use secret::SecretKey;
pub use signature::{Signature, SignatureError};
