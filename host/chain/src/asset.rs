//! Amounts of the chain's tokens.

use std::fmt;

use crate::codec::{DecodeError, Reader, Writer};
use crate::profile::Profile;

/// One of the chain's two tokens. [`Profile`] has the symbol of each, in text and in bytes: they differ on Hive,
/// whose bytes still say `STEEM` and `SBD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// The liquid token: HIVE, STEEM, TESTS.
    Liquid,
    /// The debt token: HBD, SBD, TBD.
    Debt,
}

/// An amount in thousandths of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asset {
    /// Thousandths of the token.
    pub millis: i64,
    /// The token.
    pub symbol: Symbol,
}

/// Why a text is not an amount on this chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssetError {
    /// Not `1.000 SYMBOL`.
    #[error("{text:?} is not an amount like \"0.100 {liquid}\": digits, a dot, three digits, a blank, the symbol")]
    Form {
        /// The text that was read.
        text: String,
        /// The chain's liquid symbol, for the example.
        liquid: String,
    },
    /// The amount does not fit 63 bits.
    #[error("{text:?} is too large for an amount")]
    Range {
        /// The text that was read.
        text: String,
    },
    /// The symbol is not one of the chain's two.
    #[error("{found:?} is not a symbol of this chain: use {liquid} or {debt}")]
    Symbol {
        /// The text that was read.
        found: String,
        /// The chain's liquid symbol.
        liquid: String,
        /// The chain's debt symbol.
        debt: String,
    },
}

const PRECISION: u8 = 3;

impl Asset {
    /// Reads `"3.000 HIVE"`. Nodes read `"-0.001 TESTS"` as plus one thousandth, so a sign is refused here.
    ///
    /// # Errors
    ///
    /// Anything but digits, a dot, three digits, a blank and one of the chain's symbols; an amount over 63 bits.
    pub fn parse(text: &str, profile: &Profile) -> Result<Self, AssetError> {
        let short: String = text.chars().take(40).collect();
        let form = || AssetError::Form { text: short.clone(), liquid: profile.liquid.clone() };
        let (amount, symbol) = text.split_once(' ').ok_or_else(form)?;
        let (whole, fraction) = amount.split_once('.').ok_or_else(form)?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() != usize::from(PRECISION) {
            return Err(form());
        }
        let millis = format!("{whole}{fraction}").parse().map_err(|_| AssetError::Range { text: short.clone() })?;
        let symbol = if symbol == profile.liquid {
            Symbol::Liquid
        } else if symbol == profile.debt {
            Symbol::Debt
        } else {
            return Err(AssetError::Symbol {
                found: symbol.chars().take(16).collect(),
                liquid: profile.liquid.clone(),
                debt: profile.debt.clone(),
            });
        };
        Ok(Self { millis, symbol })
    }

    /// The amount as text on that chain.
    pub fn display<'a>(&self, profile: &'a Profile) -> impl fmt::Display + use<'a> {
        struct AssetText<'a>(Asset, &'a str);
        impl fmt::Display for AssetText<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let Self(asset, symbol) = self;
                let sign = if asset.millis < 0 { "-" } else { "" };
                let millis = asset.millis.unsigned_abs();
                write!(f, "{sign}{}.{:03} {symbol}", millis / 1000, millis % 1000)
            }
        }
        AssetText(
            *self,
            match self.symbol {
                Symbol::Liquid => &profile.liquid,
                Symbol::Debt => &profile.debt,
            },
        )
    }

    pub(crate) fn write(&self, out: &mut Writer, profile: &Profile) {
        out.raw(&self.millis.to_le_bytes());
        out.raw(&[PRECISION]);
        out.raw(&wire_symbol(self.symbol, profile));
    }

    pub(crate) fn read(from: &mut Reader<'_>, field: &'static str, profile: &Profile) -> Result<Self, DecodeError> {
        let millis = from.i64(field)?;
        let at = from.at();
        let precision = from.u8(field)?;
        if precision != PRECISION {
            return Err(from.invalid(at, field, format!("precision {precision}, expected {PRECISION}")));
        }
        let at = from.at();
        let symbol = from.array::<7>(field)?;
        let known = [Symbol::Liquid, Symbol::Debt].into_iter().find(|s| wire_symbol(*s, profile) == symbol);
        match known {
            Some(symbol) => Ok(Self { millis, symbol }),
            None => Err(from.invalid(at, field, format!("unknown symbol {:?}", String::from_utf8_lossy(&symbol)))),
        }
    }
}

fn wire_symbol(symbol: Symbol, profile: &Profile) -> [u8; 7] {
    let text = match symbol {
        Symbol::Liquid => &profile.wire_liquid,
        Symbol::Debt => &profile.wire_debt,
    };
    let mut padded = [0; 7];
    for (to, from) in padded.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_strictly() {
        let hive = Profile::hive();
        let asset = Asset::parse("3.000 HIVE", &hive).unwrap();
        assert_eq!(asset, Asset { millis: 3000, symbol: Symbol::Liquid });
        assert_eq!(asset.display(&hive).to_string(), "3.000 HIVE");
        assert_eq!(Asset { millis: -1, symbol: Symbol::Debt }.display(&hive).to_string(), "-0.001 HBD");
        for bad in [
            "",
            "3",
            "3.000",
            "3.00 HIVE",
            "3.0000 HIVE",
            "-0.001 HIVE",
            " 3.000 HIVE",
            "3.000  HIVE",
            ".000 HIVE",
            "1e3.000 HIVE",
        ] {
            assert!(
                matches!(Asset::parse(bad, &hive), Err(AssetError::Form { .. } | AssetError::Symbol { .. })),
                "{bad}"
            );
        }
        assert!(matches!(Asset::parse("1.000 STEEM", &hive), Err(AssetError::Symbol { .. })));
        assert!(matches!(Asset::parse("99999999999999999999.000 HIVE", &hive), Err(AssetError::Range { .. })));
    }
}
