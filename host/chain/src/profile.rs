//! Chain profiles: everything that differs from one chain to another.

use std::time::Duration;

use crate::chain_id::ChainId;
use crate::key::KeyPrefix;

/// Whether a chain publishes the schedule of the next round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FutureSchedule {
    /// On Hive since hardfork 26.
    Published,
    /// On Steem.
    Unknown,
}

/// What the interest rate is called in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InterestField {
    /// `hbd_interest_rate`.
    Hbd,
    /// `sbd_interest_rate`.
    Sbd,
}

impl InterestField {
    /// The field's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hbd => "hbd_interest_rate",
            Self::Sbd => "sbd_interest_rate",
        }
    }
}

/// Everything that differs between the chains that Dogwatch supports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name that an operator gives the chain in the configuration: `hive`, `steem`, …
    pub name: String,
    /// The chain id, which goes into every signature digest.
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
    /// The time from one slot to the next.
    pub block_interval: Duration,
    /// The number of slots in a round.
    pub round_length: u32,
    /// Whether the next round's schedule can be read.
    pub future_schedule: FutureSchedule,
}

/// Why a profile is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// No built-in profile has that name.
    #[error("no chain profile {0:?}: use hive, steem, hive-mirrornet, hive-testnet or custom")]
    Unknown(String),
    /// The block interval is out of range.
    #[error("block interval {0:?} is out of range: 10 ms to 1 h")]
    Interval(Duration),
    /// The round length is out of range.
    #[error("round length {0} is out of range: 1 to 1000")]
    Round(u32),
    /// A symbol does not fit its seven bytes, or is not made of capital letters.
    #[error("symbol {0:?} is not 3 to 6 capital letters")]
    Symbol(String),
}

const INTERVAL: Duration = Duration::from_secs(3);
const ROUND: u32 = 21;

/// A chain id that starts with these bytes and goes on with zeros.
fn leading(bytes: &[u8]) -> ChainId {
    let mut id = [0; 32];
    for (to, from) in id.iter_mut().zip(bytes) {
        *to = *from;
    }
    ChainId::from_bytes(id)
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

    /// The mirror of Hive's main network: the same state under another chain id.
    pub fn hive_mirrornet() -> Self {
        Self { name: "hive-mirrornet".into(), chain_id: leading(&[0x42]), ..Self::hive() }
    }

    /// A Hive test network with the default chain id of a test build.
    pub fn hive_testnet() -> Self {
        Self {
            name: "hive-testnet".into(),
            // sha256 of the packed string "testnet".
            chain_id: ChainId::from_bytes([
                0x18, 0xdc, 0xf0, 0xa2, 0x85, 0x36, 0x5f, 0xc5, 0x8b, 0x71, 0xf1, 0x8b, 0x3d, 0x3f, 0xec, 0x95, 0x4a,
                0xa0, 0xc1, 0x41, 0xc4, 0x4e, 0x4e, 0x5c, 0xb4, 0xcf, 0x77, 0x7b, 0x9e, 0xab, 0x27, 0x4e,
            ]),
            liquid: "TESTS".into(),
            debt: "TBD".into(),
            // Test builds of Hive write their own symbols into the bytes. Checked: `hived` accepts a signature over them.
            wire_liquid: "TESTS".into(),
            wire_debt: "TBD".into(),
            ..Self::hive()
        }
    }

    /// The built-in profile with that name.
    ///
    /// # Errors
    ///
    /// [`ProfileError::Unknown`] if there is none.
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
    ///
    /// # Errors
    ///
    /// The first value that is out of range.
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

    /// How long `n` slots take.
    pub fn slots(&self, n: u32) -> Duration {
        self.block_interval.saturating_mul(n)
    }

    /// How long one round takes.
    pub fn round(&self) -> Duration {
        self.slots(self.round_length)
    }
}
