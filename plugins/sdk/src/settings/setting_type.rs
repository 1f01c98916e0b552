//! The types that a setting can have.

use std::fmt;
use std::time::Duration;

use super::duration::{duration, written};
use super::value::Value;

/// A type that a setting can have.
pub trait SettingType: Sized + Default {
    /// Reads the value.
    ///
    /// # Errors
    ///
    /// The value is of another type: the message says which type it must have.
    fn read(value: &Value) -> Result<Self, String>;

    /// The value as an operator would write it.
    fn written(&self) -> String;
}

fn not(what: &str, value: &Value) -> String {
    let found = match value {
        Value::Flag(flag) => flag.to_string(),
        Value::Integer(integer) => format!("the number {integer}"),
        Value::Text(text) => format!("the text {text:?}"),
        Value::Texts(_) => "a list".to_owned(),
    };
    format!("must be {what}, found {found}")
}

impl SettingType for bool {
    fn read(value: &Value) -> Result<Self, String> {
        if let Value::Flag(flag) = value { Ok(*flag) } else { Err(not("true or false", value)) }
    }

    fn written(&self) -> String {
        self.to_string()
    }
}

impl SettingType for String {
    fn read(value: &Value) -> Result<Self, String> {
        if let Value::Text(text) = value { Ok(text.clone()) } else { Err(not("a text in quotes", value)) }
    }

    fn written(&self) -> String {
        format!("{self:?}")
    }
}

impl SettingType for Vec<String> {
    fn read(value: &Value) -> Result<Self, String> {
        if let Value::Texts(texts) = value { Ok(texts.clone()) } else { Err(not("a list of texts", value)) }
    }

    fn written(&self) -> String {
        format!("{self:?}")
    }
}

impl SettingType for Duration {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Text(text) => duration(text),
            _ => Err(not("a duration in quotes, such as \"90s\", \"10m\" or \"2h\"", value)),
        }
    }

    fn written(&self) -> String {
        format!("{:?}", written(*self))
    }
}

/// A whole number of any size.
pub trait Integer: SettingType + Copy + PartialOrd + fmt::Display {}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl SettingType for $integer {
            fn read(value: &Value) -> Result<Self, String> {
                let Value::Integer(integer) = value else {
                    return Err(not("a whole number", value));
                };
                Self::try_from(*integer)
                    .map_err(|_| format!("must be from {} to {}, found {integer}", Self::MIN, Self::MAX))
            }

            fn written(&self) -> String {
                self.to_string()
            }
        }

        impl Integer for $integer {}
    )*};
}
integers!(u8, u16, u32, u64, i32, i64);
