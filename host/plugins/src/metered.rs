//! What a call cost.

/// The result of a call, and the fuel that it used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metered<T> {
    /// The result.
    pub value: T,
    /// The fuel used: instructions, roughly.
    pub fuel: u64,
}
