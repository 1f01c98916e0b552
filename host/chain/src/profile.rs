//! What distinguishes one chain from another.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::key::KeyPrefix;
use crate::operation::InterestField;

/// A chain id: 32 bytes that go into every signature digest, so that a transaction for one chain is void on another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChainId([u8; 32]);

/// A text that is not a chain id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a chain id is 64 hexadecimal digits, found {length} characters")]
pub struct ChainIdError {
    length: usize,
}

impl ChainId {
    /// The id made of these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for ChainId {
    type Err = ChainIdError;
    fn from_str(text: &str) -> Result<Self, ChainIdError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ChainIdError { length: text.chars().count() })?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl TryFrom<String> for ChainId {
    type Error = ChainIdError;
    fn try_from(text: String) -> Result<Self, ChainIdError> {
        text.parse()
    }
}

impl From<ChainId> for String {
    fn from(id: ChainId) -> Self {
        id.to_string()
    }
}

/// Whether a chain publishes the schedule of the round after the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FutureSchedule {
    /// Hive since hardfork 26.
    Published,
    /// Steem.
    Unknown,
}

/// Everything that differs between the chains Dogwatch works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What an operator calls the chain in the configuration: `hive`, `steem`, …
    pub name: String,
    /// Part of every signature digest.
    pub chain_id: ChainId,
    /// What a public key's text starts with.
    pub prefix: KeyPrefix,
    /// The liquid token's symbol in JSON.
    pub liquid: String,
    /// The debt token's symbol in JSON.
    pub debt: String,
    /// The liquid token's symbol in the binary form.
    pub wire_liquid: String,
    /// The debt token's symbol in the binary form.
    pub wire_debt: String,
    /// Whether the interest rate in a witness's properties is called `hbd_…` or `sbd_…`.
    pub interest_field: InterestField,
    /// Time from slot to slot.
    pub block_interval: Duration,
    /// Slots in a round.
    pub round_length: u32,
    /// Whether the next round's schedule can be read.
    pub future_schedule: FutureSchedule,
}

/// A profile that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// No built-in profile has that name.
    #[error("no chain profile {0:?}; there are hive, steem, hive-mirrornet, hive-testnet and custom")]
    Unknown(String),
    /// The block interval is zero or longer than an hour.
    #[error("block interval {0:?} is out of range: 10 ms to 1 h")]
    Interval(Duration),
    /// The round length is zero or beyond reason.
    #[error("round length {0} is out of range: 1 to 1000")]
    Round(u32),
    /// A symbol does not fit the seven bytes it has, or holds other than capital letters.
    #[error("symbol {0:?} is not 3 to 6 capital letters")]
    Symbol(String),
}

const INTERVAL: Duration = Duration::from_secs(3);
const ROUND: u32 = 21;

fn leading(byte: &[u8]) -> ChainId {
    let mut id = [0; 32];
    for (to, from) in id.iter_mut().zip(byte) {
        *to = *from;
    }
    ChainId(id)
}

impl Profile {
    /// Names of the built-in profiles.
    pub const NAMES: [&'static str; 4] = ["hive", "steem", "hive-mirrornet", "hive-testnet"];

    /// Hive's main network.
    pub fn hive() -> Self {
        Self {
            name: "hive".into(),
            chain_id: leading(&[0xbe, 0xea, 0xb0, 0xde]),
            prefix: KeyPrefix::stm(),
            liquid: "HIVE".into(),
            debt: "HBD".into(),
            wire_liquid: "STEEM".into(),
            wire_debt: "SBD".into(),
            interest_field: InterestField::Hbd,
            block_interval: INTERVAL,
            round_length: ROUND,
            future_schedule: FutureSchedule::Published,
        }
    }

    /// Steem's main network.
    pub fn steem() -> Self {
        Self {
            name: "steem".into(),
            chain_id: leading(&[]),
            liquid: "STEEM".into(),
            debt: "SBD".into(),
            interest_field: InterestField::Sbd,
            future_schedule: FutureSchedule::Unknown,
            ..Self::hive()
        }
    }

    /// A mirror of Hive's main network, with its state but an id of its own.
    pub fn hive_mirrornet() -> Self {
        Self { name: "hive-mirrornet".into(), chain_id: leading(&[0x42]), ..Self::hive() }
    }

    /// A Hive test network with the id that a test build uses unless told otherwise.
    pub fn hive_testnet() -> Self {
        Self {
            name: "hive-testnet".into(),
            // sha256 of the packed string "testnet".
            chain_id: ChainId([
                0x18, 0xdc, 0xf0, 0xa2, 0x85, 0x36, 0x5f, 0xc5, 0x8b, 0x71, 0xf1, 0x8b, 0x3d, 0x3f, 0xec, 0x95, 0x4a,
                0xa0, 0xc1, 0x41, 0xc4, 0x4e, 0x4e, 0x5c, 0xb4, 0xcf, 0x77, 0x7b, 0x9e, 0xab, 0x27, 0x4e,
            ]),
            liquid: "TESTS".into(),
            debt: "TBD".into(),
            // Test builds of Hive write the very same bytes for their tokens as they show: checked by `hived` itself
            // accepting a signature over them.
            wire_liquid: "TESTS".into(),
            wire_debt: "TBD".into(),
            ..Self::hive()
        }
    }

    /// The built-in profile of that name.
    pub fn by_name(name: &str) -> Result<Self, ProfileError> {
        match name {
            "hive" => Ok(Self::hive()),
            "steem" => Ok(Self::steem()),
            "hive-mirrornet" => Ok(Self::hive_mirrornet()),
            "hive-testnet" => Ok(Self::hive_testnet()),
            other => Err(ProfileError::Unknown(other.to_owned())),
        }
    }

    /// Checks a profile put together by hand.
    pub fn validated(self) -> Result<Self, ProfileError> {
        if !(Duration::from_millis(10)..=Duration::from_secs(3600)).contains(&self.block_interval) {
            return Err(ProfileError::Interval(self.block_interval));
        }
        if !(1..=1000).contains(&self.round_length) {
            return Err(ProfileError::Round(self.round_length));
        }
        for symbol in [&self.liquid, &self.debt, &self.wire_liquid, &self.wire_debt] {
            if !(3..=6).contains(&symbol.len()) || !symbol.bytes().all(|b| b.is_ascii_uppercase()) {
                return Err(ProfileError::Symbol(symbol.clone()));
            }
        }
        Ok(self)
    }

    /// How long so many slots take.
    pub fn slots(&self, n: u32) -> Duration {
        self.block_interval.saturating_mul(n)
    }

    /// How long a round takes.
    pub fn round(&self) -> Duration {
        self.slots(self.round_length)
    }
}
