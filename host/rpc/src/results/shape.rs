//! Access to the members of a result, with errors that name the wrong one.

use std::fmt::Display;
use std::str::FromStr;

use serde_json::Value;

use crate::error::RpcError;

/// A value inside a method's result.
#[derive(Clone, Copy)]
pub(crate) struct Shape<'a> {
    method: &'static str,
    member: &'static str,
    value: &'a Value,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(method: &'static str, value: &'a Value) -> Self {
        Self { method, member: "the result", value }
    }

    pub(crate) fn get(self, member: &'static str) -> Result<Self, RpcError> {
        match self.value.get(member) {
            Some(value) => Ok(Self { member, value, ..self }),
            None => Err(self.wrong(&format!("has no {member}"))),
        }
    }

    pub(crate) fn is_null(self) -> bool {
        self.value.is_null()
    }

    pub(crate) fn wrong(self, what: &str) -> RpcError {
        RpcError::shape(self.method, format!("{} {what}", self.member))
    }

    /// A number, written as a number or as a string: nodes use either, depending on its size.
    pub(crate) fn number<N: TryFrom<u64>>(self) -> Result<N, RpcError> {
        let number = match self.value {
            Value::Number(number) => number.as_u64(),
            // `parse` alone would accept a sign.
            Value::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
            _ => None,
        };
        number.and_then(|number| N::try_from(number).ok()).ok_or_else(|| self.wrong("is not a number in its range"))
    }

    pub(crate) fn text(self) -> Result<&'a str, RpcError> {
        self.value.as_str().ok_or_else(|| self.wrong("is not a string"))
    }

    pub(crate) fn parse<T: FromStr<Err: Display>>(self) -> Result<T, RpcError> {
        self.parse_with(T::from_str)
    }

    pub(crate) fn parse_with<T, E: Display>(self, parse: impl FnOnce(&'a str) -> Result<T, E>) -> Result<T, RpcError> {
        parse(self.text()?).map_err(|error| self.wrong(&format!("is wrong: {error}")))
    }

    pub(crate) fn list(self) -> Result<impl Iterator<Item = Self>, RpcError> {
        let values = self.value.as_array().ok_or_else(|| self.wrong("is not a list"))?;
        Ok(values.iter().map(move |value| Self { value, ..self }))
    }
}
