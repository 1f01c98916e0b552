//! Block numbers, block ids and slots.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A block's height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlockNum(pub u32);

impl BlockNum {
    /// The height of the next block.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The height `blocks` lower, or 0.
    #[must_use]
    pub fn back(self, blocks: u32) -> Self {
        Self(self.0.saturating_sub(blocks))
    }
}

impl fmt::Display for BlockNum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// An absolute slot number (`current_aslot` in the dynamic global properties): slots since genesis, with or without a
/// block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(pub u64);

impl Slot {
    /// The slot `n` after this one.
    #[must_use]
    pub fn plus(self, n: u64) -> Self {
        Self(self.0.saturating_add(n))
    }

    /// The slot `n` before this one, or 0.
    #[must_use]
    pub fn back(self, n: u64) -> Self {
        Self(self.0.saturating_sub(n))
    }

    /// How many slots after `earlier` this is, or 0 if it is not later.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A block id: 20 bytes, the first four of which are the block's number, big-endian.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlockId([u8; 20]);

/// Why a text is not a block id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a block id is 40 hexadecimal digits, found {length} characters")]
pub struct BlockIdError {
    length: usize,
}

impl BlockId {
    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The block's height, which its id starts with.
    pub fn num(&self) -> BlockNum {
        let [a, b, c, d, ..] = self.0;
        BlockNum(u32::from_be_bytes([a, b, c, d]))
    }

    /// `ref_block_num` of a transaction that refers to this block: the low 16 bits of its number.
    pub fn ref_block_num(&self) -> u16 {
        let [_, _, c, d, ..] = self.0;
        u16::from_be_bytes([c, d])
    }

    /// `ref_block_prefix` of a transaction that refers to this block: bytes 4 to 7, little-endian.
    pub fn ref_block_prefix(&self) -> u32 {
        let [_, _, _, _, e, f, g, h, ..] = self.0;
        u32::from_le_bytes([e, f, g, h])
    }
}

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for BlockId {
    type Err = BlockIdError;
    fn from_str(text: &str) -> Result<Self, BlockIdError> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BlockIdError { length: text.chars().count() })?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for BlockId {
    type Error = BlockIdError;
    fn try_from(text: String) -> Result<Self, BlockIdError> {
        text.parse()
    }
}

impl From<BlockId> for String {
    fn from(id: BlockId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_contains_its_number_and_its_reference() {
        let id: BlockId = "000001f198e1b1c001e983588e93db76537027a2".parse().unwrap();
        assert_eq!(id.num(), BlockNum(497));
        assert_eq!(id.ref_block_num(), 497);
        assert_eq!(id.ref_block_prefix(), u32::from_le_bytes([0x98, 0xe1, 0xb1, 0xc0]));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("000001f1".parse::<BlockId>().is_err());
        assert!("zz0001f198e1b1c001e983588e93db76537027a2".parse::<BlockId>().is_err());
    }
}
