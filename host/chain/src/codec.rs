//! The binary form: little-endian integers, LEB128 lengths, length-prefixed strings.

use crate::key::PublicKey;
use crate::time::Time;

/// Why bytes are not a transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes ended in the middle of a field.
    #[error("the bytes end at {at} of {len}, inside {field}")]
    Truncated {
        /// The offset at which the field starts.
        at: usize,
        /// The number of bytes.
        len: usize,
        /// The field that was being read.
        field: &'static str,
    },
    /// A length or an id does not fit 32 bits.
    #[error("{field} at byte {at} is not a 32-bit varint")]
    Varint {
        /// The offset at which it starts.
        at: usize,
        /// The field that was being read.
        field: &'static str,
    },
    /// A field has an invalid value.
    #[error("{field} at byte {at}: {what}")]
    Invalid {
        /// The offset at which it starts.
        at: usize,
        /// The field that was being read.
        field: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// Bytes follow the end of the transaction.
    #[error("{extra} bytes follow the end of the transaction")]
    Trailing {
        /// The number of bytes that follow.
        extra: usize,
    },
}

/// Writes the binary form.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.raw(&value.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.raw(&value.to_le_bytes());
    }

    pub(crate) fn time(&mut self, value: Time) {
        self.u32(value.as_secs());
    }

    pub(crate) fn varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// A length. One above 32 bits is clamped: such bytes are refused everywhere.
    pub(crate) fn len(&mut self, len: usize) {
        self.varint(u32::try_from(len).unwrap_or(u32::MAX));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.len(bytes.len());
        self.raw(bytes);
    }

    pub(crate) fn key(&mut self, key: &PublicKey) {
        self.raw(key.as_bytes());
    }
}

/// Reads the binary form, and knows at which byte it is.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(all: &'a [u8]) -> Self {
        Self { all, at: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn end(self) -> Result<(), DecodeError> {
        match self.all.len().saturating_sub(self.at) {
            0 => Ok(()),
            extra => Err(DecodeError::Trailing { extra }),
        }
    }

    pub(crate) fn invalid(&self, at: usize, field: &'static str, what: impl Into<String>) -> DecodeError {
        DecodeError::Invalid { at, field, what: what.into() }
    }

    pub(crate) fn raw(&mut self, len: usize, field: &'static str) -> Result<&'a [u8], DecodeError> {
        let truncated = DecodeError::Truncated { at: self.at, len: self.all.len(), field };
        let Some(end) = self.at.checked_add(len) else { return Err(truncated) };
        let Some(slice) = self.all.get(self.at..end) else { return Err(truncated) };
        self.at = end;
        Ok(slice)
    }

    pub(crate) fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.raw(N, field)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        Ok(u8::from_le_bytes(self.array(field)?))
    }

    pub(crate) fn u16(&mut self, field: &'static str) -> Result<u16, DecodeError> {
        Ok(u16::from_le_bytes(self.array(field)?))
    }

    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        Ok(u32::from_le_bytes(self.array(field)?))
    }

    pub(crate) fn i64(&mut self, field: &'static str) -> Result<i64, DecodeError> {
        Ok(i64::from_le_bytes(self.array(field)?))
    }

    pub(crate) fn time(&mut self, field: &'static str) -> Result<Time, DecodeError> {
        Ok(Time::from_secs(self.u32(field)?))
    }

    pub(crate) fn varint(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        let at = self.at;
        let mut value = 0u32;
        for shift in [0u32, 7, 14, 21, 28] {
            let byte = self.u8(field)?;
            let bits = u32::from(byte & 0x7f);
            if shift == 28 && bits > 0x0f {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                // A padded form such as 0x80 0x00 could not be written back as it came.
                if byte == 0 && shift > 0 {
                    break;
                }
                return Ok(value);
            }
        }
        Err(DecodeError::Varint { at, field })
    }

    pub(crate) fn bytes(&mut self, field: &'static str) -> Result<&'a [u8], DecodeError> {
        let len = self.varint(field)?;
        self.raw(usize::try_from(len).unwrap_or(usize::MAX), field)
    }

    pub(crate) fn string(&mut self, field: &'static str) -> Result<String, DecodeError> {
        let at = self.at;
        let bytes = self.bytes(field)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| self.invalid(at, field, "not UTF-8"))
    }

    pub(crate) fn key(&mut self, field: &'static str) -> Result<PublicKey, DecodeError> {
        Ok(PublicKey::from_bytes(self.array(field)?))
    }
}
