//! Randomness: everything is drawn from the configured seed, so that a run can be repeated.

use dogwatch_chain::SecretKey;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sha2::{Digest as _, Sha256};

/// A generator for one purpose at one moment, so that no draw depends on how many others there were.
pub(crate) fn draw(seed: u64, purpose: &str, moment: u64) -> StdRng {
    let digest = Sha256::new()
        .chain_update(seed.to_le_bytes())
        .chain_update(moment.to_le_bytes())
        .chain_update(purpose.as_bytes())
        .finalize();
    StdRng::from_seed(digest.into())
}

/// The private key `sha256(text)`. Anyone can derive it, so it is for devnets only.
pub fn derive_key(text: &str) -> SecretKey {
    let mut bytes: [u8; 32] = Sha256::digest(text).into();
    loop {
        match SecretKey::from_bytes(bytes) {
            Ok(key) => return key,
            // One text in 2^128 hashes to a number outside the curve's range.
            Err(_) => bytes = Sha256::digest(bytes).into(),
        }
    }
}
