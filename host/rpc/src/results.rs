//! Results of methods, checked and turned into what `dogwatch-chain` calls facts.

pub(crate) mod constants;
pub(crate) mod facts;
mod shape;

pub(crate) use shape::Shape;
